/** The edge's store over any key-value store: what is accepted, what is sealed, and how far each cursor is. */
import { FogrunError, type Problem } from '../contract/errors.ts';
import type { Kv, KvWriter } from '../contract/kv.ts';
import type { DeadLetters } from '../contract/letters.ts';
import type { Batch } from '../contract/port.ts';
import type {
  Backlog,
  CloudMemory,
  Discarded,
  Dropped,
  EdgePolicies,
  EdgeStore,
  OpenSegment,
  SegmentInfo,
  SeqRange,
  StoreEvent,
  StoreStatus,
  StreamHead,
} from '../contract/store.ts';
import type { Gap } from '../domain/gap.ts';
import { namePattern, type SegmentHeader, sameHash } from '../domain/segment.ts';
import { BodyCache } from './body-cache.ts';
import { acknowledge } from './edge-acknowledge.ts';
import * as change from './edge-changes.ts';
import { Commits } from './edge-commits.ts';
import { discard, settle } from './edge-discard.ts';
import { Dropping, type Run } from './edge-dropping.ts';
import { fork } from './edge-fork.ts';
import { createLetters } from './edge-letters.ts';
import { assertEdge, type EdgeStoreOptions } from './edge-options.ts';
import { createPolicies } from './edge-policies.ts';
import * as read from './edge-reads.ts';
import {
  type EdgeMeta,
  type EdgeState,
  edgeFormat,
  edgeFormatMax,
  heldBytes,
  keys,
  loadEdgeState,
} from './edge-records.ts';
import { Sent } from './edge-sent.ts';
import { turnedAwayToGaps } from './edge-turned-away.ts';
import { Listeners } from './listeners.ts';
import { loadMeta } from './meta.ts';
import { mendOnOpening } from './open-hashes.ts';
import { Quota } from './quota.ts';
import { encodeRecord, fromHex, toHex } from './text.ts';

/** Enough for an uploader that keeps up, little enough for a small device. */
const cacheBytes = 16 * 2 ** 20;

class EdgeStoreOverKv implements EdgeStore {
  readonly edge: string;
  readonly letters: DeadLetters;
  readonly policies: EdgePolicies;
  readonly #kv: Kv;
  readonly #options: EdgeStoreOptions;
  readonly #changes: change.Changes;
  readonly #listeners = new Listeners();
  readonly #quota: Quota;
  readonly #dropping: Dropping;
  readonly #commits: Commits;

  constructor(kv: Kv, changes: change.Changes, options: EdgeStoreOptions) {
    this.#kv = kv;
    this.#options = options;
    this.#changes = changes;
    this.#commits = new Commits({
      ...{ kv, clock: options.clock, changes },
      committed: () => this.#quota.recheck(),
      failed: (cause) => this.#quota.fail(cause),
      damaged: (problem) => this.#listeners.tell({ type: 'damaged', problem }),
    });
    this.edge = changes.state.meta.edge;
    this.#quota = new Quota({
      clock: options.clock,
      bytesMax: options.bytesMax,
      freeBytes: options.freeBytes,
      headroomBytes: options.headroomBytes ?? 0,
      where: options.where ?? this.edge,
      held: () => heldBytes(changes.state),
      changed: (from, to, cause) =>
        this.#listeners.emit({ type: 'state', from, to, ...(cause === undefined ? {} : { cause }) }),
    });
    const run: Run = (work) => this.#run(work);
    this.letters = createLetters({
      kv,
      clock: options.clock,
      committed: () => this.#committed,
      run,
      withRoom: (bytes, work) => this.#quota.withRoom(bytes, work),
      sealed: (headers) => this.#emitSealed(headers),
    });
    const dropped = (what: Dropped, text: string) =>
      this.#listeners.emit({ type: 'dropped', dropped: what, text });
    this.#dropping = new Dropping({ options, quota: this.#quota, run, dropped });
    this.policies = createPolicies({
      options,
      changes,
      run,
      dropping: this.#dropping,
      spare: (bytes) => this.#quota.spare(bytes),
      lookForRoom: () => this.#quota.checkDisk(),
      backlog: (cursor) => this.backlog(cursor),
      sealed: (headers) => this.#emitSealed(headers),
    });
  }

  get epoch(): string {
    return this.#committed.meta.epoch;
  }

  status(): StoreStatus {
    return { ...this.#quota.status(), lost: this.#committed.lost, letters: this.letters.totals() };
  }

  /** Asks the disk once; for opening. */
  checkDisk(): Promise<void> {
    return this.#quota.checkDisk();
  }

  /** Ends in `failed`; the opener ends the key-value store with it. */
  fail(cause: Problem): void {
    this.#quota.fail(cause);
  }

  resize(bytesMax: number): void {
    this.#quota.resize(bytesMax);
  }

  subscribe(listener: (event: StoreEvent) => void): () => void {
    return this.#listeners.subscribe(listener);
  }

  async append(batches: readonly Batch[], sealBytes?: number): Promise<void> {
    if (batches.every((batch) => batch.count === 0 && !batch.missed && !batch.position)) return;
    const bytes = change.chargeOf(batches);
    if (this.#dropping.wanted(bytes)) await this.#dropping.makeRoom(bytes);
    const now = this.#options.clock.now();
    const sealed = await this.#quota.withRoom(bytes, (taken) =>
      this.#run((changes, writer) => {
        const gaps = turnedAwayToGaps(changes, writer, now);
        const headers = change.append(changes, writer, batches, now, sealBytes);
        taken();
        return [...gaps, ...headers];
      }),
    );
    this.#emitSealed(sealed);
  }

  room(bytes: number, signal: AbortSignal): Promise<void> {
    return this.#quota.room(bytes, signal);
  }

  openSegment(stream: string): OpenSegment {
    return read.openSegment(this.#committed, stream);
  }

  position(source: string): string | undefined {
    const value = this.#kv.get(keys.position(source));
    return value && Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  }

  streams(): readonly string[] {
    return [...this.#committed.streams.keys()];
  }

  async seal(stream: string): Promise<SegmentHeader | null> {
    const now = this.#options.clock.now();
    const header = await this.#run((changes, writer) => change.seal(changes, writer, stream, now));
    if (header) this.#emitSealed([header]);
    return header;
  }

  async addGap(stream: string, gap: Omit<Gap, 'fromSeq' | 'toSeq'>): Promise<SegmentHeader> {
    const now = this.#options.clock.now();
    const headers = await this.#run((changes, writer) => change.addGap(changes, writer, stream, gap, now));
    this.#emitSealed(headers);
    return headers.at(-1)!;
  }

  head(cursor: string, stream: string): StreamHead {
    change.assertCursor(this.#options.cursors, cursor);
    const record = change.stream(this.#committed, stream);
    const acked = change.acked(this.#committed, cursor, stream);
    return {
      stream,
      sealed: record.sealed,
      sealedHash: fromHex(record.sealedHash),
      acknowledged: acked.sequence,
      acknowledgedHash: fromHex(acked.hash),
    };
  }

  backlog(cursor: string, without?: string): Backlog {
    change.assertCursor(this.#options.cursors, cursor);
    return read.backlog(this.#kv, this.#committed, cursor, without);
  }

  held(stream: string, from?: number, countMax?: number): readonly SegmentInfo[] {
    return read.held(this.#kv, this.#committed, stream, from, countMax);
  }

  header(stream: string, sequence: number): SegmentHeader | undefined {
    return read.header(this.#kv, this.#committed, stream, sequence);
  }

  async body(header: SegmentHeader): Promise<Uint8Array> {
    const held = this.#changes.bodies.take(header.stream, header.sequence);
    return held && sameHash(held.hash, header.bodyHash) ? held.body : read.body(this.#kv, header);
  }

  discard(stream: string, from: number, to: number, reason: string, seqs?: SeqRange): Promise<Discarded> {
    return this.#run((changes, writer) => discard(changes, writer, stream, from, to, reason, seqs));
  }

  acknowledge(cursor: string, stream: string, sequence: number, hash: Uint8Array): Promise<SegmentHeader[]> {
    return this.#run((changes, writer) => acknowledge(changes, writer, cursor, stream, sequence, hash));
  }

  cloud(cursor: string): CloudMemory {
    change.assertCursor(this.#options.cursors, cursor);
    return this.#committed.clouds.get(cursor) ?? { cloudEpoch: null, token: 0 };
  }

  async rememberCloud(
    cursor: string,
    memory: CloudMemory,
    stored?: ReadonlyMap<string, number>,
  ): Promise<void> {
    const { cloudEpoch, token, cloudTimeMs } = memory;
    const known = { cloudEpoch, token, ...(cloudTimeMs === undefined ? {} : { cloudTimeMs }) };
    const { wanted } = this.#quota;
    if (stored && this.#dropping.wanted(wanted)) {
      // What was in doubt may go now, before anything is numbered anew.
      await this.#run(({ sent }, writer) => sent.begin(writer, cursor, stored));
      await this.#dropping.makeRoom(wanted);
    }
    await this.#run((changes, writer) => {
      const { state, cursors } = changes;
      change.assertCursor(cursors, cursor);
      if (stored) settle(changes, writer, stored);
      writer.put(keys.cloud(cursor), encodeRecord(known));
      state.clouds.set(cursor, known);
      if (stored) changes.sent.begin(writer, cursor, stored);
    });
  }

  async fork(cursor: string, reason: string): Promise<void> {
    const epoch = toHex(this.#options.random.bytes(16));
    const now = this.#options.clock.now();
    const fromEpoch = await this.#run((changes, writer) => {
      const from = changes.state.meta.epoch;
      fork(changes, writer, cursor, reason, epoch, now);
      return from;
    });
    this.#listeners.emit({ type: 'forked', fromEpoch, toEpoch: epoch });
  }

  async close(): Promise<void> {
    this.#quota.close();
    await this.#kv.close();
  }

  get #committed(): EdgeState {
    return this.#commits.state;
  }

  #run<T>(work: (changes: change.Changes, writer: KvWriter) => T): Promise<T> {
    return this.#commits.run(work);
  }

  #emitSealed(headers: readonly SegmentHeader[]): void {
    for (const header of headers) this.#listeners.emit({ type: 'sealed', header });
  }
}

/** The edge store with what only its opener needs. */
export type OpenedEdgeStore = EdgeStore & {
  /** What was found damaged, and dealt with, when it was opened. */
  readonly damage: Problem | undefined;
  checkDisk(): Promise<void>;
  fail(cause: Problem): void;
};

/**
 * Makes or continues an edge store in `kv`. Rejects with `store-version`, `store-corrupt`, or `pipeline-invalid`
 * when the store belongs to another edge or to a cloud.
 */
export async function createEdgeStore(kv: Kv, options: EdgeStoreOptions): Promise<OpenedEdgeStore> {
  if (options.edge !== '' && !namePattern.test(options.edge)) {
    throw new FogrunError(
      'pipeline-invalid',
      'the name of an edge must be letters, digits, `.`, `_` or `-`, up to 64',
    );
  }
  const fresh: EdgeMeta = {
    format: edgeFormat,
    role: 'edge',
    edge: options.edge || options.edgeBefore || `edge-${toHex(options.random.bytes(4))}`,
    epoch: toHex(options.random.bytes(16)),
  };
  const meta = await loadMeta(kv, fresh, edgeFormatMax);
  assertEdge(options, meta.edge);
  const state = loadEdgeState(kv, meta, options.cursors);
  const bodies = new BodyCache(options.cacheBytes ?? cacheBytes);
  const { cursors } = options;
  const sent = new Sent(kv, state, cursors);
  const { hashes, damage } = await mendOnOpening(kv, { state, bodies, sent }, options.clock.now());
  const store = new EdgeStoreOverKv(kv, { state, hashes, bodies, cursors, sent }, options);
  return Object.assign(store, { damage });
}
