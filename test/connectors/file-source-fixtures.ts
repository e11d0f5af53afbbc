/** A file source over real files and a store in memory, on a clock that the test moves. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { fileSource } from '../../machines/file-source.ts';
import { fileSourceEffects } from '../../src/connectors/file-source-effects.ts';
import type { FileSourceEnv } from '../../src/connectors/file-visits.ts';
import { nodeSourceFiles, type OpenFile, type SourceFiles } from '../../src/connectors/source-files.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import type { Batch } from '../../src/contract/port.ts';
import type { Report, TransitionReport } from '../../src/contract/report.ts';
import type { EdgeStore } from '../../src/contract/store.ts';
import { runActor } from '../../src/runtime/actor.ts';
import { buildStatechart } from '../../src/runtime/effects.ts';
import { createPort } from '../../src/runtime/port.ts';
import { createEdgeStore } from '../../src/store/edge-store.ts';
import { MemoryDisk, MemoryKv } from '../helpers/memory-kv.ts';
import { seededRandom } from '../helpers/store-fixtures.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

export async function temporaryDir(t: Pick<ExecutionContext, 'teardown'>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'fogrun-file-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Real files that tell how many operations are under way and how many files are open, and fail when told to. */
export class WatchedFiles implements SourceFiles {
  underWay = 0;
  isOpen = 0;
  /** Called before each operation; what it throws is thrown, what it returns is waited for. */
  before: (operation: string, path: string) => void | Promise<void> = () => {};

  look = (path: string) => this.#run('look', path, () => nodeSourceFiles.look(path));
  resolve = (path: string) => this.#run('resolve', path, () => nodeSourceFiles.resolve(path));
  list = (path: string) => this.#run('list', path, () => nodeSourceFiles.list(path));
  open = (path: string) =>
    this.#run('open', path, async () => {
      const file = await nodeSourceFiles.open(path);
      if (file) this.isOpen += 1;
      return file && this.#watch(path, file);
    });

  #watch(path: string, file: OpenFile): OpenFile {
    return {
      facts: () => this.#run('facts', path, () => file.facts()),
      read: (into, at) => this.#run('read', path, () => file.read(into, at)),
      close: () =>
        this.#run('close', path, async () => {
          this.isOpen -= 1;
          await file.close();
        }),
    };
  }

  async #run<T>(operation: string, path: string, work: () => Promise<T>): Promise<T> {
    this.underWay += 1;
    try {
      const held = this.before(operation, path);
      if (held) {
        // Nothing of ours is at work while it hangs.
        this.underWay -= 1;
        await held.finally(() => {
          this.underWay += 1;
        });
      }
      return await work();
    } finally {
      this.underWay -= 1;
    }
  }
}

export interface Source {
  readonly clock: VirtualClock;
  readonly files: WatchedFiles;
  readonly reports: Report[];
  readonly store: EdgeStore;
  readonly kv: MemoryKv;
  readonly batches: Batch[];
  state(): string;
  states(): string[];
  last(): TransitionReport;
  notes(): string[];
  send(type: string): Promise<void>;
  /** Lets everything run that needs no time but that of the disk. */
  settle(): Promise<void>;
  /** Moves the clock, timer by timer. */
  advance(ms: number): Promise<void>;
  /** Moves the clock until the condition holds, within a minute. */
  until(holds: () => boolean): Promise<void>;
  /** Every reading in the store, in order. */
  readings(): Promise<Record<string, unknown>[]>;
  values(): Promise<unknown[]>;
  /** Whether the store takes what is in the port. */
  hold(now: boolean): void;
  /** The process is gone; what lasts is handed to the next. */
  kill(): Promise<MemoryDisk>;
  stop(): Promise<void>;
}

export interface SourceOptions {
  readonly disk?: MemoryDisk;
  readonly clock?: VirtualClock;
  /** A source that reads files; `file-source` unless given. */
  readonly source?: {
    readonly kind: ActorKind;
    readonly effects: (env: FileSourceEnv) => Record<string, unknown>;
  };
}

const fileSourceItself = {
  kind: fileSource as ActorKind,
  effects: (env: FileSourceEnv) => ({ ...fileSourceEffects(env) }),
};

export async function startSource(
  config: { path: string } & Record<string, unknown>,
  {
    disk = new MemoryDisk(),
    clock = createVirtualClock(),
    source: { kind, effects: effectsOf } = fileSourceItself,
  }: SourceOptions = {},
): Promise<Source> {
  const kv = new MemoryKv(disk);
  const store = await createEdgeStore(kv, {
    edge: 'shed',
    cursors: ['uploader'],
    bytesMax: 2 ** 30,
    clock,
    random: seededRandom('file'),
  });
  const port = createPort<Batch>({ itemsMax: 1_024, bytesMax: 8 * 2 ** 20 }, ({ lines }) => lines.length);
  const files = new WatchedFiles();
  const life = new AbortController();
  const reports: Report[] = [];
  const batches: Batch[] = [];
  const moves = () => reports.filter((report) => report.type === 'transition');
  let held = false;
  let released = Promise.withResolvers<void>();
  void port.in.consume({ itemsMax: 64, bytesMax: 2 ** 20 }, life.signal, async (items) => {
    while (held) await released.promise;
    if (life.signal.aborted) return new Promise(() => {});
    await store.append(items);
    batches.push(...items);
  });
  const report = (entry: Report) => void reports.push(entry);
  const effects = effectsOf({
    name: 'log',
    store,
    output: port.out,
    files,
    clock,
    report,
    retryInMs: (attempt) => attempt * 1_000,
  });
  const machine = buildStatechart(kind, effects, life.signal);
  const actor = runActor(machine, { clock, report, input: { config: kind.config.parse(config) } });

  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < 4; quiet++) {
      await clock.flush();
      if (files.underWay > 0) quiet = -1;
    }
  }
  async function advance(ms: number): Promise<void> {
    const end = clock.monotonic() + ms;
    await settle();
    while (clock.nextMs !== undefined && clock.nextMs <= end) {
      await clock.step();
      await settle();
    }
    await clock.advance(end - clock.monotonic());
  }
  async function readings(): Promise<Record<string, unknown>[]> {
    await store.seal('readings');
    const found: Record<string, unknown>[] = [];
    for (let n = 1; n <= store.head('uploader', 'readings').sealed; n++) {
      const body = Buffer.from(await store.body(store.header('readings', n)!)).toString();
      for (const line of body.split('\n')) if (line !== '') found.push(JSON.parse(line));
    }
    return found;
  }
  return {
    clock,
    files,
    reports,
    store,
    kv,
    batches,
    state: () => actor.state(),
    states: () => moves().map(({ to }) => to),
    last: () => moves().at(-1)!,
    notes: () => reports.flatMap((entry) => (entry.type === 'note' ? [entry.text] : [])),
    async send(type) {
      actor.send({ type });
      await settle();
    },
    settle,
    advance,
    async until(holds) {
      await settle();
      const end = clock.monotonic() + 60_000;
      // The store may be at work without a file or a timer that would tell.
      for (let idle = 0; !holds(); await settle()) {
        idle = (await clock.step()) ? 0 : idle + 1;
        if (clock.monotonic() >= end || idle > 1_000) throw new Error(`not so: ${actor.state()}`);
      }
    },
    readings,
    values: async () => (await readings()).map(({ value }) => value),
    hold(now) {
      held = now;
      released.resolve();
      released = Promise.withResolvers();
    },
    async kill() {
      const left = kv.crash();
      life.abort();
      actor.kill();
      await settle();
      return left;
    },
    async stop() {
      actor.send({ type: 'STOP' });
      await actor.ended;
      await settle();
      life.abort();
    },
  };
}

/** Lines with these numbers as values. */
export function lines(...values: number[]): string {
  return values.map((value) => `${value}\n`).join('');
}

/** The whole numbers from `from` to `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}
