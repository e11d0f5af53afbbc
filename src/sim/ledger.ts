/**
 * What an edge's disk has accepted so far, kept outside of everything that is simulated: by it the cloud is judged.
 * A copy of the disk has a copy of the ledger.
 */
import { crc32 } from 'node:zlib';
import type { Batch } from '../contract/port.ts';

const newline = 10;
/** `{` at the beginning of each line, in whose place the store puts `{"seq":N,`. */
const brace = 1;

/** A checksum of each reading of one stream. */
class Sums {
  #sums: Uint32Array;
  /** Last `seq`. */
  last = 0;

  constructor(from?: Sums) {
    this.#sums = from ? from.#sums.slice() : new Uint32Array(1_024);
    if (from) this.last = from.last;
  }

  push(sum: number): void {
    if (this.last === this.#sums.length) {
      const larger = new Uint32Array(this.#sums.length * 2);
      larger.set(this.#sums);
      this.#sums = larger;
    }
    this.#sums[this.last++] = sum;
  }

  /** @param seq from 1 */
  at(seq: number): number | undefined {
    return seq >= 1 && seq <= this.last ? this.#sums[seq - 1] : undefined;
  }

  cutTo(last: number): void {
    this.last = Math.min(this.last, last);
  }
}

export class Ledger {
  readonly edge: string;
  readonly #streams = new Map<string, Sums>();
  /** Handed to the store, and not answered: they are on the disk or not. */
  readonly #underWay: Batch[] = [];
  /** When something was accepted last, ms of virtual time. */
  lastMs = 0;
  /** What a flipped bit may have cost, by stream: first and last `seq`. */
  readonly #damaged: { readonly stream: string; readonly from: number; readonly to: number }[] = [];
  /** Readings that were never measured, and told by gaps that the disk has; `unsure` more at most. */
  missed = { sure: 0, unsure: 0 };
  /** Epochs that the store on this disk had, oldest first. */
  readonly epochs: string[];

  constructor(edge: string, from?: Ledger) {
    this.edge = edge;
    this.epochs = from ? [...from.epochs] : [];
    if (!from) return;
    for (const [stream, sums] of from.#streams) this.#streams.set(stream, new Sums(sums));
    this.#underWay.push(...from.#underWay);
    this.#damaged.push(...from.#damaged);
    this.missed = { ...from.missed };
  }

  copy(): Ledger {
    return new Ledger(this.edge, this);
  }

  get streams(): readonly string[] {
    return [...this.#streams.keys()];
  }

  /** Last `seq` that was given to a reading. */
  last(stream: string): number {
    return this.#streams.get(stream)?.last ?? 0;
  }

  /** Of the line without its `seq`. */
  sum(stream: string, seq: number): number | undefined {
    return this.#streams.get(stream)?.at(seq);
  }

  /** A bit flips in a value that holds these. */
  damage(stream: string, from: number, to: number): void {
    this.#damaged.push({ stream, from, to: Math.min(to, this.last(stream) + this.#countUnderWay(stream)) });
  }

  mayBeDamaged(stream: string, seq: number): boolean {
    return this.#damaged.some((one) => one.stream === stream && one.from <= seq && seq <= one.to);
  }

  begin(batches: readonly Batch[]): void {
    this.#underWay.push(...batches);
  }

  /** The store has answered: they are on the disk, or `refused`. */
  end(batches: readonly Batch[], accepted: boolean): void {
    const from = batches[0] ? this.#underWay.indexOf(batches[0]) : -1;
    if (from >= 0) this.#underWay.splice(from, batches.length);
    if (accepted) for (const batch of batches) this.#take(batch);
  }

  /**
   * The store was opened: what was under way in an earlier life is on the disk as far as the store says so.
   * @param nextSeq of each stream, what the next reading gets
   * @returns streams that lost what had been accepted, with the last `seq` that is there
   */
  reopened(nextSeq: ReadonlyMap<string, number>): { stream: string; accepted: number; there: number }[] {
    const unanswered = this.#underWay.splice(0);
    const lost: { stream: string; accepted: number; there: number }[] = [];
    const streams = new Set([...nextSeq.keys(), ...this.streams, ...unanswered.map(({ stream }) => stream)]);
    for (const stream of streams) {
      const there = (nextSeq.get(stream) ?? 1) - 1;
      const accepted = this.last(stream);
      if (there < accepted) lost.push({ stream, accepted, there });
      for (const batch of unanswered) {
        if (batch.stream !== stream) continue;
        if (this.last(stream) < there) this.#take(batch);
        // A gap without readings leaves no trace in the numbers.
        else if (batch.count === 0) this.missed.unsure += batch.missed?.count ?? 0;
      }
      this.#streams.get(stream)?.cutTo(there);
    }
    return lost;
  }

  #countUnderWay(stream: string): number {
    return this.#underWay.reduce((sum, batch) => sum + (batch.stream === stream ? batch.count : 0), 0);
  }

  #take({ stream, lines, count, missed }: Batch): void {
    this.missed.sure += missed?.count ?? 0;
    if (count === 0) return;
    const sums = this.#streams.get(stream) ?? new Sums();
    this.#streams.set(stream, sums);
    for (const line of linesOf(lines)) sums.push(crc32(line.subarray(brace)));
  }
}

/** Lines of a body, without their ends. */
export function* linesOf(body: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf(newline, at);
    const to = end < 0 ? body.length : end;
    if (to > at) yield body.subarray(at, to);
    at = to + 1;
  }
}

const seqHead = Buffer.from('{"seq":');
const comma = 44;

/** The number that the store gave to a reading, and the checksum of the rest; `null` for what is no numbered line. */
export function readNumbered(line: Uint8Array): { seq: number; sum: number } | null {
  if (Buffer.compare(line.subarray(0, seqHead.length), seqHead) !== 0) return null;
  let seq = 0;
  for (let at = seqHead.length; at < line.length; at++) {
    const byte = line[at]!;
    if (byte === comma) return { seq, sum: crc32(line.subarray(at + 1)) };
    if (byte < 48 || byte > 57) return null;
    seq = seq * 10 + byte - 48;
  }
  return null;
}
