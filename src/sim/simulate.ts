/** Whole pipelines in a virtual world, with faults, for hours of virtual time: what happened, and whether it was right. */
import { FogrunError } from '../contract/errors.ts';
import type { Plan } from '../contract/plan.ts';
import type { LogEntry } from '../contract/report.ts';
import { drainDeadlineMs } from '../runtime/pipeline.ts';
import { CarryOut } from './carry-out.ts';
import { Checks } from './checks.ts';
import { type PlannedFault, planFaults, type Target } from './fault-plan.ts';
import { judge } from './judge.ts';
import type { Outside } from './platform.ts';
import type { FaultKind, SimBalance, SimRun } from './run.ts';
import { type BindingsFor, World } from './world.ts';

export interface SimulateOptions {
  /** Checked, in the order of `files`. */
  readonly plans: readonly Plan[];
  readonly files: readonly string[];
  /** How many there are of each edge's pipeline. */
  readonly edges: number;
  readonly virtualMs: number;
  readonly seed: number;
  readonly faults: readonly FaultKind[];
  /** Numbers of the faults that are to happen; all unless given. The run ends when it can after the last of them. */
  readonly only?: readonly number[];
  readonly version: string;
  readonly bindingsFor: BindingsFor;
  readonly outside: Outside;
  /** The command line that repeats it, with those faults only. */
  readonly command: (only?: readonly number[]) => string;
  readonly listen?: (entry: LogEntry) => void;
  /** May change the world before it begins, such as the kind of its disks. */
  readonly prepare?: (world: World) => void;
  /** Told before it begins which faults there are to be. */
  readonly planned?: (faults: readonly PlannedFault[]) => void;
  /** Now and then, with the virtual time that has passed, ms. */
  readonly progress?: (atMs: number, ofMs: number) => void;
}

const minutes = 60_000;
/** Time without faults at the end. */
const settleMs = { min: 10 * minutes, share: 1 / 12, max: 60 * minutes };
/** After an orderly end, until nothing may be left. */
const lingerMs = 60_000;
/** Violations are looked for this often, ms of virtual time. */
const sliceMs = 5_000;

/** Kinds that have simulated peers. */
export const simulatedKinds: ReadonlySet<string> = new Set([
  'tinkerforge-emulator',
  'sensor-poller',
  'simulated-sensor',
  'tcp-source',
  'file-source',
  'csv-source',
  'file-rotator',
  'uploader',
  'ack-handler',
  'cloud-receiver',
  'forecaster',
]);

/** When the faults of a run are over. */
export function faultsUntilMs(virtualMs: number): number {
  const settle = Math.min(settleMs.max, Math.max(settleMs.min, virtualMs * settleMs.share));
  return Math.floor(Math.max(virtualMs / 2, virtualMs - settle));
}

/** The faults that a run would meet. */
export function faultsOf(
  options: Pick<SimulateOptions, 'seed' | 'faults' | 'virtualMs'>,
  targets: readonly Target[],
) {
  const { seed, faults, virtualMs } = options;
  return planFaults({ seed, kinds: faults, targets, untilMs: faultsUntilMs(virtualMs) });
}

/** Rejects with `sim-kind-unknown`, before anything runs. */
export async function simulate(options: SimulateOptions): Promise<SimRun> {
  assertKinds(options.plans);
  const { seed, only, plans, edges, version, bindingsFor, outside, listen } = options;
  const world = await World.make({
    seed,
    plans,
    edges,
    version,
    bindingsFor,
    faults: options.faults,
    outside,
    listen,
  });
  const { clock, telling } = world;
  const targets = world.processes.map(({ name, role }) => ({ name, role }));
  const planned = faultsOf(options, targets);
  const strange = only?.find((number) => number > planned.length);
  if (strange !== undefined) {
    const text = `--only names fault ${strange}, and ${planned.length} follow from seed ${seed} with these edges, hours and faults`;
    throw new FogrunError('usage', text);
  }
  const faults = planned.filter(({ number }) => !only || only.includes(number));
  const endMs = only ? endAfter(faults, options.virtualMs) : options.virtualMs;
  options.planned?.(faults);
  const carried = new CarryOut(world, seed);
  await carried.plan(faults);
  options.prepare?.(world);
  const checks = new Checks(world, options.virtualMs);

  const unheard = (thrown: unknown) => {
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    telling.violate('no-bugs', 'world', `an error that nobody dealt with: ${text}`);
  };
  process.on('unhandledRejection', unheard);
  try {
    world.start();
    checks.start();
    while (clock.monotonic() < endMs && telling.violations.length === 0) {
      // What a timer throws would end a real process.
      await clock.advance(Math.min(sliceMs, endMs - clock.monotonic())).catch(unheard);
      options.progress?.(clock.monotonic(), endMs);
    }
    if (telling.violations.length === 0) checks.wellAgain();
    if (telling.violations.length === 0) await endInOrder(world);
    const balances: SimBalance[] = await judge(world);
    return {
      version,
      seed,
      files: options.files,
      edges,
      virtualMs: Math.round(clock.monotonic()),
      faultsUntilMs: Math.min(faultsUntilMs(options.virtualMs), Math.round(clock.monotonic())),
      faults: carried.happened,
      transitions: telling.transitions,
      backlog: checks.backlog,
      balances,
      violations: telling.violations,
      command: options.command(only),
      trail: null,
    };
  } finally {
    process.off('unhandledRejection', unheard);
  }
}

function assertKinds(plans: readonly Plan[]): void {
  for (const { file, actors } of plans) {
    const strange = actors.find(({ kind }) => !simulatedKinds.has(kind.name));
    if (!strange) continue;
    throw new FogrunError(
      'sim-kind-unknown',
      `${file}: the actor ${strange.name} is a ${strange.kind.name}, which cannot be simulated`,
    );
  }
}

function endAfter(faults: readonly PlannedFault[], virtualMs: number): number {
  const lastMs = Math.max(minutes, ...faults.map(({ untilMs }) => untilMs));
  return Math.min(virtualMs, lastMs + settleMs.min);
}

/** Sources first, then those they serve; afterwards nothing may be left that could still do something. */
async function endInOrder({ clock, network, processes, feedings, telling }: World): Promise<void> {
  for (const feeding of feedings) feeding.stop();
  const order = processes.toSorted((a, b) => Number(a.role === 'cloud') - Number(b.role === 'cloud'));
  const lives = order.flatMap((each) => (each.life ? [{ name: each.name, life: each.life }] : []));
  for (const each of order) {
    try {
      const problem = await clock.until(each.drain(), 4 * drainDeadlineMs);
      if (problem)
        telling.violate('orderly-end', each.name, `ended with ${problem.code}: ${problem.message}`);
    } catch (thrown) {
      telling.violate('orderly-end', each.name, `did not end: ${(thrown as Error).message}`);
    }
  }
  await clock.advance(lingerMs);
  for (const { name, life } of lives) {
    if (life.clock.pending === 0) continue;
    telling.violate('no-leaks', name, `${life.clock.pending} timers run on after its orderly end`);
  }
  const open = network.pairs.filter(({ isOpen }) => isOpen).length;
  if (open > 0) telling.violate('no-leaks', 'world', `${open} connections are open after the end`);
}
