/** The cloud's store over any key-value store: receipts, marks, fencing tokens, and bodies on their way to files. */
import { sleep } from '../contract/clock.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Files } from '../contract/files.ts';
import type { Kv, KvWriter } from '../contract/kv.ts';
import { streamsMax } from '../contract/link.ts';
import type {
  Admission,
  CloudStore,
  Mark,
  Mean,
  Receipt,
  SensorMean,
  StoreEvent,
  StoreStatus,
  StreamHead,
} from '../contract/store.ts';
import { noHash, type SegmentHeader, type SegmentRef, sameHash } from '../domain/segment.ts';
import { greetingFlaw, objection } from './admission.ts';
import { CloudLost } from './cloud-lost.ts';
import type { CloudStoreOptions } from './cloud-options.ts';
import { CloudStoreReader, pages } from './cloud-reader.ts';
import {
  type CloudMeta,
  cloudFormat,
  countStreams,
  decodeMark,
  encodeMark,
  encodeMean,
  encodeReceipt,
  freshLife,
  keys,
  type Life,
  nextFile,
  nextOrder,
  readLife,
  readReceipt,
  refOf,
  refOnly,
  tryReceipt,
} from './cloud-records.ts';
import { Filer } from './filer.ts';
import { Listeners } from './listeners.ts';
import { MeansCache, meansKeptMs } from './means-cache.ts';
import { loadMeta } from './meta.ts';
import { Quota } from './quota.ts';
import { checkSegment, nameOf } from './segment-check.ts';
import { decodeRecord, encodeRecord, toHex } from './text.ts';

const closeDeadlineMs = 5_000;
const done = Buffer.of(1);

class CloudStoreOverKv extends CloudStoreReader implements CloudStore {
  readonly epoch: string;
  readonly #kv: Kv;
  readonly #options: CloudStoreOptions;
  readonly #listeners = new Listeners();
  readonly #quota: Quota;
  readonly #filer: Filer;
  readonly #means = new MeansCache();
  #consumers: readonly string[];
  readonly #lost: CloudLost;
  /** Bytes committed that are not files yet. */
  #pendingBytes = 0;
  #filingProblem: Problem | null = null;

  constructor(kv: Kv, files: Files, epoch: string, options: CloudStoreOptions) {
    super(kv, files);
    this.epoch = epoch;
    this.#kv = kv;
    this.#options = options;
    this.#consumers = options.consumers;
    this.#lost = new CloudLost(kv);
    this.#quota = new Quota({
      clock: options.clock,
      bytesMax: options.bytesMax,
      freeBytes: () => files.freeBytes(),
      headroomBytes: options.headroomBytes ?? 0,
      where: options.where ?? 'the cloud',
      held: () => this.#pendingBytes,
      changed: (from, to, cause) =>
        this.#listeners.emit({ type: 'state', from, to, ...(cause === undefined ? {} : { cause }) }),
    });
    this.#filer = new Filer({
      kv,
      files,
      clock: options.clock,
      random: options.random,
      released: (bytes) => {
        this.#pendingBytes -= bytes;
        this.#quota.recheck();
      },
      damaged: (problem) => this.#listeners.tell({ type: 'damaged', problem }),
      trouble: (problem) => {
        this.#filingProblem = problem;
        if (problem?.code === 'store-failed') this.#quota.fail(problem);
      },
    });
  }

  /** Takes up what an earlier process left unfiled. */
  async resume(): Promise<void> {
    for (const { key, value } of pages(this.#kv, ['body'], ['body~'])) {
      this.#pendingBytes += value.length;
      this.#filer.add(refOf(key, 1), value.length);
    }
    await this.#quota.checkDisk();
  }

  status(): StoreStatus {
    const status = { ...this.#quota.status(), lost: this.#lost.total };
    return status.cause || !this.#filingProblem ? status : { ...status, cause: this.#filingProblem };
  }

  /** Ends in `failed`; the opener ends the key-value store with it. */
  fail(cause: Problem): void {
    this.#quota.fail(cause);
  }

  subscribe(listener: (event: StoreEvent) => void): () => void {
    return this.#listeners.subscribe(listener);
  }

  setConsumers(consumers: readonly string[]): void {
    this.#consumers = consumers;
  }

  resize(bytesMax: number): void {
    this.#quota.resize(bytesMax);
  }

  async admit(edge: string, epoch: string, token: number, heads: readonly StreamHead[]): Promise<Admission> {
    const flaw = greetingFlaw(edge, epoch, token, heads);
    if (flaw) return { admitted: false, reason: flaw };
    return this.#run((writer): Admission => {
      const life = readLife(writer, edge, epoch);
      const marks = new Map<string, Mark>();
      for (const { key, value } of writer.range({
        from: ['mark', edge, epoch],
        to: ['mark', edge, `${epoch} `],
      })) {
        marks.set(String(key[3]), decodeMark(value));
      }
      const reason = objection(writer, { edge, epoch, token, heads }, life, marks);
      if (reason) return { admitted: false, reason };
      const issued = Math.max(life?.issued ?? 0, token) + 1;
      writer.put(keys.life(edge, epoch), encodeRecord({ ...(life ?? freshLife), issued }));
      return { admitted: true, token: issued, marks };
    });
  }

  async put(
    token: number,
    header: SegmentHeader,
    body: Uint8Array,
  ): Promise<{ receipt: Receipt; known: boolean }> {
    checkSegment(header, body);
    const mark = this.#kv.get(keys.mark(header.edge, header.epoch, header.stream));
    const reserved = mark && header.sequence <= decodeMark(mark).sequence ? 0 : body.length;
    if (reserved > 0) this.#quota.reserve(reserved);
    const now = this.#options.clock.now();
    try {
      const result = await this.#run((writer) => this.#store(writer, token, header, body, now));
      if (!result.known) {
        this.#pendingBytes += body.length;
        this.#filer.add(refOnly(header), body.length, body);
      }
      return result;
    } finally {
      if (reserved > 0) this.#quota.settle(reserved);
      this.#quota.recheck();
    }
  }

  *unfinished(consumer: string): Iterable<Receipt> {
    this.#assertConsumer(consumer);
    const lives: { edge: string; epoch: string; order: number }[] = [];
    for (const { key, value } of pages(this.#kv, ['life'], ['life~'])) {
      lives.push({ edge: String(key[1]), epoch: String(key[2]), order: decodeRecord<Life>(value).order });
    }
    lives.sort((a, b) => (a.edge < b.edge ? -1 : a.edge > b.edge ? 1 : a.order - b.order));
    for (const { edge, epoch } of lives) {
      const prefix = ['todo', consumer, edge];
      for (const { key } of pages(this.#kv, [...prefix, epoch], [...prefix, `${epoch} `])) {
        const ref = refOf(key, 2);
        const bytes = this.#kv.get(keys.receipt(ref));
        const receipt = bytes && tryReceipt(ref, bytes);
        if (receipt) yield receipt;
      }
    }
  }

  async finish(consumer: string, ref: SegmentRef, means: readonly SensorMean[]): Promise<void> {
    this.#assertConsumer(consumer);
    const now = this.#options.clock.now();
    const kept = await this.#run((writer) => {
      if (!writer.get(keys.todo(consumer, ref))) return [];
      writer.remove(keys.todo(consumer, ref));
      return means.flatMap(({ sensor, value }) => {
        if (!Number.isFinite(value.mean) || !Number.isFinite(value.timeMs)) return [];
        const timeMs = Math.max(0, Math.floor(value.timeMs));
        writer.put(keys.mean(sensor, timeMs, ref), encodeMean(value));
        // The smaller of both clocks, so that one edge's jump into the future does not empty its past.
        const oldest = Math.min(now, timeMs) - meansKeptMs;
        if (oldest > 0) writer.removeRange(['mean', ref.edge, sensor, 0], ['mean', ref.edge, sensor, oldest]);
        return [{ sensor, value: { ...value, timeMs } }];
      });
    });
    for (const { sensor, value } of kept) this.#means.add(ref.edge, sensor, value);
  }

  override means(edge: string, sensor: string, sinceMs: number): readonly Mean[] {
    return this.#means.read(edge, sensor, sinceMs, () => super.means(edge, sensor, sinceMs));
  }

  filed(): Promise<void> {
    return this.#filer.filed();
  }

  async close(): Promise<void> {
    this.#quota.close();
    const cancel = new AbortController();
    await Promise.race([this.#filer.stop(), sleep(this.#options.clock, closeDeadlineMs, cancel.signal)]);
    cancel.abort();
    await this.#kv.close();
  }

  /** Judges a checked segment against what came before, and stores it. */
  #store(
    writer: KvWriter,
    token: number,
    header: SegmentHeader,
    body: Uint8Array,
    now: number,
  ): { receipt: Receipt; known: boolean } {
    const { edge, epoch, stream, sequence } = header;
    const life = readLife(writer, edge, epoch);
    if (!life || token !== life.issued) {
      throw new FogrunError(
        'link-superseded',
        `${nameOf(header)} came under token ${token}, the newest is ${life?.issued ?? 'none'}`,
      );
    }
    const markBytes = writer.get(keys.mark(edge, epoch, stream));
    const mark = markBytes ? decodeMark(markBytes) : { sequence: 0, hash: noHash, seq: 0 };
    if (sequence <= mark.sequence) {
      const receipt = readReceipt(writer, header);
      if (receipt && sameHash(receipt.header.hash, header.hash)) return { receipt, known: true };
      throw new FogrunError('edge-forked', `${nameOf(header)} was stored before with another hash`);
    }
    if (!markBytes && countStreams(writer, edge, epoch) >= streamsMax) {
      throw new FogrunError(
        'segment-refused',
        `${nameOf(header)} would be stream ${streamsMax + 1} of its epoch`,
      );
    }
    if (sequence !== mark.sequence + 1) {
      throw new FogrunError('segment-refused', `${nameOf(header)} came after ${mark.sequence}: out of order`);
    }
    if (!sameHash(header.previousHash, mark.hash)) {
      throw new FogrunError(
        'edge-forked',
        `${nameOf(header)} does not continue the segment stored before it`,
      );
    }
    if (header.fromSeq !== mark.seq + 1) {
      throw new FogrunError(
        'segment-refused',
        `${nameOf(header)} begins with seq ${header.fromSeq}, expected ${mark.seq + 1}`,
      );
    }
    const ordered = life.order > 0 ? life : { ...life, order: nextOrder(writer, edge) };
    const { life: named, file } = nextFile(ordered, header, header.type, now);
    const receipt: Receipt = { header, storedAtMs: now, file };
    writer.put(keys.life(edge, epoch), encodeRecord({ ...named, used: token }));
    writer.put(keys.receipt(header), encodeReceipt(receipt));
    writer.put(keys.body(header), body);
    writer.put(
      keys.mark(edge, epoch, stream),
      encodeMark({ sequence, hash: header.hash, seq: mark.seq + header.count }),
    );
    if (header.type === 'gap') this.#lost.count(writer, header, body);
    else {
      for (const consumer of this.#consumers) writer.put(keys.todo(consumer, header), done);
    }
    return { receipt, known: false };
  }

  async #run<T>(work: (writer: KvWriter) => T): Promise<T> {
    try {
      return await this.#kv.transaction(work);
    } catch (error) {
      const problem = toProblem(error);
      if (problem.code === 'store-failed') this.#quota.fail(problem);
      throw error;
    }
  }

  #assertConsumer(consumer: string): void {
    if (this.#consumers.includes(consumer)) return;
    throw new RangeError(`no consumer ${consumer}; there are: ${this.#consumers.join(', ')}`);
  }
}

/** The cloud store with what only its opener needs. */
export type OpenedCloudStore = CloudStore & { resume(): Promise<void>; fail(cause: Problem): void };

/** Makes or continues a cloud store in `kv`; bodies left by an earlier process are filed after `resume`. */
export async function createCloudStore(
  kv: Kv,
  files: Files,
  options: CloudStoreOptions,
): Promise<OpenedCloudStore> {
  const meta = await loadMeta<CloudMeta>(kv, {
    format: cloudFormat,
    role: 'cloud',
    epoch: toHex(options.random.bytes(16)),
  });
  return new CloudStoreOverKv(kv, files, meta.epoch, options);
}
