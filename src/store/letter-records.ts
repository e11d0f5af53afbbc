/**
 * How dead letters are kept: `['letters']` sums them up, `['letter', 'head', id]` tells of one, `['letter', 'part', id, fromSeq]`
 * holds its bytes, `['refusal', S]` counts refusals of the segment that may become one.
 */
import { FogrunError } from '../contract/errors.ts';
import type { KvKey, KvReader, KvWriter } from '../contract/kv.ts';
import type { DeadLetters, LetterInfo } from '../contract/letters.ts';
import { decodeRecord, encodeRecord } from './text.ts';

export interface LetterRecord extends LetterInfo {
  /** SHA-256 of its body. */
  readonly bodyHash: string;
  /** What it counts against the quota. */
  readonly charged: number;
}

/** Sums over all letters. */
export interface LettersRecord {
  /** The id given last. */
  readonly last: number;
  readonly letters: number;
  readonly readings: number;
  readonly bytes: number;
  readonly charged: number;
}

export const freshLetters: LettersRecord = { last: 0, letters: 0, readings: 0, bytes: 0, charged: 0 };

/** Refusals of one segment; these two name it also after it was chained anew. */
export interface RefusalRecord {
  readonly fromSeq: number;
  readonly bodyHash: string;
  readonly count: number;
  readonly sinceMs: number;
}

export const letterKeys = {
  sums: ['letters'] as KvKey,
  head: (id: number): KvKey => ['letter', 'head', id],
  part: (id: number, fromSeq: number): KvKey => ['letter', 'part', id, fromSeq],
  refusal: (stream: string): KvKey => ['refusal', stream],
};

const partsOf = (id: number) => ({ from: letterKeys.part(id, 0), to: letterKeys.part(id + 1, 0) });

export function loadLetters(reader: KvReader): LettersRecord {
  const bytes = reader.get(letterKeys.sums);
  return bytes ? decodeRecord<LettersRecord>(bytes) : freshLetters;
}

export function readLetter(reader: KvReader, id: number): LetterRecord | undefined {
  const bytes = reader.get(letterKeys.head(id));
  return bytes && decodeRecord<LetterRecord>(bytes);
}

/** As `readLetter`; throws `letter-unknown` when there is none. */
export function needLetter(reader: KvReader, id: number): LetterRecord {
  const letter = Number.isSafeInteger(id) && id > 0 ? readLetter(reader, id) : undefined;
  if (letter) return letter;
  const ids = listLetters(reader).map((each) => each.id);
  const there =
    ids.length === 0 ? 'there are none' : `there ${ids.length === 1 ? 'is' : 'are'} ${spans(ids)}`;
  throw new FogrunError('letter-unknown', `there is no dead letter ${id}: ${there}`);
}

/** `1 to 3, 7`. */
function spans(ids: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < ids.length; ) {
    let end = at;
    while (ids[end + 1] === ids[end]! + 1) end++;
    parts.push(end === at ? `${ids[at]}` : `${ids[at]} to ${ids[end]}`);
    at = end + 1;
  }
  return parts.join(', ');
}

export function listLetters(reader: KvReader): readonly LetterRecord[] {
  const range = { from: letterKeys.head(0), to: letterKeys.head(Number.MAX_SAFE_INTEGER) };
  return Array.from(reader.range(range), ({ value }) => decodeRecord<LetterRecord>(value));
}

/** The values of its body, in order. */
export function letterParts(reader: KvReader, id: number): readonly Uint8Array[] {
  return Array.from(reader.range(partsOf(id)), ({ value }) => value);
}

export function putLetter(writer: KvWriter, letter: LetterRecord): void {
  writer.put(letterKeys.head(letter.id), encodeRecord(letter));
}

export function removeLetter(writer: KvWriter, id: number): void {
  const { from, to } = partsOf(id);
  writer.removeRange(from, to);
  writer.remove(letterKeys.head(id));
}

/** What people are told of a letter. */
export function infoOf({ bodyHash: _, charged: __, ...info }: LetterRecord): LetterInfo {
  return info;
}

/** The reading half. */
export function readLetters(reader: KvReader): Pick<DeadLetters, 'list' | 'body'> {
  return {
    list: () => listLetters(reader).map(infoOf),
    async body(id) {
      needLetter(reader, id);
      return Buffer.concat(letterParts(reader, id));
    },
  };
}

/** Sums after letters came (`sign` 1) or went (-1). */
export function sumsWith(sums: LettersRecord, letters: readonly LetterRecord[], sign: 1 | -1): LettersRecord {
  let { letters: count, readings, bytes, charged } = sums;
  for (const letter of letters) {
    count += sign;
    readings += sign * letter.count;
    bytes += sign * letter.bytes;
    charged += sign * letter.charged;
  }
  return { ...sums, letters: count, readings, bytes, charged };
}
