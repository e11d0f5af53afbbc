/** One side of a link in a test: its pipeline at work, what it told, and its ends. */
import { type Problem, toProblem } from '../../src/contract/errors.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import type { ActorPlan, Plan } from '../../src/contract/plan.ts';
import type { Report } from '../../src/contract/report.ts';
import type { Transport } from '../../src/contract/transport.ts';
import { type Bindings, type RunningPipeline, runPipeline } from '../../src/runtime/pipeline.ts';
import type { ClockedKv } from './clocked-kv.ts';
import type { Access } from './memory-network.ts';
import type { MortalClock } from './mortal-clock.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface Line {
  readonly actor: string;
  readonly report: Report;
  readonly atMs: number;
}

/** What both sides have in common. */
export interface Side {
  readonly pipeline: RunningPipeline;
  readonly kv: ClockedKv;
  readonly clock: MortalClock;
  readonly lines: readonly Line[];
  /** States that an actor went through, oldest first. */
  states(actor: string): string[];
  state(actor: string): string;
  send(actor: string, type: string): Promise<void>;
  /** Moves the clock until a report fits, from line `from` on. */
  until(fits: (line: Line) => boolean, withinMs?: number, from?: number): Promise<Line>;
  /** Writes that plan into its file and has it reloaded; resolves to why it was not, or to `null`. */
  reload(plan: Plan): Promise<Problem | null>;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Ends it at once; what its disk was writing gets there or not, and its peers are told or not. */
  crash(how?: { written?: boolean; silent?: boolean }): void;
}

interface SideOptions {
  readonly plan: Plan;
  readonly kv: ClockedKv;
  /** The clock of its process. */
  readonly own: MortalClock;
  readonly access: Access;
  readonly bindings: (transport: Transport) => Bindings;
}

/** Runs one side's pipeline, and lets a test look at it, wait for it, and end it in every way. */
export async function runSide(clock: VirtualClock, options: SideOptions): Promise<Side> {
  const { plan, kv, own, access, bindings } = options;
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  let alive = true;
  const report = (actor: string) => (entry: Report) => {
    if (!alive) return;
    const line = { actor, report: entry, atMs: clock.monotonic() };
    lines.push(line);
    for (const look of [...waiting]) look();
  };
  const bound = bindings(access.transport);
  let file = plan;
  const pipeline = await runPipeline({
    plan,
    reread: async () => ({ plan: file, effects: bound.effects, warnings: [] }),
    clock: own,
    log: { reporter: (_, actor) => report(actor) },
    bindings: bound,
  });
  const side: Side = {
    pipeline,
    kv,
    clock: own,
    lines,
    states: (actor) =>
      lines.flatMap((line) =>
        line.actor === actor && line.report.type === 'transition' ? [line.report.to] : [],
      ),
    state: (actor) => pipeline.actors.get(actor)!.state(),
    async send(actor, type) {
      pipeline.actors.get(actor)!.send({ type });
      await clock.flush();
    },
    async until(fits, withinMs = 60_000, from = 0) {
      const found = Promise.withResolvers<Line>();
      const look = () => {
        const line = lines.slice(from).find(fits);
        if (line) found.resolve(line);
      };
      waiting.add(look);
      look();
      try {
        return await clock.until(found.promise, withinMs);
      } catch (thrown) {
        const last = lines.slice(-25).map((line) => JSON.stringify(line));
        throw new Error(`${(thrown as Error).message}: ${fits}\n${last.join('\n')}`);
      } finally {
        waiting.delete(look);
      }
    },
    reload(next) {
      file = next;
      return pipeline.control.reload({ user: 'ada', command: 'test' }).then(() => null, toProblem);
    },
    stop: () => clock.until(pipeline.drain(30_000)),
    crash({ written = false, silent = false } = {}) {
      alive = false;
      kv.die(written);
      own.die();
      access.die(silent ? 'silence' : 'reset');
    },
  };
  return side;
}

export function actor(name: string, kind: unknown, config: object, to: string | null = null): ActorPlan {
  const own = kind as ActorKind;
  return { name, kind: own, config: own.config.parse(config), to, process: null };
}

export function planOf(role: 'edge' | 'cloud', bytesMax: number, actors: readonly ActorPlan[]): Plan {
  return {
    file: `${role}.yaml`,
    name: role,
    edge: '',
    store: { role, path: '/nowhere', bytesMax, whenFull: 'block' },
    actors,
    wires: actors.flatMap(({ name, kind, to }) => (to ? [{ from: name, to, type: kind.emits! }] : [])),
  };
}
