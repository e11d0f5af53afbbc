/** What a simulation was and what came of it, as text for a terminal. */
import { formatDuration } from '../domain/quantities.ts';
import { counted, escapeControls } from '../domain/text.ts';
import { type FaultKind, faultKinds, type SimBalance, type SimRun, type SimTrail } from './run.ts';

/** @param realMs what it took on this machine; left out where it is not known */
export function summaryOf(run: SimRun, realMs?: number): string {
  const lines = [
    headline(run),
    timeLine(run, realMs),
    faultsLine(run),
    ...balanceLines(run.balances),
    ...(run.violations.length > 0 ? failureLines(run) : []),
  ];
  return lines.map((line) => `${escapeControls(line)}\n`).join('');
}

function headline({ seed, files, edges, violations }: SimRun): string {
  const what = `${files.join(' ')} · ${counted(edges, 'edge')} · seed ${seed}`;
  const verdict =
    violations.length === 0
      ? 'all invariants held'
      : `violated: ${[...new Set(violations.map(({ invariant }) => invariant))].join(', ')}`;
  return `${verdict} · ${what}`;
}

function timeLine({ virtualMs }: SimRun, realMs?: number): string {
  const virtual = `${roughly(virtualMs)} of virtual time`;
  if (realMs === undefined) return virtual;
  return `${virtual} in ${(realMs / 1_000).toFixed(1)} s: ${Math.round(virtualMs / realMs)} times as fast`;
}

function faultsLine({ faults }: SimRun): string {
  const numbers = faultKinds
    .map((kind: FaultKind) => ({ kind, count: faults.filter((fault) => fault.kind === kind).length }))
    .filter(({ count }) => count > 0);
  if (numbers.length === 0) return 'no faults';
  const total = counted(faults.length, 'fault');
  return `${total}: ${numbers.map(({ kind, count }) => `${count} ${kind}`).join(', ')}`;
}

const columns = ['process', 'accepted', 'stored', 'on the edge', 'in gaps', 'missed', 'gone with a disk'];

function balanceLines(balances: readonly SimBalance[]): string[] {
  const rows = balances.map(({ process, accepted, stored, held, gaps, missed, goneWithDisk = 0 }) => [
    process,
    accepted,
    stored,
    held,
    gapText(gaps),
    missed,
    goneWithDisk,
  ]);
  if (rows.length === 0) return [];
  const anyGone = balances.some(({ goneWithDisk = 0 }) => goneWithDisk > 0);
  const cells = [columns, ...rows].map((row) => row.slice(0, anyGone ? undefined : -1).map(String));
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[at]!))).join('  ');
  return ['', ...cells.map(line)];
}

function gapText(gaps: Readonly<Record<string, number>>): string {
  const told = Object.entries(gaps).map(([reason, count]) => `${count} ${reason}`);
  return told.length === 0 ? '0' : told.join(', ');
}

function failureLines({ violations, trail, command }: SimRun): string[] {
  const told = violations.map(
    ({ atMs, invariant, process, text }) => `  ${timeOf(atMs)}  ${process}  ${invariant}: ${text}`,
  );
  return [
    '',
    'Violations',
    ...told,
    ...(trail ? trailLines(trail) : []),
    '',
    `Repeat it: ${trail?.command ?? command}`,
  ];
}

function trailLines({ faults, transitions }: SimTrail): string[] {
  const lines = [
    ...faults.map(({ atMs, kind, text }) => ({ atMs, line: `${kind}: ${text}` })),
    ...transitions.map(({ atMs, process, actor, from, to, event, cause }) => ({
      atMs,
      line: `${process}/${actor} ${from} → ${to} (${event})${cause ? ` · ${cause.code}: ${cause.message}` : ''}`,
    })),
  ].toSorted((a, b) => a.atMs - b.atMs);
  return [
    '',
    'The shortest way to it that was found',
    ...lines.map(({ atMs, line }) => `  ${timeOf(atMs)}  ${line}`),
  ];
}

/** Hours, minutes, seconds and ms of virtual time. */
function timeOf(atMs: number): string {
  const days = Math.floor(atMs / 86_400_000);
  const clock = new Date(Math.floor(atMs)).toISOString().slice(11, 23);
  return days === 0 ? clock : `${days}d ${clock}`;
}

function roughly(ms: number): string {
  return formatDuration(ms >= 60_000 ? Math.round(ms / 60_000) * 60_000 : Math.max(1, Math.round(ms)));
}
