/** Which faults a simulated world is to meet, and when: decided by the seed before anything runs. */
import type { Random } from '../contract/clock.ts';
import { formatDuration } from '../domain/quantities.ts';
import { pick, seededRandom, spread } from './random.ts';
import type { FaultKind, SimFault } from './run.ts';

/** What each kind of fault may look like. */
export const faultWays = {
  partition: ['silence', 'reset', 'refusal', 'mid-frame', 'half-open'],
  crash: ['written', 'unwritten'],
  'power-cut': ['one', 'all'],
  'disk-full': ['full'],
  'slow-disk': ['slow'],
  'clock-jump': ['back', 'ahead'],
  corruption: ['segment'],
  // The earlier ones are more frequent.
  clone: ['copy', 'edge-restored', 'cloud-restored', 'cloud-wiped'],
} as const satisfies Record<FaultKind, readonly string[]>;

export type FaultWay = (typeof faultWays)[FaultKind][number];

export interface PlannedFault extends Omit<SimFault, 'untilMs'> {
  /** From 1, by time: what `--only` names. */
  readonly number: number;
  readonly way: FaultWay;
  /** When it is over; where it is over at once, the same as `atMs`. */
  readonly untilMs: number;
  /** The edges or processes that it is about. */
  readonly about: readonly string[];
}

/** A simulated process, as far as the choice of faults goes. */
export interface Target {
  readonly name: string;
  readonly role: 'edge' | 'cloud' | null;
}

export interface FaultPlanOptions {
  readonly seed: number;
  readonly kinds: readonly FaultKind[];
  readonly targets: readonly Target[];
  /** The last fault is over by then, ms. */
  readonly untilMs: number;
}

/** One of a kind comes about this often. */
const oftenMs = 45 * 60_000;
/** Copies of disks are rare, and each is one more past to tell apart. */
const cloneOftenMs = 5 * oftenMs;
const minutes = 60_000;
const longestMs: Readonly<Record<FaultKind, number>> = {
  partition: 60 * minutes,
  // A supervisor does not wait for long.
  crash: 30_000,
  'power-cut': 30 * minutes,
  'disk-full': 60 * minutes,
  'slow-disk': 30 * minutes,
  'clock-jump': 120 * minutes,
  corruption: 1_000,
  clone: 30 * minutes,
};
/** Everything gets to know each other before the first fault. */
const quietMs = 20_000;

const days = 86_400_000;

/** Oldest first, the same for the same options; those of one kind do not depend on which other kinds there are. */
export function planFaults(options: FaultPlanOptions): PlannedFault[] {
  const planned = options.kinds.flatMap((kind) => faultsOfKind(kind, options));
  return duringOutages(planned, options)
    .toSorted((a, b) => a.atMs - b.atMs)
    .map((fault, index) => ({ ...fault, number: index + 1 }));
}

/** Most bits flip while something waits on the edge: else there is nothing to hit. */
function duringOutages(
  planned: readonly Omit<PlannedFault, 'number'>[],
  { seed }: FaultPlanOptions,
): readonly Omit<PlannedFault, 'number'>[] {
  const random = seededRandom(seed, 'outages');
  return planned.map((fault) => {
    if (fault.kind !== 'corruption' || random.next() < 0.3) return fault;
    const [edge] = fault.about;
    const outages = planned.filter(
      ({ kind, about, atMs, untilMs }) =>
        (kind === 'partition' || kind === 'power-cut') && about.includes(edge!) && untilMs > atMs,
    );
    if (outages.length === 0) return fault;
    const { atMs, untilMs } = pick(outages, random);
    const at = Math.floor(atMs + random.next() * (untilMs - atMs));
    return { ...fault, atMs: at, untilMs: at };
  });
}

function faultsOfKind(
  kind: FaultKind,
  { seed, targets, untilMs }: FaultPlanOptions,
): Omit<PlannedFault, 'number'>[] {
  const random = seededRandom(seed, `faults ${kind}`);
  const spanMs = untilMs - quietMs;
  if (spanMs <= 0) return [];
  const often = kind === 'clone' ? cloneOftenMs : oftenMs;
  const count = 1 + Math.floor(random.next() * (1 + 2 * (spanMs / often)));
  return Array.from({ length: count }, () => {
    const ways: readonly FaultWay[] = faultWays[kind];
    const chance = kind === 'clone' ? random.next() ** 2 : random.next();
    const way = ways[Math.floor(chance * ways.length)]!;
    const atMs = Math.floor(quietMs + random.next() * spanMs * 0.9);
    const lengthMs = Math.floor(Math.min(spread(1_000, longestMs[kind], random), (untilMs - atMs) * 0.9));
    const made = describe(kind, way, targets, lengthMs, random);
    return made ? [{ kind, way, atMs, untilMs: atMs + (made.lasts ? lengthMs : 0), ...made.fault }] : [];
  }).flat();
}

interface Made {
  readonly fault: Pick<PlannedFault, 'about' | 'target' | 'text'>;
  readonly lasts: boolean;
}

/** `null` when there is nothing that it could hit. */
function describe(
  kind: FaultKind,
  way: FaultWay,
  targets: readonly Target[],
  lengthMs: number,
  random: Random,
): Made | null {
  const edges = targets.filter(({ role }) => role === 'edge').map(({ name }) => name);
  const clouds = targets.filter(({ role }) => role === 'cloud').map(({ name }) => name);
  const stores = [...edges, ...clouds];
  const everybody = targets.map(({ name }) => name);
  const lasting = formatDuration(Math.max(1_000, Math.round(lengthMs / 1_000) * 1_000));
  const one = (among: readonly string[], text: (name: string) => string, lasts: boolean): Made | null => {
    if (among.length === 0) return null;
    const name = pick(among, random);
    return { fault: { about: [name], target: name, text: text(name) }, lasts };
  };
  switch (kind) {
    case 'partition': {
      if (edges.length === 0 || clouds.length === 0) return null;
      const cloud = pick(clouds, random);
      const all = edges.length > 1 && random.next() < 0.5;
      const about = all ? edges : [pick(edges, random)];
      const target = `${all ? 'all edges' : about[0]} ↔ ${cloud}`;
      const lasts = way !== 'mid-frame' && way !== 'half-open';
      return {
        fault: { about: [...about, cloud], target, text: partitionText(way, target, lasting) },
        lasts,
      };
    }
    case 'crash':
      return one(everybody, (name) => `${name} is killed; restarted after ${lasting}`, true);
    case 'power-cut':
      return way === 'all'
        ? {
            fault: { about: everybody, target: 'all', text: `the power of all goes for ${lasting}` },
            lasts: true,
          }
        : one(everybody, (name) => `the power of ${name} goes for ${lasting}`, true);
    case 'disk-full':
      return one(stores, (name) => `the disk of ${name} has no room for ${lasting}`, true);
    case 'slow-disk':
      return one(stores, (name) => `the disk of ${name} takes up to 3s a write for ${lasting}`, true);
    case 'clock-jump': {
      const jump = way === 'back' ? '30 days back' : '2 days ahead';
      return one(everybody, (name) => `the clock of ${name} goes ${jump} for ${lasting}`, true);
    }
    case 'corruption':
      return one(edges, (name) => `a bit flips in what ${name} keeps for the cloud`, false);
    case 'clone':
      switch (way) {
        case 'copy':
          return one(edges, (name) => `a copy of the disk of ${name} runs beside it for ${lasting}`, true);
        case 'edge-restored':
          return one(edges, (name) => `${name} gets its disk of ${lasting} ago back`, true);
        case 'cloud-restored':
          return one(clouds, (name) => `${name} gets its disk of ${lasting} ago back`, true);
        default:
          return one(clouds, (name) => `${name} begins again with an empty disk`, false);
      }
  }
}

function partitionText(way: FaultWay, target: string, lasting: string): string {
  switch (way) {
    case 'silence':
      return `nothing gets through, ${target}, and nobody is told, for ${lasting}`;
    case 'reset':
      return `connections break and cannot be made, ${target}, for ${lasting}`;
    case 'refusal':
      return `connections are refused, ${target}, for ${lasting}`;
    case 'mid-frame':
      return `connections break in the middle of a frame, ${target}`;
    default:
      return `connections fall silent while new ones can be made, ${target}`;
  }
}

/** How far a clock jumps, ms. */
export function jumpOf(way: FaultWay): number {
  return way === 'back' ? -30 * days : 2 * days;
}
