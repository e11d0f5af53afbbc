/** Headers of sealed segments as their bytes say; a disk may have made something else of them. */

import { crc32 } from 'node:zlib';
import { FogrunError } from '../contract/errors.ts';
import type { HeadRecord } from './edge-records.ts';
import { decodeRecord } from './text.ts';

const numbers = [
  'fromSeq',
  'count',
  'bytes',
  'sealedAtMs',
  'totalReadings',
  'totalBytes',
  'totalCharged',
] as const;
const hashes = ['bodyHash', 'previousHash', 'hash'] as const;
const known: ReadonlySet<string> = new Set(['type', ...numbers, ...hashes, 'gap', 'discarded']);
const hashPattern = /^[0-9a-f]{64}$/i;

/** With a check behind it: what sums are told from must be told apart from what a disk made of it. */
export function encodeHead(head: HeadRecord): Uint8Array {
  const text = JSON.stringify(head);
  return Buffer.from(`${text.slice(0, -1)},"check":"${checkOf(text)}"}`, 'utf8');
}

/** Throws `store-corrupt` when it is no header; what an older fogrun wrote has no check. */
export function decodeHead(bytes: Uint8Array): HeadRecord {
  const { check, ...head } = decodeRecord<HeadRecord & { readonly check?: string }>(bytes) ?? {};
  if (isHead(head) && (check === undefined || check === checkOf(JSON.stringify(head))))
    return head as HeadRecord;
  throw new FogrunError('store-corrupt', 'the header of a segment is damaged');
}

const checkOf = (text: string) => crc32(text).toString(16).padStart(8, '0');

function isHead(head: Partial<HeadRecord> | null): boolean {
  if (typeof head !== 'object' || head === null) return false;
  const { type, gap, discarded } = head;
  return (
    (type === 'readings' || type === 'gap') &&
    numbers.every((name) => Number.isSafeInteger(head[name]) && head[name]! >= 0) &&
    hashes.every((name) => hashPattern.test(String(head[name]))) &&
    (gap === undefined || typeof gap === 'string') &&
    (discarded === undefined || Number.isSafeInteger(discarded?.charged)) &&
    Object.keys(head).every((name) => known.has(name))
  );
}
