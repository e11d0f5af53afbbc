/** What both forms of a report say in the same words. */
import { formatDuration, formatSize } from '../domain/quantities.ts';
import { counted } from '../domain/text.ts';
import { faultKinds, type SimBalance, type SimFault, type SimRun } from './run.ts';

/** `1,234,567`. */
export function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** A moment of virtual time as `hh:mm:ss`, with ms where there are any. */
export function moment(ms: number): string {
  const whole = Math.floor(ms / 1_000);
  const two = (value: number) => String(value).padStart(2, '0');
  const rest = Math.round(ms - whole * 1_000);
  const text = `${two(Math.floor(whole / 3_600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return rest === 0 ? text : `${text}.${String(rest).padStart(3, '0')}`;
}

/** A length of time in its two largest units, such as `3h 5m`. */
export function span(ms: number): string {
  if (ms === 0) return '–';
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const;
  const at = units.findIndex(([, unitMs]) => ms >= unitMs);
  if (at < 0) return formatDuration(Math.round(ms));
  const [unit, unitMs] = units[at]!;
  const next = units[at + 1];
  const first = Math.floor(ms / unitMs);
  const second = next ? Math.floor((ms - first * unitMs) / next[1]) : 0;
  return second > 0 ? `${first}${unit} ${second}${next![0]}` : `${first}${unit}`;
}

export interface Verdict {
  readonly well: boolean;
  readonly headline: string;
  readonly detail: string;
}

export function verdictOf(run: SimRun): Verdict {
  const { violations, balances } = run;
  const stored = balances.reduce((sum, one) => sum + one.stored, 0);
  if (violations.length === 0) {
    const gaps = balances.reduce((sum, one) => sum + gapsOf(one), 0);
    const held = balances.reduce((sum, one) => sum + one.held, 0);
    const gone = balances.reduce((sum, { goneWithDisk = 0 }) => sum + goneWithDisk, 0);
    const others = [
      held > 0 ? `${number(held)} still on an edge` : '',
      gaps > 0 ? `${number(gaps)} covered by gaps that say why` : '',
      gone > 0 ? `${number(gone)} gone with disks that faults took away` : '',
    ].filter((text) => text !== '');
    return {
      well: true,
      headline: 'All invariants held',
      detail: `${counted(stored, 'reading', number(stored))} in the cloud, once each and in order${
        others.length > 0 ? `; ${others.join('; ')}` : ''
      }.`,
    };
  }
  const names = [...new Set(violations.map(({ invariant }) => invariant))];
  return {
    well: false,
    headline: `Violated: ${names.join(', ')}`,
    detail: `${counted(violations.length, 'violation')}; the first at ${moment(violations[0]!.atMs)} in ${violations[0]!.process}.`,
  };
}

/** What was simulated, as names and texts. */
export function factsOf(run: SimRun): readonly (readonly [string, string])[] {
  const { files, edges, virtualMs, faultsUntilMs, faults, seed, version, transitions } = run;
  return [
    ['Pipelines', files.join(', ')],
    ['Edges', number(edges)],
    ['Virtual time', span(virtualMs)],
    ['Faults', faultsLine(faults)],
    ['Faults stop at', faults.length === 0 ? 'there are none' : moment(faultsUntilMs)],
    ['State changes', number(transitions.length)],
    ['Seed', String(seed)],
    ['fogrun', version],
  ];
}

export function faultsLine(faults: readonly SimFault[]): string {
  if (faults.length === 0) return 'none';
  const kinds = faultKinds
    .map((kind) => ({ kind, count: faults.filter((fault) => fault.kind === kind).length }))
    .filter(({ count }) => count > 0);
  return `${number(faults.length)}: ${kinds.map(({ kind, count }) => `${count} ${kind}`).join(', ')}`;
}

export function gapsOf({ gaps }: SimBalance): number {
  return Object.values(gaps).reduce((sum, count) => sum + count, 0);
}

export function gapText(balance: SimBalance): string {
  const told = Object.entries(balance.gaps).map(([reason, count]) => `${number(count)} ${reason}`);
  return told.length === 0 ? '0' : told.join(', ');
}

export const balanceColumns = [
  'process',
  'accepted',
  'in the cloud',
  'on the edge',
  'in gaps',
  'gone with a disk',
  'never accepted',
  'balanced',
] as const;

/** Each with its name; an edge whose disk was exchanged has one for each disk. */
export function balancesOf({ balances }: SimRun): readonly (readonly [string, SimBalance])[] {
  return balances.map((balance, i) => {
    const isEarlier = balances.slice(i + 1).some(({ process }) => process === balance.process);
    return [isEarlier ? `${balance.process} (an earlier disk)` : balance.process, balance];
  });
}

/** Whether every reading is somewhere, once. */
export function isBalanced(balance: SimBalance): boolean {
  const { accepted, stored, held, goneWithDisk = 0 } = balance;
  return accepted === stored + held + gapsOf(balance) + goneWithDisk;
}

export interface Backlog {
  readonly process: string;
  readonly points: readonly { readonly atMs: number; readonly readings: number }[];
  readonly most: number;
  readonly mostAtMs: number;
  readonly mostBytes: string;
  readonly last: number;
}

export function backlogsOf({ backlog }: SimRun): readonly Backlog[] {
  const names = [...new Set(backlog.map(({ process }) => process))];
  return names.map((process) => {
    const points = backlog.filter((one) => one.process === process).sort((a, b) => a.atMs - b.atMs);
    const most = points.reduce((best, one) => (one.readings > best.readings ? one : best));
    return {
      process,
      points,
      most: most.readings,
      mostAtMs: most.atMs,
      mostBytes: formatSize(Math.max(...points.map(({ bytes }) => bytes))),
      last: points.at(-1)!.readings,
    };
  });
}

/** Round moments for an axis, at most `most` of them, with their texts. */
export function ticksOf(
  virtualMs: number,
  most: number,
): readonly { readonly atMs: number; readonly text: string }[] {
  const steps = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];
  const days = [172_800, 604_800, 2_592_000];
  const stepMs = 1_000 * ([...steps, ...days].find((s) => virtualMs / (1_000 * s) < most) ?? 31_536_000);
  const count = Math.floor(virtualMs / stepMs);
  return Array.from({ length: count + 1 }, (_, i) => ({
    atMs: i * stepMs,
    text: i === 0 ? '0' : axisText(i * stepMs, virtualMs),
  }));
}

/** Two days are still read in hours. */
function axisText(atMs: number, virtualMs: number): string {
  return atMs >= 86_400_000 && virtualMs <= 172_800_000 ? `${atMs / 3_600_000}h` : span(atMs);
}
