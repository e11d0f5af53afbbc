/** The two stores: the edge's buffer and the cloud's receipts. Asynchronous only once open. */
import type { Gap, LostCounts } from '../domain/gap.ts';
import type { SegmentHeader, SegmentRef } from '../domain/segment.ts';
import type { Problem } from './errors.ts';
import type { DeadLetters, LetterTotals } from './letters.ts';
import type { Dropped, EdgePolicies } from './policies.ts';
import type { Batch } from './port.ts';

export type { Dropped, EdgePolicies, Retention, WhenFull } from './policies.ts';

export type StoreState = 'open' | 'full' | 'failed';

/** Something in a store changed; `cause` tells why it is not open. */
export type StoreEvent =
  | { readonly type: 'state'; readonly from: StoreState; readonly to: StoreState; readonly cause?: Problem }
  | { readonly type: 'sealed'; readonly header: SegmentHeader }
  /** Something in it was found damaged, and what can be done about it was done. */
  | { readonly type: 'damaged'; readonly problem: Problem }
  | { readonly type: 'dropped'; readonly dropped: Dropped; readonly text: string }
  | { readonly type: 'forked'; readonly fromEpoch: string; readonly toEpoch: string };

export interface StoreStatus {
  readonly state: StoreState;
  /** Bytes held that count against the quota. */
  readonly bytes: number;
  readonly bytesMax: number;
  /** Of an edge's store: what it keeps for people. */
  readonly letters?: LetterTotals;
  /** Readings that became gaps since the store's life began; in a cloud's, by the gaps that came. */
  readonly lost: LostCounts;
  readonly cause?: Problem;
}

interface AnyStore {
  status(): StoreStatus;
  /** Calls `listener` on every event until the returned function is called. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  /** Another quota from now on; what is held stays. */
  resize(bytesMax: number): void;
  close(): Promise<void>;
}

/** The segment that still takes readings. */
export interface OpenSegment {
  /** The one it will have once sealed. */
  readonly sequence: number;
  readonly fromSeq: number;
  readonly count: number;
  readonly bytes: number;
  /** Wall clock of its first reading's commit, ms since 1970; `null` while it is empty. */
  readonly sinceMs: number | null;
}

/** What waits for a cursor. */
export interface Backlog {
  /** Sealed segments not yet acknowledged. */
  readonly segments: number;
  readonly readings: number;
  readonly bytes: number;
  /** Sealed time of the oldest, ms since 1970; `null` when there is none. */
  readonly oldestMs: number | null;
}

/** What a cursor knows of its cloud. */
export interface CloudMemory {
  /** Epoch of the cloud that acknowledged or greeted first; `null` before. */
  readonly cloudEpoch: string | null;
  /** The fencing token committed last; 0 before the first. */
  readonly token: number;
  /** The cloud's wall clock at the last greeting, ms since 1970. */
  readonly cloudTimeMs?: number;
}

/** Where a stream stands for a cursor. */
export interface StreamHead {
  readonly stream: string;
  /** Last sequence sealed, 0 for none, and its hash. */
  readonly sealed: number;
  readonly sealedHash: Uint8Array;
  /** Last sequence acknowledged to this cursor, 0 for none, and its hash. */
  readonly acknowledged: number;
  readonly acknowledgedHash: Uint8Array;
}

/** A segment that an edge's store holds. */
export interface SegmentInfo {
  readonly stream: string;
  readonly sequence: number;
  readonly type: 'readings' | 'gap';
  readonly fromSeq: number;
  readonly count: number;
  readonly bytes: number;
  /** Of an open one, when its first reading was accepted. */
  readonly sealedAtMs: number;
  /** It still takes readings, and nothing of it can be read or given up yet. */
  readonly open?: true;
  /** Its contents were discarded; it becomes a gap when the cloud is met next, unless the cloud turns out to have it. */
  readonly discarded: boolean;
}

/** What was given up: segments, the readings in them, bytes of their bodies. */
export interface Discarded {
  readonly segments: number;
  readonly readings: number;
  readonly bytes: number;
}

/** Numbers of readings, both included; none when `to` is below `from`. Unlike sequences they outlast a fork. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

export interface EdgeStore extends AnyStore {
  readonly edge: string;
  /** Changes when the store forks. */
  readonly epoch: string;
  readonly letters: DeadLetters;
  /**
   * Appends in one commit, numbers the readings, and resolves when they are on disk: accepted. A batch that tells of
   * readings missed before it first seals what is open and puts a gap segment there, in the same commit; so is its position.
   * Rejects with `store-full` (nothing taken) or `store-failed`.
   * @param sealBytes size at which an open segment is sealed in the same commit
   */
  append(batches: readonly Batch[], sealBytes?: number): Promise<void>;
  readonly policies: EdgePolicies;
  /** Resolves when an append of `bytes` has room again, or when `signal` aborts. */
  room(bytes: number, signal: AbortSignal): Promise<void>;
  openSegment(stream: string): OpenSegment;
  /** What the last batch on disk that told its source's position said; `undefined` before the first. */
  position(source: string): string | undefined;
  /** Streams that ever held something. */
  streams(): readonly string[];
  /** Seals what the stream has accepted so far; `null` when that is nothing. */
  seal(stream: string): Promise<SegmentHeader | null>;
  /** Seals the open segment, then puts a gap after it as a segment of its own. Always has room (headroom). */
  addGap(stream: string, gap: Omit<Gap, 'fromSeq' | 'toSeq'>): Promise<SegmentHeader>;
  head(cursor: string, stream: string): StreamHead;
  /** @param without a stream that is not counted */
  backlog(cursor: string, without?: string): Backlog;
  /** Header of a segment still held. */
  header(stream: string, sequence: number): SegmentHeader | undefined;
  /**
   * Sealed segments of a stream that the store still holds, oldest first.
   * @param from first sequence of interest
   * @param countMax most of them; a long list is better read in parts
   */
  held(stream: string, from?: number, countMax?: number): readonly SegmentInfo[];
  /**
   * Body of a segment still held. Rejects with `segment-discarded` when it was given up meanwhile, with `segment-corrupt`
   * when it does not match its hash.
   */
  body(header: SegmentHeader): Promise<Uint8Array>;
  /**
   * Gives up the readings of sealed segments that were not acknowledged, and frees their bytes at once, in one transaction.
   * Headers stay until a greeting settles them: see `rememberCloud`. Gaps, and what was discarded before, stay as they are;
   * so does what was acknowledged meanwhile. Rejects with `control-unknown` when nothing of the range is held, or not all
   * of it is sealed, with `control-refused` when more than one cursor reads the store, or readings outside of `seqs` would go.
   * @param reason for people, in the gap
   * @param seqs readings that are meant; sequences may have come to name others, by a fork
   * @returns what was given up by this call
   */
  discard(stream: string, from: number, to: number, reason: string, seqs?: SeqRange): Promise<Discarded>;
  /**
   * Takes an acknowledgement of every segment up to `sequence`: moves the cursor and deletes what every cursor has
   * passed, in one transaction. An acknowledgement of something already acknowledged changes nothing.
   * Rejects with `edge-forked` when `hash` is not that of the segment; then nothing changes.
   * @returns headers of the segments newly acknowledged, oldest first
   */
  acknowledge(cursor: string, stream: string, sequence: number, hash: Uint8Array): Promise<SegmentHeader[]>;
  cloud(cursor: string): CloudMemory;
  /**
   * Commits what a greeting taught, before anything is sent. Deletes nothing. With `stored`, the last sequence that the cloud
   * has of each stream, discarded segments beyond it become gaps in the same commit, and what follows them is chained anew;
   * a link begins.
   */
  rememberCloud(cursor: string, memory: CloudMemory, stored?: ReadonlyMap<string, number>): Promise<void>;
  /**
   * Begins a new epoch: sequences restart at 1 with a gap that covers every `seq` acknowledged before, what was
   * not acknowledged follows under new sequences (as gaps where it was discarded), `seq` goes on, and the cursor forgets its
   * cloud.
   */
  fork(cursor: string, reason: string): Promise<void>;
}

/** Proof that a segment is on the cloud's disk, and where its file is. */
export interface Receipt {
  readonly header: SegmentHeader;
  /** Wall clock of the cloud at the commit, ms since 1970. */
  readonly storedAtMs: number;
  /**
   * Path in the store's directory, made by the cloud: `data/<edge>/<epoch>/<unix-second>[-n].ndjson` or `gaps/….json`,
   * with `<stream>/` after the epoch for other streams than `readings`;
   * `damaged/<edge>/<epoch>/<stream>-<sequence>` for bytes that were damaged before they became a file.
   */
  readonly file: string;
}

/** How far a stream has come in the cloud. */
export interface Mark {
  readonly sequence: number;
  readonly hash: Uint8Array;
  /** Last `seq` covered. */
  readonly seq: number;
}

/** The cloud's verdict on a greeting. */
export type Admission =
  | { readonly admitted: true; readonly token: number; readonly marks: ReadonlyMap<string, Mark> }
  | { readonly admitted: false; readonly reason: string };

/** A segment's mean of one sensor, kept for the tendency. */
export interface Mean {
  /** Middle of the segment's readings, ms since 1970 on the edge's clock. */
  readonly timeMs: number;
  readonly mean: number;
  readonly readings: number;
  /** A mark of the device and unit it is of; missing in what was kept before there were any. */
  readonly origin?: string;
}

/** A mean and the sensor it is of. */
export interface SensorMean {
  readonly sensor: string;
  readonly value: Mean;
}

export interface CloudStore extends AnyStore {
  readonly epoch: string;
  /**
   * Judges a greeting and, if the history continues, issues a new fencing token (durable before it resolves).
   * @param token the one the edge has committed; 0 for none
   * @param heads where the edge stands
   */
  admit(edge: string, epoch: string, token: number, heads: readonly StreamHead[]): Promise<Admission>;
  /**
   * Stores bytes and receipt in one transaction; resolves when they are on disk. A segment known already resolves
   * with its receipt and stores nothing. Rejects with `segment-refused` (hash, order, contents: the message says),
   * `edge-forked` (same identity, other hash), `link-superseded` (token no longer the newest), `store-full`, `store-failed`.
   */
  put(token: number, header: SegmentHeader, body: Uint8Array): Promise<{ receipt: Receipt; known: boolean }>;
  mark(edge: string, epoch: string, stream: string): Mark | undefined;
  /** Those who work on every segment that is stored from now on. */
  setConsumers(consumers: readonly string[]): void;
  /**
   * Receipts of an edge in stream order: epochs by first receipt, then sequence.
   * @param damaged hears of those that cannot be read, which are left out
   */
  receipts(edge: string, stream: string, damaged?: (ref: SegmentRef) => void): Iterable<Receipt>;
  edges(): readonly string[];
  /** Epochs of an edge that something is stored of, by first receipt. */
  epochs(edge: string): readonly string[];
  /** Receipts of one epoch before that sequence, newest first. */
  receiptsBefore(ref: SegmentRef, damaged?: (ref: SegmentRef) => void): Iterable<Receipt>;
  /** Readings of an edge that will never come, by the gaps that stand for them. */
  lost(edge: string): LostCounts;
  /** A stored segment's body, from the store or its file. Rejects with `store-corrupt` when it is neither. */
  body(receipt: Receipt): Promise<Uint8Array>;
  /** Stored segments that `consumer` has not finished, oldest first per stream. */
  unfinished(consumer: string): Iterable<Receipt>;
  /** Finishes a segment for `consumer` and keeps its means, at most one a sensor, in one transaction. */
  finish(consumer: string, ref: SegmentRef, means: readonly SensorMean[]): Promise<void>;
  /** Sensors of an edge that means are kept of, by name; at most `countMax`. */
  sensors(edge: string, countMax: number): readonly string[];
  /** Means of a sensor of an edge, across epochs, by time, from `sinceMs` on. */
  means(edge: string, sensor: string, sinceMs: number): readonly Mean[];
  /** The same one by one, read a few at a time: for who has others wait for him. */
  eachMean(edge: string, sensor: string, sinceMs: number): Iterable<Mean>;
  /** Resolves when every stored segment has become a file. */
  filed(): Promise<void>;
}

/** A stored segment as a consumer sees it. */
export interface UnfinishedSegment {
  readonly header: Omit<SegmentHeader, 'hash' | 'previousHash' | 'bodyHash'>;
}

/** As much of a cloud's store as a consumer of received segments needs. It may be in another process. */
export interface ConsumerStore {
  unfinished(consumer: string): Iterable<UnfinishedSegment> | AsyncIterable<UnfinishedSegment>;
  body(segment: UnfinishedSegment): Promise<Uint8Array>;
  finish: CloudStore['finish'];
  means(edge: string, sensor: string, sinceMs: number): readonly Mean[] | Promise<readonly Mean[]>;
}
