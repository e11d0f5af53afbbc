/** A fleet as rows of a table: what of each edge needs somebody's attention, and how rows are found and ordered. */
import { type EdgeSummary, isClockOff, wordAgeMs } from '../../../contract/fleet.ts';
import type { GapReason } from '../../../domain/gap.ts';
import { count, counted, span } from '../shared/figures.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** An edge that was not heard for longer than this is called lost. */
const silentMs = 5 * minuteMs;
/** Readings that waited for longer than this at a connected edge do not just pass through. */
const backlogMs = minuteMs;
const certificateMs = 30 * dayMs;

export type Concern =
  | 'away'
  | 'silent'
  | 'trouble'
  | 'backlog'
  | 'clock'
  | 'certificate'
  | 'certificate-over';

export interface FleetRow {
  readonly edge: EdgeSummary;
  /** Most pressing first; empty when all is well. */
  readonly concerns: readonly Concern[];
  /** How long its oldest reading has waited, by its own word and clock; `null` when nothing waits or it never said. */
  readonly backlogAgeMs: number | null;
  /** Readings that will never come. */
  readonly lost: number;
  /** What a search looks at, in lower case. */
  readonly searched: string;
}

const lostReasons: readonly GapReason[] = ['missed', 'dropped', 'discarded', 'refused', 'corrupt'];

export function rowOf(edge: EdgeSummary, nowMs: number): FleetRow {
  const { backlog, lastWordMs, session, clockOffsetMs, certificateUntilMs, actors } = edge;
  const concerns: Concern[] = [];
  if (session === null) {
    const isSilent = lastWordMs === null || nowMs - lastWordMs > silentMs;
    concerns.push(isSilent ? 'silent' : 'away');
  }
  // What an edge that is away last said of itself is not what it is now.
  else if (actors.some(({ health }) => health === 'trouble' || health === 'failed')) concerns.push('trouble');
  const backlogAgeMs =
    backlog?.oldestMs === null || backlog?.oldestMs === undefined || backlog.readings === 0
      ? null
      : Math.max(0, backlog.atMs - backlog.oldestMs);
  if (backlogAgeMs !== null && backlogAgeMs > backlogMs) concerns.push('backlog');
  if (clockOffsetMs !== null && isClockOff(clockOffsetMs)) concerns.push('clock');
  if (certificateUntilMs !== null) {
    if (certificateUntilMs <= nowMs) concerns.push('certificate-over');
    else if (certificateUntilMs - nowMs < certificateMs) concerns.push('certificate');
  }
  const lost = lostReasons.reduce((sum, reason) => sum + (edge.lost[reason] ?? 0), 0);
  const words = [edge.edge, edge.agent, edge.session, edge.sessionState, ...actors.map(({ state }) => state)];
  return { edge, concerns, backlogAgeMs, lost, searched: words.join('\n').toLowerCase() };
}

export type Column =
  | 'edge'
  | 'connection'
  | 'actors'
  | 'backlog'
  | 'word'
  | 'version'
  | 'clock'
  | 'certificate'
  | 'lost'
  | 'readings';

export interface Order {
  readonly column: Column;
  readonly down: boolean;
}

export interface Wish {
  readonly text: string;
  readonly onlyConcerns: boolean;
  readonly order: Order;
}

const names = new Intl.Collator('en', { numeric: true });

const healthRank = { failed: 4, trouble: 3, paused: 2, ended: 1, well: 0 } as const;

/** What an order goes by; `null` stands last, whichever way. */
function measure({ edge, concerns, backlogAgeMs, lost }: FleetRow, column: Column): number | string | null {
  if (column === 'edge') return edge.edge;
  if (column === 'connection') {
    if (edge.session === null) return concerns.includes('silent') ? 2 : 1;
    return 0;
  }
  if (column === 'actors') {
    if (edge.actors.length === 0) return null;
    return Math.max(...edge.actors.map(({ health }) => healthRank[health]));
  }
  if (column === 'backlog')
    return edge.backlog === null ? null : (backlogAgeMs ?? 0) + edge.backlog.bytes / 1e9;
  if (column === 'word') return edge.lastWordMs;
  if (column === 'version') return edge.agent;
  if (column === 'clock') return edge.clockOffsetMs === null ? null : Math.abs(edge.clockOffsetMs);
  if (column === 'certificate') return edge.certificateUntilMs;
  return column === 'lost' ? lost : edge.readings;
}

/** The way that a column is ordered first: what needs somebody stands on top. */
export const downAtFirst = (column: Column): boolean =>
  !['edge', 'version', 'word', 'certificate'].includes(column);

/** The rows that are wished for, in that order; of equal ones the name decides. */
export function pick(rows: readonly FleetRow[], { text, onlyConcerns, order }: Wish): readonly FleetRow[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const measured = rows
    .filter((row) => !onlyConcerns || row.concerns.length > 0)
    .filter(({ searched }) => words.every((word) => searched.includes(word)))
    .map((row) => ({ row, by: measure(row, order.column) }));
  measured.sort((a, b) => {
    const first = compare(a.by, b.by, order.down);
    return first !== 0 ? first : names.compare(a.row.edge.edge, b.row.edge.edge);
  });
  return measured.map(({ row }) => row);
}

function compare(a: number | string | null, b: number | string | null, down: boolean): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  const way = typeof a === 'number' && typeof b === 'number' ? a - b : names.compare(String(a), String(b));
  return down ? -way : way;
}

/** `1,000 edges: 994 connected, 4 not heard of for more than 5 min, 2 waiting with a backlog`. */
export function summaryOf(rows: readonly FleetRow[]): string {
  const having = (...some: readonly Concern[]) =>
    rows.filter(({ concerns }) => concerns.some((concern) => some.includes(concern))).length;
  const connected = rows.filter(({ edge }) => edge.session !== null).length;
  const parts: readonly [number, string][] = [
    [having('away'), 'gone a moment ago'],
    [having('silent'), 'not heard of for more than 5 min'],
    [having('trouble'), 'in trouble'],
    [having('backlog'), 'waiting with a backlog'],
    [having('clock'), 'with a clock that is off'],
    [having('certificate', 'certificate-over'), 'with a certificate at its end'],
  ];
  const rest = parts.filter(([some]) => some > 0).map(([some, what]) => `${count(some)} ${what}`);
  const all = connected === rows.length && rows.length > 1 ? 'all' : count(connected);
  return `${counted(rows.length, 'edge')}: ${[`${all} connected`, ...rest].join(', ')}`;
}

/** `as of 3 m 10 s ago`, for what an edge said at that time of its own clock. */
export const asOf = (edge: EdgeSummary, atMs: number, nowMs: number): string =>
  `as of ${span(wordAgeMs(edge, atMs, nowMs))} ago`;

/** Says in words what needs attention, for a row's tooltip and its page. */
export function concernText(row: FleetRow, concern: Concern, nowMs: number): string {
  const { edge, backlogAgeMs } = row;
  const wrong = edge.actors.find(({ health }) => health === 'trouble' || health === 'failed');
  if (concern === 'away') return `not connected; its last word came ${span(nowMs - edge.lastWordMs!)} ago`;
  if (concern === 'silent') {
    if (edge.lastWordMs === null) return 'not connected, and not heard of since this cloud was started';
    return `not heard of for ${span(nowMs - edge.lastWordMs)}`;
  }
  if (concern === 'trouble')
    return `${wrong!.actor} is ${wrong!.state}${wrong!.cause ? `: ${wrong!.cause}` : ''}`;
  if (concern === 'backlog') {
    return `${counted(edge.backlog!.readings, 'reading')} waited there, the oldest for ${span(backlogAgeMs)}, ${asOf(edge, edge.backlog!.atMs, nowMs)}`;
  }
  if (concern === 'clock') {
    const offsetMs = edge.clockOffsetMs!;
    return `its clock is ${span(Math.abs(offsetMs))} ${offsetMs > 0 ? 'ahead' : 'behind'}`;
  }
  if (concern === 'certificate-over') return 'its certificate has ended';
  return `its certificate ends in ${span(edge.certificateUntilMs! - nowMs)}`;
}
