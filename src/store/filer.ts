/** Turns what a cloud store holds into files: write, then let go of the bytes. */
import { type Clock, type Random, sleep } from '../contract/clock.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Files } from '../contract/files.ts';
import type { Kv } from '../contract/kv.ts';
import type { Receipt } from '../contract/store.ts';
import { type RetryPolicy, retryDelayMs } from '../domain/backoff.ts';
import { bodyHash, type SegmentRef, sameHash } from '../domain/segment.ts';
import { encodeReceipt, freshLife, keys, nextFile, readLife, tryReceipt } from './cloud-records.ts';
import { encodeRecord } from './text.ts';

export interface FilerOptions {
  readonly kv: Kv;
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  /** Bytes have left the store. */
  released(bytes: number): void;
  /** What was to become a file is not what was stored; it was put aside. */
  damaged(problem: Problem): void;
  /** Files cannot be written now (and why), or can again (`null`). */
  trouble(problem: Problem | null): void;
}

interface Pending {
  readonly ref: SegmentRef;
  readonly bytes: number;
  /** What is to be written, as long as memory allows; else it is read from the store. */
  body: Uint8Array | null;
  /** An attempt failed: what stands there may not be synced. */
  unsure?: boolean;
}

const retry: RetryPolicy = { every: 1_000, factor: 2, max: 60_000, jitter: 0.5 };
/**
 * Segments, and about how many bytes, filed between two commits, and files written at once. What leaves the store soon leaves
 * pages that the next segments are written into.
 */
const batchSegments = 64;
const batchBytes = 8 * 2 ** 20;
const filesAtOnce = 4;
/** How long an orderly end waits for files. */
const lastFilesMs = 1_000;
/** Most bytes that wait in memory. */
const heldBytesMax = 32 * 2 ** 20;

export class Filer {
  readonly #options: FilerOptions;
  readonly #stopping = new AbortController();
  #pending: Pending[] = [];
  #running: Promise<void> | null = null;
  #idle: (() => void)[] = [];
  #attempt = 0;
  #heldBytes = 0;

  constructor(options: FilerOptions) {
    this.#options = options;
  }

  /** Takes a segment whose bytes and receipt are committed; `body`, if at hand, need not be read back then. */
  add(ref: SegmentRef, bytes: number, body?: Uint8Array): void {
    const held = body && this.#heldBytes + bytes <= heldBytesMax ? body : null;
    if (held) this.#heldBytes += bytes;
    this.#pending.push({ ref, bytes, body: held });
    this.start();
  }

  start(): void {
    if (this.#running || this.#stopping.signal.aborted || this.#pending.length === 0) return;
    this.#running = this.#run().finally(() => {
      this.#running = null;
      this.start();
    });
  }

  /** Resolves when nothing is pending, or the store is closed. */
  filed(): Promise<void> {
    if (this.#pending.length === 0 || this.#stopping.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Files what is left, if the disk takes it soon; the rest is for the next start. */
  async stop(): Promise<void> {
    if (this.#pending.length > 0 && this.#attempt === 0) {
      const enough = new AbortController();
      await Promise.race([this.filed(), sleep(this.#options.clock, lastFilesMs, enough.signal)]);
      enough.abort();
    }
    this.#stopping.abort();
    await this.#running;
    this.#settle();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (this.#pending.length > 0 && !signal.aborted) {
      const batch = this.#nextBatch();
      try {
        await this.#file(batch);
        this.#pending.splice(0, batch.length);
        if (this.#attempt > 0) this.#options.trouble(null);
        this.#attempt = 0;
        this.#options.released(batch.reduce((sum, each) => sum + each.bytes, 0));
      } catch (error) {
        const problem = toProblem(error);
        this.#options.trouble(problem);
        if (problem.code === 'store-failed') return this.#stopping.abort();
        const delayMs = retryDelayMs(retry, ++this.#attempt, this.#options.random.next());
        await sleep(this.#options.clock, delayMs, signal);
      }
    }
    this.#settle();
  }

  #nextBatch(): readonly Pending[] {
    let count = 0;
    for (
      let bytes = 0;
      count < Math.min(batchSegments, this.#pending.length) && bytes < batchBytes;
      count++
    ) {
      bytes += this.#pending[count]!.bytes;
    }
    return this.#pending.slice(0, count);
  }

  #settle(): void {
    if (this.#pending.length > 0 && !this.#stopping.signal.aborted) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #file(batch: readonly Pending[]): Promise<void> {
    const waiting = batch[Symbol.iterator]();
    const failures: unknown[] = [];
    const worker = async () => {
      // One iterator for all: each takes the next that is left.
      for (const pending of waiting) {
        if (failures.length > 0) return;
        await this.#write(pending).catch((error: unknown) => {
          pending.unsure = true;
          failures.push(error);
        });
      }
    };
    await Promise.all(Array.from({ length: filesAtOnce }, worker));
    if (failures.length > 0) throw failures[0];
    await this.#options.kv.transaction((writer) => {
      for (const { ref } of batch) writer.remove(keys.body(ref));
    });
  }

  /** Keeps what is there out of the data, and lets the others go on. */
  async #putAside(pending: Pending, body: Uint8Array, receipt: Receipt | null | undefined): Promise<void> {
    const { kv, files } = this.#options;
    const { ref } = pending;
    const { edge, epoch, stream, sequence } = ref;
    const path = `damaged/${edge}/${epoch}/${stream}-${sequence}`;
    await files.write(path, body);
    if (receipt) {
      await kv.transaction((writer) =>
        writer.put(keys.receipt(ref), encodeReceipt({ ...receipt, file: path })),
      );
    }
    if (pending.body) this.#heldBytes -= pending.bytes;
    pending.body = null;
    const what = `segment ${sequence} of stream ${stream} of edge ${edge}`;
    const why = receipt
      ? `${what} came back damaged from the disk before it became a file`
      : `the receipt of ${what} is damaged or gone`;
    const message = `${why}; what is there is in ${path}`;
    const advice =
      'The edge has deleted its own, so what is damaged is lost: `fogrun verify` tells what of it. Look at the disk.';
    this.#options.damaged(toProblem(new FogrunError('store-corrupt', message, { advice })));
  }

  async #write(pending: Pending): Promise<void> {
    const { kv, files, clock } = this.#options;
    const { ref } = pending;
    const body = pending.body ?? kv.get(keys.body(ref));
    if (!body) return;
    for (;;) {
      const bytes = kv.get(keys.receipt(ref));
      const receipt = bytes && tryReceipt(ref, bytes);
      // What came from the link was checked there; what was read back may have been damaged since.
      const isSound = receipt && (pending.body || sameHash(bodyHash(body), receipt.header.bodyHash));
      if (!isSound) return this.#putAside(pending, body, receipt);
      const path = receipt.file;
      const there = await files.read(path);
      const isOurs = !there || Buffer.compare(there, body) === 0;
      if (!there || (isOurs && pending.unsure)) await files.write(path, body);
      if (isOurs) {
        if (pending.body) this.#heldBytes -= pending.bytes;
        pending.body = null;
        return;
      }
      // A file of an earlier store: left alone, this one gets a new name.
      await kv.transaction((writer) => {
        const before = readLife(writer, ref.edge, ref.epoch) ?? freshLife;
        const { life, file } = nextFile(before, ref, receipt.header.type, clock.now());
        writer.put(keys.life(ref.edge, ref.epoch), encodeRecord(life));
        writer.put(keys.receipt(ref), encodeReceipt({ ...receipt, file }));
      });
    }
  }
}
