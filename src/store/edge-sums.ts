/**
 * A check of its own for each value that holds readings, `['sum', S, fromSeq]`: CRC-32, bytes and readings, kept in the commit
 * that accepts them. The hash of a segment tells that something in it is damaged; these tell what.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { KvKey, KvReader, KvWriter } from '../contract/kv.ts';
import { batchOverheadBytes, keys } from './edge-records.ts';
import { toHex } from './text.ts';

const sumKey = (stream: string, fromSeq: number): KvKey => ['sum', stream, fromSeq];
const newline = 0x0a;

/** Puts a value of readings and its check. */
export function putBatch(
  writer: KvWriter,
  name: string,
  fromSeq: number,
  count: number,
  body: Uint8Array,
): void {
  writer.put(keys.batch(name, fromSeq), body);
  const sum = Buffer.allocUnsafe(12);
  sum.writeUInt32BE(crc32(body), 0);
  sum.writeUInt32BE(body.length, 4);
  sum.writeUInt32BE(count, 8);
  writer.put(sumKey(name, fromSeq), sum);
}

/** Removes values of readings from `fromSeq`, inclusive, to `toSeq`, exclusive. */
export function removeBatches(writer: KvWriter, name: string, fromSeq: number, toSeq: number): void {
  writer.removeRange(keys.batch(name, fromSeq), keys.batch(name, toSeq));
  writer.removeRange(sumKey(name, fromSeq), sumKey(name, toSeq));
}

/** What is found where readings of some numbers should be. */
export interface Found {
  readonly fromSeq: number;
  readonly count: number;
  /** Absent when nothing is there. */
  readonly value?: Uint8Array;
  /** Whether it passes its check; `unknown` when it has none, as in what an older fogrun wrote. */
  readonly is: 'sound' | 'damaged' | 'unknown';
}

/** Looks at every value from `fromSeq`, inclusive, to `toSeq`, exclusive; what comes back covers exactly these numbers. */
export function examine(reader: KvReader, name: string, fromSeq: number, toSeq: number): readonly Found[] {
  const values = [...reader.range({ from: keys.batch(name, fromSeq), to: keys.batch(name, toSeq) })];
  const sums = new Map<number, Buffer>();
  for (const { key, value } of reader.range({ from: sumKey(name, fromSeq), to: sumKey(name, toSeq) })) {
    sums.set(Number(key[2]), Buffer.from(value));
  }
  const found: Found[] = [];
  let next = fromSeq;
  for (const [i, { key, value }] of values.entries()) {
    const seq = Number(key[2]);
    if (seq > next) found.push({ fromSeq: next, count: seq - next, is: 'damaged' });
    const end = Number(values[i + 1]?.key[2] ?? toSeq);
    const one = judge(seq, value, sums.get(seq), end);
    found.push(one);
    next = one.fromSeq + one.count;
  }
  if (next < toSeq) found.push({ fromSeq: next, count: toSeq - next, is: 'damaged' });
  return found;
}

function judge(fromSeq: number, value: Uint8Array, sum: Buffer | undefined, end: number): Found {
  const room = end - fromSeq;
  if (sum?.length !== 12) {
    const lines = countLines(value);
    // Whatever it says it holds, it cannot hold what the next value does.
    return lines > 0 && lines <= room
      ? { fromSeq, count: lines, value, is: 'unknown' }
      : { fromSeq, count: room, value, is: 'damaged' };
  }
  const count = sum.readUInt32BE(8);
  const fits = count > 0 && count <= room && sum.readUInt32BE(4) === value.length;
  if (fits && sum.readUInt32BE(0) === crc32(value)) return { fromSeq, count, value, is: 'sound' };
  return { fromSeq, count: fits ? count : room, value, is: 'damaged' };
}

function countLines(value: Uint8Array): number {
  let lines = 0;
  for (let at = value.indexOf(newline); at !== -1; at = value.indexOf(newline, at + 1)) lines++;
  return lines;
}

/** Sound values that follow one another. */
export interface KeptRun {
  readonly fromSeq: number;
  readonly count: number;
  readonly bytes: number;
  /** SHA-256 of all of them. */
  readonly hash: string;
  readonly charged: number;
}

/** What stays of a segment that is damaged. */
export function runsOf(found: readonly Found[]): readonly KeptRun[] {
  const runs: KeptRun[] = [];
  for (let at = 0; at < found.length; ) {
    const first = found[at]!;
    if (first.is !== 'sound') {
      at++;
      continue;
    }
    const hash = createHash('sha256');
    let run = { fromSeq: first.fromSeq, count: 0, bytes: 0, charged: 0 };
    for (; found[at]?.is === 'sound'; at++) {
      const { count, value } = found[at]!;
      hash.update(value!);
      const { length } = value!;
      run = {
        ...run,
        count: run.count + count,
        bytes: run.bytes + length,
        charged: run.charged + length + batchOverheadBytes,
      };
    }
    runs.push({ ...run, hash: toHex(hash.digest()) });
  }
  return runs;
}

/** Numbers between `fromSeq`, inclusive, and `toSeq`, exclusive, that no run covers. */
export function holesOf(
  runs: readonly Pick<KeptRun, 'fromSeq' | 'count'>[],
  fromSeq: number,
  toSeq: number,
): readonly { readonly fromSeq: number; readonly toSeq: number }[] {
  const holes: { fromSeq: number; toSeq: number }[] = [];
  let next = fromSeq;
  for (const run of runs) {
    if (run.fromSeq > next) holes.push({ fromSeq: next, toSeq: run.fromSeq });
    next = run.fromSeq + run.count;
  }
  if (next < toSeq) holes.push({ fromSeq: next, toSeq });
  return holes;
}
