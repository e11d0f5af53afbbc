/**
 * How far each cursor has handed segments to a link. What was never handed to any link is in no cloud, so a policy may drop
 * it for good. While a link is up only memory knows: a process that ends with it leaves everything sealed by then in doubt.
 */
import type { KvReader, KvWriter } from '../contract/kv.ts';
import { type EdgeState, keys } from './edge-records.ts';
import { decodeRecord, encodeRecord } from './text.ts';

interface SentRecord {
  /** Last sequence handed to a link, by stream; `null` while one is up. */
  readonly streams: Readonly<Record<string, number>> | null;
  /** Last `seq` handed to one in earlier epochs. */
  readonly before: Readonly<Record<string, number>>;
}

export class Sent {
  readonly #before = new Map<string, SentRecord['before']>();
  /** Last sequence handed to a link, by cursor and stream. */
  readonly #marks = new Map<string, Map<string, number>>();

  /** What is not known to be unsent counts as sent. */
  constructor(kv: KvReader, state: EdgeState, cursors: readonly string[]) {
    for (const cursor of cursors) {
      const bytes = kv.get(keys.sent(cursor));
      const none: SentRecord = { streams: null, before: {} };
      const { streams, before } = bytes ? decodeRecord<SentRecord>(bytes) : none;
      this.#before.set(cursor, before);
      const sealed = Array.from(state.streams, ([name, record]) => [name, record.sealed] as const);
      this.#marks.set(cursor, new Map(streams ? Object.entries(streams) : sealed));
    }
  }

  /** Last sequence of the stream that any cursor may have sent. */
  last(stream: string): number {
    let last = 0;
    for (const marks of this.#marks.values()) last = Math.max(last, marks.get(stream) ?? 0);
    return last;
  }

  /** To be called before a segment is handed to a link. */
  sending(cursor: string, stream: string, sequence: number): void {
    const marks = this.#of(cursor);
    if (sequence > (marks.get(stream) ?? 0)) marks.set(stream, sequence);
  }

  /** A link begins: nothing that was sent before it is stored any more, beyond what the cloud has now. */
  begin(writer: KvWriter, cursor: string, stored: ReadonlyMap<string, number>): void {
    this.#marks.set(cursor, new Map(stored));
    this.#keep(writer, cursor, null);
  }

  /** The link has ended: from now on nothing more is sent. */
  end(writer: KvWriter, cursor: string): void {
    this.#keep(writer, cursor, Object.fromEntries(this.#of(cursor)));
  }

  /** A new epoch: what went in earlier ones, up to these readings, may be in a cloud as before. */
  forked(writer: KvWriter, cursor: string, seqs: ReadonlyMap<string, number>): void {
    this.#marks.set(cursor, new Map());
    this.#before.set(cursor, Object.fromEntries(seqs));
    this.#keep(writer, cursor, {});
  }

  /** Last `seq` of the stream that any cursor sent in an earlier epoch. */
  lastBefore(stream: string): number {
    let last = 0;
    for (const before of this.#before.values()) last = Math.max(last, before[stream] ?? 0);
    return last;
  }

  /** As `last`, of one cursor. */
  by(cursor: string, stream: string): number {
    return this.#of(cursor).get(stream) ?? 0;
  }

  #of(cursor: string): Map<string, number> {
    const marks = this.#marks.get(cursor) ?? new Map<string, number>();
    this.#marks.set(cursor, marks);
    return marks;
  }

  #keep(writer: KvWriter, cursor: string, streams: SentRecord['streams']): void {
    writer.put(
      keys.sent(cursor),
      encodeRecord({ streams, before: this.#before.get(cursor) ?? {} } satisfies SentRecord),
    );
  }
}
