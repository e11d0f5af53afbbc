/** What `fogrun fleet` prints: a line for each edge, or the past of one. */
import {
  type EdgeActorState,
  type EdgeSummary,
  type EdgeTransition,
  isClockOff,
  wordAgeMs,
} from '../contract/fleet.ts';
import { formatDuration } from '../domain/quantities.ts';
import { escapeControls, printable } from '../domain/text.ts';
import { count, lostText, size, span } from '../terminal/figures.ts';
import { columnsText } from './columns.ts';

const titles = [
  'EDGE',
  'LINK',
  'LAST WORD',
  'ACTORS',
  'BACKLOG',
  'READINGS',
  'LOST',
  'CLOCK',
  'CERTIFICATE',
  'PROGRAM',
];
/** Numbers stand on the right. */
const rightAligned = new Set([2, 5]);

/** The table as of `nowMs` on the cloud's clock. Whatever is foreign in it is escaped. */
export function fleetTable(edges: readonly EdgeSummary[], nowMs: number): string {
  const rows = edges.map((edge) => cells(edge, nowMs).map((text) => escapeControls(text)));
  return columnsText(titles, rows, rightAligned);
}

function cells(edge: EdgeSummary, nowMs: number): string[] {
  const { backlog, lastWordMs, clockOffsetMs, certificateUntilMs, agent } = edge;
  const ago = (ms: number | null) => (ms === null ? '-' : `${span(nowMs - ms)} ago`);
  return [
    edge.edge,
    edge.session === null ? 'away' : (edge.sessionState ?? 'connected'),
    ago(lastWordMs),
    actorsText(edge.actors),
    backlog === null ? '-' : `${backlogText(backlog)}, ${span(wordAgeMs(edge, backlog.atMs, nowMs))} ago`,
    count(edge.readings),
    lostText(edge.lost) || '-',
    clockOffsetMs === null ? '-' : offsetText(clockOffsetMs),
    certificateUntilMs === null ? '-' : untilText(certificateUntilMs - nowMs),
    agent === null ? '-' : printable(agent, 40),
  ];
}

function backlogText({ readings, bytes }: NonNullable<EdgeSummary['backlog']>): string {
  return readings === 0 ? '0' : `${count(readings)} · ${size(bytes)}`;
}

/** Who is not well, or in a word how all are. */
function actorsText(actors: readonly EdgeActorState[]): string {
  if (actors.length === 0) return '-';
  if (actors.every(({ health }) => health === 'ended')) return 'ended';
  const some = actors.filter(({ health }) => health !== 'well' && health !== 'ended');
  if (some.length === 0) return 'well';
  const named = some.slice(0, 2).map(({ actor, state }) => `${actor} ${state}`);
  return some.length > 2 ? `${named.join(', ')} and ${some.length - 2} more` : named.join(', ');
}

function offsetText(offsetMs: number): string {
  if (!isClockOff(offsetMs)) return 'right';
  return `${formatDuration(Math.round(Math.abs(offsetMs) / 1_000) * 1_000)} ${offsetMs > 0 ? 'ahead' : 'behind'}`;
}

function untilText(leftMs: number): string {
  return leftMs <= 0 ? `ended ${span(-leftMs)} ago` : `for ${span(leftMs)}`;
}

/** Oldest first, a line each, times as the edge had them. */
export function historyText(transitions: readonly EdgeTransition[]): string {
  const width = Math.min(40, Math.max(0, ...transitions.map(({ actor }) => actor.length)));
  const lines = transitions.map(({ timeMs, actor, from, to, cause, attempt, retryInMs }) => {
    const parts = [`${from} → ${to}`];
    if (cause !== null) parts.push(cause);
    if (attempt !== null) parts.push(`attempt ${attempt}`);
    if (retryInMs !== null) parts.push(`retry in ${formatDuration(retryInMs)}`);
    return escapeControls(`${timeOf(timeMs)}  ${actor.padEnd(width)}  ${parts.join(' · ')}`);
  });
  return lines.map((line) => `${line}\n`).join('');
}

function timeOf(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : 'an unknown time';
}
