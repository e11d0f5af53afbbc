/** How dead letters come, and what becomes of them when the fate of their segments is known. */
import type { KvWriter } from '../contract/kv.ts';
import { batchOverheadBytes, type EdgeState, type HeadRecord, headOverheadBytes } from './edge-records.ts';
import {
  type LetterRecord,
  letterKeys,
  putLetter,
  readLetter,
  removeLetter,
  sumsWith,
} from './letter-records.ts';
import { encodeRecord } from './text.ts';

/** A gap stands in its place now: it is in the cloud under no other number. */
export function letterSettled(writer: KvWriter, id: number): void {
  const letter = readLetter(writer, id);
  if (letter) putLetter(writer, { ...letter, settled: true });
}

/** The cloud turned out to have these segments: whatever letters hold of them is not missing. */
export function lettersArrived(state: EdgeState, writer: KvWriter, heads: readonly HeadRecord[]): void {
  const arrived = heads.flatMap(({ discarded }) => {
    const letter = discarded?.letter === undefined ? undefined : readLetter(writer, discarded.letter);
    return letter ? [letter] : [];
  });
  takeAway(state, writer, arrived);
}

export function takeAway(state: EdgeState, writer: KvWriter, letters: readonly LetterRecord[]): void {
  if (letters.length === 0) return;
  for (const { id } of letters) removeLetter(writer, id);
  keepSums(state, writer, sumsWith(state.letters, letters, -1));
}

/**
 * Puts a letter with its values.
 * @param values of its body, by the first `seq` that they hold
 */
export function addLetter(
  state: EdgeState,
  writer: KvWriter,
  letter: Omit<LetterRecord, 'id' | 'charged' | 'settled' | 'bytes'>,
  values: readonly { readonly fromSeq: number; readonly value: Uint8Array }[],
): LetterRecord {
  const id = state.letters.last + 1;
  const bytes = sizeOf(values);
  const charged = headOverheadBytes + bytes + values.length * batchOverheadBytes;
  const whole: LetterRecord = { id, ...letter, bytes, charged, settled: false };
  for (const { fromSeq, value } of values) writer.put(letterKeys.part(id, fromSeq), value);
  putLetter(writer, whole);
  keepSums(state, writer, { ...sumsWith(state.letters, [whole], 1), last: id });
  return whole;
}

export function sizeOf(values: readonly { readonly value: Uint8Array }[]): number {
  return values.reduce((sum, { value }) => sum + value.length, 0);
}

function keepSums(state: EdgeState, writer: KvWriter, sums: EdgeState['letters']): void {
  state.letters = sums;
  writer.put(letterKeys.sums, encodeRecord(sums));
}

/** Uses an id up. */
export function skipId(state: EdgeState, writer: KvWriter): void {
  keepSums(state, writer, { ...state.letters, last: state.letters.last + 1 });
}
