/** Small pipelines of fake kinds, and a fake store. */
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { sleep } from '../../src/contract/clock.ts';
import { secret } from '../../src/contract/config.ts';
import type { AuditEntry } from '../../src/contract/control.ts';
import {
  type ActorKind,
  causeIn,
  type FailedEvent,
  noTrouble,
  type Task,
  type Trouble,
  task,
} from '../../src/contract/kind.ts';
import type { ActorPlan, Plan, StorePlan } from '../../src/contract/plan.ts';
import type { Batch, InPort, OutPort, PortType } from '../../src/contract/port.ts';
import type { Report } from '../../src/contract/report.ts';
import type { EdgeStore, StoreEvent } from '../../src/contract/store.ts';
import { type ActorEnv, type RunningPipeline, runPipeline } from '../../src/runtime/pipeline.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

type Work = Task<undefined, never>;

interface FakeOptions {
  accepts?: PortType;
  emits?: PortType;
  onFailed?: 'stay' | 'exit';
  /** Does not end by STOP alone. */
  slow?: boolean;
  /** Begins in a state that is no rest, until READY. */
  serves?: boolean;
}

/** Does `work` until STOP; throws on BUG, in its words if it has any. */
export function fakeKind(options: FakeOptions = {}): ActorKind {
  return {
    name: 'fake',
    purpose: 'Is tested.',
    config: z.strictObject({ token: secret().optional() }),
    accepts: options.accepts ?? null,
    emits: options.emits ?? null,
    store: null,
    placeable: false,
    ...(options.serves ? { serves: true } : {}),
    onFailed: options.onFailed ?? 'exit',
    example: 'fake: { kind: fake }',
    effects: { work: { as: 'task', does: 'Works.' } },
    statechart: (effects: { work: Work }) =>
      setup({
        types: { context: {} as Trouble, events: {} as FailedEvent | { type: 'STOP' | 'BUG' | 'READY' } },
        actors: { work: task(effects.work) },
        actions: {
          note: assign(({ event }) => ({ cause: causeIn(event) ?? null })),
          explode: ({ event }) => {
            throw new TypeError((event as { words?: string }).words ?? 'a bug');
          },
        },
      }).createMachine({
        context: noTrouble,
        invoke: { id: 'work', src: 'work' },
        initial: options.serves ? 'starting' : 'running',
        on: { FAILED: { target: '.failed', actions: 'note' }, BUG: { actions: 'explode' } },
        states: {
          starting: { on: { READY: 'running', STOP: 'stopped' } },
          running: { tags: ['rest'], on: { STOP: options.slow ? 'stopping' : 'stopped' } },
          stopping: { after: { 3600000: 'stopped' } },
          failed: { type: 'final', tags: ['failed'] },
          stopped: { type: 'final' },
        },
      }),
  } as ActorKind;
}

export function actorPlan(name: string, kind: ActorKind, to: string | null = null): ActorPlan {
  return { name, kind, config: {}, to, process: null };
}

export function planOf(actors: readonly ActorPlan[], store: StorePlan | null = null): Plan {
  const wires = actors.flatMap(({ name, kind, to }) => (to ? [{ from: name, to, type: kind.emits! }] : []));
  return { file: 'test.yaml', name: 'tested', edge: '', store, actors, wires };
}

export const storePlan: StorePlan = { role: 'edge', path: '/nowhere', bytesMax: 1, whenFull: 'block' };

export function fakeStore(close: () => Promise<void> = async () => {}) {
  const listeners = new Set<(event: StoreEvent) => void>();
  const state = { closed: 0 };
  const store = {
    edge: 'e',
    status: () => ({ state: 'open', bytes: 0, bytesMax: 1 }),
    backlog: () => ({ segments: 0, readings: 0, bytes: 0, oldestMs: null }),
    streams: () => [],
    subscribe: (listener: (event: StoreEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      state.closed += 1;
      return close();
    },
  } as unknown as EdgeStore;
  const tell = (event: StoreEvent) => {
    for (const listener of listeners) listener(event);
  };
  return { store, state, tell };
}

/** A store that fails, as it tells it. */
export const storeFails: StoreEvent = {
  type: 'state',
  from: 'open',
  to: 'failed',
  cause: { code: 'store-failed', message: 'no disk', advice: 'Look at the disk.' },
};

export const batch = (n: number): Batch => ({ stream: 'readings', lines: Buffer.from(`${n}\n`), count: 1 });
export const numberOf = ({ lines }: Batch) => Number(Buffer.from(lines).toString());

export interface FakeEnv extends Omit<ActorEnv, 'input' | 'output'> {
  readonly input: InPort<Batch>;
  readonly output: OutPort<Batch>;
  /** Resolves after so many ms. */
  wait(ms: number): Promise<void>;
}

export const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Starts a pipeline whose actors do the work given by name; what has none waits. */
export async function startPipeline(
  plan: Plan,
  work: Record<string, (env: FakeEnv) => Work> = {},
  open: { store?: EdgeStore; recovered?: Report & { type: 'problem' } } = {},
) {
  const clock = createVirtualClock();
  const lines: { actor: string; report: Report }[] = [];
  const envs = new Map<string, ActorEnv>();
  const opened: object[] = [];
  const audited: AuditEntry[] = [];
  const pipeline: RunningPipeline = await runPipeline({
    plan,
    clock,
    version: '1.2.3',
    audit: (entry) => void audited.push(entry),
    log: { reporter: (_, actor) => (report) => void lines.push({ actor, report }) },
    bindings: {
      openStore: async (_, about) => {
        opened.push(about);
        return { edge: open.store ?? null, cloud: null, recovered: open.recovered };
      },
      effects: (env) => {
        envs.set(env.plan.name, env);
        return {
          work:
            work[env.plan.name]?.({ ...env, wait: (ms: number) => sleep(clock, ms) } as FakeEnv) ??
            (({ signal }: { signal: AbortSignal }) => untilAborted(signal)),
        };
      },
    },
  });
  await clock.flush();
  return { pipeline, clock, lines, envs, opened, audited };
}
