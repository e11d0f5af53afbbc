/** A small pipeline of fake kinds whose file a test writes anew. */
import { sleep } from '../../src/contract/clock.ts';
import type { AuditEntry } from '../../src/contract/control.ts';
import type { Plan } from '../../src/contract/plan.ts';
import type { Report } from '../../src/contract/report.ts';
import type { EdgeStore } from '../../src/contract/store.ts';
import { type ActorEnv, runPipeline } from '../../src/runtime/pipeline.ts';
import type { Processes } from '../../src/runtime/placed-process.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';
import { by } from './control-fixtures.ts';
import { type FakeEnv, untilAborted } from './pipeline-fixtures.ts';

type Work = (env: FakeEnv) => (io: { signal: AbortSignal }) => Promise<void>;

export async function startReloadable(
  plan: Plan,
  work: Record<string, Work> = {},
  options: { clock?: VirtualClock; store?: EdgeStore; processes?: Processes } = {},
) {
  const clock = options.clock ?? createVirtualClock();
  const lines: { actor: string; report: Report }[] = [];
  const lives: string[] = [];
  const audited: AuditEntry[] = [];
  /** What the file holds. */
  const next: { plan: Plan | Error; hang: boolean } = { plan, hang: false };
  const effects = (env: ActorEnv) => {
    lives.push(env.plan.name);
    const wait = (ms: number) => sleep(clock, ms);
    const idle: Work = () => (io) => untilAborted(io.signal);
    return { work: (work[env.plan.name] ?? idle)({ ...env, wait } as FakeEnv) };
  };
  const pipeline = await runPipeline({
    plan,
    clock,
    audit: (entry) => void audited.push(entry),
    log: { reporter: (_, actor) => (report) => void lines.push({ actor, report }) },
    bindings: { openStore: async () => ({ edge: options.store ?? null, cloud: null }), effects },
    processes: options.processes,
    async reread() {
      if (next.hang) await new Promise(() => {});
      if (next.plan instanceof Error) throw next.plan;
      return { plan: next.plan, effects, warnings: [] };
    },
  });
  await clock.flush();
  /** Writes the file and reloads. */
  const reload = (file: Plan | Error) => {
    next.plan = file;
    return clock.until(pipeline.control.reload(by));
  };
  const moves = (actor: string) =>
    lines.flatMap(({ actor: who, report }) =>
      who === actor && report.type === 'transition' ? [`${report.from} → ${report.to}`] : [],
    );
  return { pipeline, clock, lines, lives, audited, next, reload, moves };
}
