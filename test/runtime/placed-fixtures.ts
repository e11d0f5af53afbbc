/** A pipeline with actors placed in processes that are not there: links and deaths on a virtual clock. */
import { createMachine } from 'xstate';
import { type Clock, sleep } from '../../src/contract/clock.ts';
import type { Problem } from '../../src/contract/errors.ts';
import type { ActorKind, Task } from '../../src/contract/kind.ts';
import type { ActorPlan } from '../../src/contract/plan.ts';
import type { Batch } from '../../src/contract/port.ts';
import type { Report, Reporter } from '../../src/contract/report.ts';
import type { EdgeStore, StoreEvent } from '../../src/contract/store.ts';
import type { IpcMessage } from '../../src/runtime/ipc.ts';
import { type ActorEnv, runPipeline } from '../../src/runtime/pipeline.ts';
import { runPlaced } from '../../src/runtime/placed-child.ts';
import type { ProcessEnd, Processes, StartedProcess } from '../../src/runtime/placed-process.ts';
import type { WireLink } from '../../src/runtime/placed-wire.ts';
import { mortalClock } from '../helpers/mortal-clock.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import {
  batch,
  type FakeEnv,
  fakeKind,
  numberOf,
  planOf,
  storePlan,
  untilAborted,
} from './pipeline-fixtures.ts';

type Work = (env: FakeEnv) => Task<undefined, never>;

const fakeSource = fakeKind({ emits: 'readings' });
export const sourceKind: ActorKind = {
  ...fakeSource,
  name: 'source',
  placeable: true,
  // As the fake kind, but that it can be paused.
  statechart(effects) {
    const { config, implementations } = fakeSource.statechart(effects);
    const running = { ...config.states!.running!, on: { STOP: 'stopped', PAUSE: 'paused' } };
    const paused = { tags: ['rest'], on: { STOP: 'stopped', RESUME: 'running' } };
    return createMachine({ ...config, states: { ...config.states, running, paused } }, implementations);
  },
};
export const sinkKind: ActorKind = { ...fakeKind({ accepts: 'readings' }), name: 'sink', store: 'edge' };
export const otherKind: ActorKind = { ...sourceKind, name: 'other' };
const kinds = new Map([sourceKind, sinkKind, otherKind].map((kind) => [kind.name, kind]));

export const source = (name: string, process: string | null): ActorPlan => ({
  name,
  kind: sourceKind,
  config: {},
  to: 'sink',
  process,
});
export const sink: ActorPlan = { name: 'sink', kind: sinkKind, config: {}, to: null, process: null };

/** What a process and its links do by chance. */
export interface Weather {
  /** How long a message is on its way, ms. */
  delayMs: () => number;
  /** Whether an item arrives once more. */
  twice: () => boolean;
  /** Whether words of acceptance are overtaken by later ones. */
  late: () => boolean;
  /** How much longer what a process sent before its death keeps coming in, ms. */
  lastWordsMs: () => number;
}

const fair: Weather = { delayMs: () => 0, twice: () => false, late: () => false, lastWordsMs: () => 0 };

export interface FakeProcess {
  /** As `kill -9` or a crash do it, the latter with a reason. */
  end(how: Partial<ProcessEnd>, why?: Problem): void;
  /** Says nothing more, but is there. */
  hang(): void;
  readonly started: StartedProcess;
}

function fakeProcesses(clock: Clock, effects: (env: ActorEnv) => Record<string, unknown>, weather: Weather) {
  const all: FakeProcess[] = [];
  const state = { closed: false };
  /** Names of the kinds that each process has loaded, each time it did. */
  const loaded: string[][] = [];
  /** Delivers in order, each after its delay; `lost` says of each whether it still arrives. */
  const channel = (deliver: (message: IpcMessage) => void, lost: () => boolean) => {
    let dueMs = 0;
    return (message: object, extraMs = 0) => {
      const text = JSON.stringify(message);
      dueMs = Math.max(dueMs, clock.monotonic() + weather.delayMs());
      clock.setTimeout(
        () => {
          if (!lost()) deliver(JSON.parse(text));
        },
        dueMs - clock.monotonic() + extraMs,
      );
    };
  };
  const processes: Processes = {
    retryInMs: (attempt) => 500 * 2 ** (attempt - 1),
    start(name, hear) {
      const own = mortalClock(clock);
      const gone = Promise.withResolvers<ProcessEnd>();
      const joined = Promise.withResolvers<WireLink>();
      const life = { alive: true, hung: false, deafMs: Number.POSITIVE_INFINITY };
      const isDeaf = () => clock.monotonic() > life.deafMs;
      const toParent = channel(hear.message, isDeaf);
      const bytesToParent = channel((bytes) => hear.bytes(Buffer.from(bytes.b as string, 'latin1')), isDeaf);
      let hears: ReturnType<typeof runPlaced>;
      const toChild = channel(
        (message) => life.alive && !life.hung && hears.message(message),
        () => !life.alive,
      );
      const bytesToChild = channel(
        (bytes) => hears.bytes(Buffer.from(bytes.b as string, 'latin1')),
        () => !life.alive || life.hung,
      );
      const end = (how: Partial<ProcessEnd>, why?: Problem) => {
        if (!life.alive) return;
        if (why) toParent({ m: { type: 'failed', cause: why } });
        life.alive = false;
        own.die();
        const lastWordsMs = weather.lastWordsMs();
        life.deafMs = clock.monotonic() + lastWordsMs;
        clock.setTimeout(
          () => gone.resolve({ code: null, signal: null, killed: false, ...how }),
          lastWordsMs + 1,
        );
      };
      const started: StartedProcess = {
        pid: all.length + 1,
        joined: joined.promise,
        gone: gone.promise,
        kill: () => end({ signal: 'SIGKILL', killed: true }),
      };
      let again = false;
      const link: WireLink = {
        send(message) {
          if (!life.alive || life.hung) return life.alive;
          const { m } = message as { m?: { type: string } };
          again = m?.type === 'item' && weather.twice();
          toParent(message);
          if (again) toParent(message);
          return true;
        },
        sendBytes(bytes) {
          if (!life.alive || life.hung) return;
          const b = Buffer.from(bytes).toString('latin1');
          // Torn into chunks that no message knows of.
          const torn = again ? b + b : b;
          const cut = Math.min(torn.length, 1 + (torn.length >> 1));
          bytesToParent({ b: torn.slice(0, cut) });
          bytesToParent({ b: torn.slice(cut) });
        },
      };
      hears = runPlaced({
        process: name,
        link,
        kinds,
        async bindings(some) {
          loaded.push(some.map((kind) => kind.name));
          if (some.length > 1) await sleep(own, 5);
          return { effects: (env) => effects({ ...env, clock: own } as ActorEnv) };
        },
        clock: own,
        end: () => end({ code: 0 }),
        broken: () => end({ code: 1 }),
      });
      clock.setTimeout(() => {
        if (!life.alive) return;
        const late = (message: object) => {
          const { m } = message as { m?: { type: string } };
          return m?.type === 'accepted' && weather.late() ? 3 : 0;
        };
        joined.resolve({
          send: (message) => {
            toChild(message, late(message));
            return life.alive;
          },
          sendBytes: (bytes) => bytesToChild({ b: Buffer.from(bytes).toString('latin1') }),
        });
      }, 1);
      all.push({ end, started, hang: () => (life.hung = true) });
      return started;
    },
    async close() {
      state.closed = true;
    },
  };
  return { processes, all, state, loaded };
}

/** A store that keeps numbers, gaps and positions. */
function numberStore() {
  const numbers: number[] = [];
  const missed: number[] = [];
  const positions = new Map<string, string>();
  const listeners = new Set<(event: StoreEvent) => void>();
  const store = {
    ...{ edge: 'e', epoch: 'x' },
    status: () => ({ state: 'open', bytes: 0, bytesMax: 1 }),
    streams: () => [],
    position: (name: string) => positions.get(name),
    resize: () => {},
    policies: { setWhenFull: () => {} },
    backlog: () => ({ segments: 0, readings: 0, bytes: 0, oldestMs: null }),
    subscribe: (listener: (event: StoreEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {},
  } as unknown as EdgeStore;
  const append = (batches: readonly Batch[]) => {
    for (const one of batches) {
      if (one.missed) missed.push(one.missed.count);
      if (one.count > 0) numbers.push(numberOf(one));
      if (one.position) positions.set(one.position.source, one.position.value);
    }
  };
  const tell = (event: StoreEvent) => {
    for (const listener of listeners) listener(event);
  };
  return { store, numbers, missed, positions, append, tell };
}

/** Starts a pipeline of sources and a sink that takes `storeMs` for a commit. */
export async function startPlaced(
  actors: readonly ActorPlan[],
  work: Record<string, Work>,
  options: { weather?: Weather; storeMs?: () => number } = {},
) {
  const clock = createVirtualClock();
  const kept = numberStore();
  const lines: { actor: string; report: Report; level: string | undefined; atMs: number | undefined }[] = [];
  const storeMs = options.storeMs ?? (() => 0);
  const effects = (env: ActorEnv) => {
    const { clock: own = clock } = env as ActorEnv & { clock?: Clock };
    const wait = (ms: number) => sleep(own, ms);
    const sinks: Work =
      ({ input }) =>
      ({ signal }) =>
        input.consume({ itemsMax: 8, bytesMax: 1_000 }, signal, async (batches) => {
          await wait(storeMs());
          kept.append(batches);
        });
    const own_ = env.plan.kind === sinkKind ? sinks : (work[env.plan.name] ?? idle);
    return { work: own_({ ...env, wait } as FakeEnv) };
  };
  const planWith = (some: readonly ActorPlan[]) => planOf(some, storePlan);
  /** What the file holds, for a reload. */
  const next = { plan: planWith([...actors, sink]) };
  const fake = fakeProcesses(clock, effects, options.weather ?? fair);
  const reporter =
    (actor: string): Reporter =>
    (report, level, atMs) =>
      void lines.push({ actor, report, level, atMs });
  const pipeline = await runPipeline({
    plan: next.plan,
    reread: async () => ({ plan: next.plan, effects, warnings: [] }),
    clock,
    log: { reporter: (_, actor) => reporter(actor) },
    processes: fake.processes,
    bindings: { openStore: async () => ({ edge: kept.store, cloud: null }), effects },
  });
  await clock.flush();
  /** State changes of an actor, as `from → to`. */
  const moves = (actor: string) =>
    lines.flatMap(({ actor: who, report }) =>
      who === actor && report.type === 'transition' ? [`${report.from} → ${report.to}`] : [],
    );
  /** Writes other actors into the file and reloads. */
  const reload = (some: readonly ActorPlan[]) => {
    next.plan = planWith(some);
    return clock.until(pipeline.control.reload({ user: 'ada', command: 'fogrun test' }));
  };
  return { pipeline, clock, lines, moves, reload, ...fake, ...kept, current: () => fake.all.at(-1)! };
}

const idle: Work =
  () =>
  ({ signal }) =>
    untilAborted(signal);

/** A source that can go back, such as a file: numbers from 1 to `count`, each with its position. */
export function counting(count: number, paceMs: () => number): Work {
  return ({ output, store, wait, plan: { name } }) =>
    async ({ signal }) => {
      // What a life before this one left in the port must be in the store before that is asked.
      await output.send({ stream: 'readings', lines: new Uint8Array(), count: 0 });
      let next = Number(store.edge!.position(name) ?? 0) + 1;
      for (; next <= count && !signal.aborted; next++) {
        void output.send({ ...batch(next), position: { source: name, value: String(next) } });
        await wait(paceMs());
        while (output.blocked && !signal.aborted) await wait(1);
      }
      await untilAborted(signal);
    };
}

/** A sensor that cannot go back: `world` moves on whatever is read, and what is not read is counted as missed. */
export function measuring(world: { now: number }, everyMs: number): Work {
  return ({ output, memory, wait }) =>
    async ({ signal }) => {
      for (; !signal.aborted; await wait(everyMs)) {
        const last = memory.words === undefined ? undefined : Number(memory.words);
        if (output.blocked || last === world.now) continue;
        const value = world.now;
        const missed = last === undefined ? 0 : value - last - 1;
        memory.words = String(value);
        void output.send({
          ...batch(value),
          ...(missed === 0 ? {} : { missed: { gap: 'missed', count: missed, text: 'not measured' } }),
        });
      }
    };
}
