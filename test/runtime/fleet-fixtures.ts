/** A cloud's store with what edges say of themselves in it, and who is connected. */
import type { StateRecord } from '../../src/contract/fleet.ts';
import { encodeState, encodeStatus } from '../../src/contract/state-records.ts';
import type { CloudStore, Receipt } from '../../src/contract/store.ts';
import { numberLines } from '../../src/domain/reading.ts';
import { bodyHash, chainHash, noHash, type SegmentHeader } from '../../src/domain/segment.ts';
import { Fleet, type FleetKeeper } from '../../src/runtime/fleet.ts';
import { createCloudStore } from '../../src/store/cloud-store.ts';
import { MemoryFiles } from '../helpers/memory-files.ts';
import { MemoryDisk, MemoryKv } from '../helpers/memory-kv.ts';
import { seededRandom } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

export const epoch = 'ab'.repeat(16);
export const startMs = Date.UTC(2026, 10, 23);

export const state = (n: number, more: Partial<StateRecord> = {}) =>
  encodeState({
    ...{ actor: 'uploader', timeMs: startMs + n * 1_000, from: 'idle', to: 'sending', event: 'BACKLOG' },
    ...{ health: 'well', cause: null, attempt: null, retryInMs: null },
    ...more,
  });
export const word = (n: number, reason: 'start' | 'regular' | 'end' = 'regular') =>
  encodeStatus({
    timeMs: startMs + n * 1_000,
    reason,
    version: '0.1.0',
    backlog: { readings: n, bytes: 127 * n, oldestMs: null },
    actors: ['bricks', 'barometer', 'rotator', 'uploader', 'acks'].map((actor) => ({
      ...{ actor, state: 'working', health: 'well', sinceMs: startMs, cause: null },
    })),
  });

/** A cloud's store with what is put into it. */
export class Stored {
  readonly clock = createVirtualClock();
  readonly disk = new MemoryDisk();
  readonly files = new MemoryFiles();
  readonly #last = new Map<string, SegmentHeader>();
  readonly #tokens = new Map<string, number>();
  store!: CloudStore;

  async open(): Promise<this> {
    this.store = await createCloudStore(new MemoryKv(this.disk), this.files, {
      ...{ clock: this.clock, random: seededRandom('fleet'), bytesMax: 2 ** 24, consumers: [] },
    });
    return this;
  }

  async put(edge: string, lines: readonly string[], stream = 'states'): Promise<[Receipt, Uint8Array]> {
    const key = `${edge}/${stream}`;
    const before = this.#last.get(key);
    const fromSeq = before ? before.fromSeq + before.count : 1;
    const body = Uint8Array.from(numberLines(Buffer.from(lines.join('')), lines.length, fromSeq));
    if (!this.#tokens.has(edge)) {
      const admission = await this.store.admit(edge, epoch, 0, []);
      this.#tokens.set(edge, admission.admitted ? admission.token : 0);
    }
    const unhashed = {
      ...{ edge, epoch, stream, sequence: (before?.sequence ?? 0) + 1, type: 'readings' as const },
      ...{ fromSeq, count: lines.length, bytes: body.length, sealedAtMs: startMs },
      ...{ bodyHash: bodyHash(body), previousHash: before?.hash ?? noHash, hash: noHash },
    };
    const header = { ...unhashed, hash: chainHash(unhashed) };
    const { receipt } = await this.store.put(this.#tokens.get(edge)!, header, body);
    this.#last.set(key, header);
    return [receipt, body];
  }

  fleet(keeper?: FleetKeeper, notes: string[] = []): Fleet {
    return new Fleet({
      store: this.store,
      clock: this.clock,
      keeper,
      report: (report) => notes.push(report.type === 'note' ? report.text : report.type),
      sessions: () => new Map([['10.0.0.7:1', { name: 'receiver/10.0.0.7:1', state: 'receiving' }]]),
    });
  }
}

export const visit = (edge: string, lastWordMs = () => startMs) => ({
  ...{
    edge,
    epoch,
    remote: '10.0.0.7:1',
    agent: 'fogrun/0.1.0',
    clockOffsetMs: 40,
    certificateUntilMs: null,
  },
  lastWordMs,
});
