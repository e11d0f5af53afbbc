/** What the table of a fleet says of one edge. */

import { actorToldMs, type EdgeActorState } from '../../../contract/fleet.ts';
import { printable } from '../../../domain/text.ts';
import { count, size, span } from '../shared/figures.ts';
import { Ago, Pill } from '../shared/parts.tsx';
import { asOf, type Column, concernText, type FleetRow } from './rows.ts';

export interface CellProps {
  readonly row: FleetRow;
  readonly nowMs: number;
}

const dayMs = 86_400_000;

function Connection({ row, nowMs }: CellProps) {
  const { session, sessionState, lastWordMs } = row.edge;
  if (session !== null) return <Pill tone="well">{sessionState ?? 'connected'}</Pill>;
  if (!row.concerns.includes('silent')) return <Pill tone="held">away</Pill>;
  return <Pill tone="trouble">silent{lastWordMs === null ? '' : ` ${shortSpan(nowMs - lastWordMs)}`}</Pill>;
}

/** `26 m` for `26 m 40 s`. */
const shortSpan = (ms: number) => span(ms).replace(/^(\S+ \S+) .*$/, '$1');

const isWrong = ({ health }: EdgeActorState) => health === 'trouble' || health === 'failed';

function Actors({ row, nowMs }: CellProps) {
  const { actors, session } = row.edge;
  if (actors.length === 0) return <span class="quiet">says nothing</span>;
  const all = actors.map(
    (each) =>
      `${printable(each.actor)} ${printable(each.state)}, ${asOf(row.edge, actorToldMs(row.edge, each), nowMs)}`,
  );
  const wrong = actors.filter(isWrong);
  if (wrong.length === 0) {
    return (
      <span class="fleet-actors quiet" title={all.join('\n')}>
        {actors.map(({ state }) => printable(state)).join(' · ')}
      </span>
    );
  }
  const { actor, state, health } = wrong[0]!;
  return (
    <span class="fleet-actors" title={all.join('\n')}>
      <Pill tone={session === null ? 'stale' : health}>
        {printable(actor)} {printable(state)}
      </Pill>
      {wrong.length > 1 && <small> +{wrong.length - 1}</small>}
    </span>
  );
}

function Backlog({ row, nowMs }: CellProps) {
  const { backlog } = row.edge;
  if (!backlog) return <>–</>;
  const told = asOf(row.edge, backlog.atMs, nowMs);
  if (backlog.readings === 0) {
    return (
      <span class="quiet" title={told}>
        none
      </span>
    );
  }
  return (
    <span title={`${size(backlog.bytes)}, ${told}`}>
      {count(backlog.readings)}
      {row.backlogAgeMs !== null && <span class="quiet"> · {span(row.backlogAgeMs)}</span>}
    </span>
  );
}

/** `+12 ms`, `−1 m 35 s`. */
export function offsetText(offsetMs: number): string {
  const sign = offsetMs < 0 ? '−' : '+';
  const ms = Math.abs(offsetMs);
  return `${sign}${ms < 1_000 ? `${Math.round(ms)} ms` : ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : span(ms)}`;
}

function Clock({ row }: CellProps) {
  const { clockOffsetMs } = row.edge;
  if (clockOffsetMs === null) return <>–</>;
  const text = offsetText(clockOffsetMs);
  if (!row.concerns.includes('clock')) return <span class="quiet">{text}</span>;
  return <Warned>{text}</Warned>;
}

/** `in 12 d`, `over for 3 d`. */
export function certificateText(untilMs: number, nowMs: number): string {
  const days = Math.floor(Math.abs(untilMs - nowMs) / dayMs);
  const far = days === 0 ? span(Math.abs(untilMs - nowMs)) : `${count(days)} d`;
  return untilMs <= nowMs ? `over for ${far}` : `in ${far}`;
}

function Certificate({ row, nowMs }: CellProps) {
  const { certificateUntilMs } = row.edge;
  if (certificateUntilMs === null) return <>–</>;
  const text = certificateText(certificateUntilMs, nowMs);
  const isOver = row.concerns.includes('certificate-over');
  if (isOver || row.concerns.includes('certificate')) return <Warned isGrave={isOver}>{text}</Warned>;
  return <span class="quiet">{text}</span>;
}

function Warned({ children, isGrave = false }: { children: string; isGrave?: boolean }) {
  return (
    <span class="fleet-warned" data-tone={isGrave ? 'trouble' : 'held'}>
      <span aria-hidden="true">▲ </span>
      {children}
    </span>
  );
}

export const lostText = ({ edge }: FleetRow): string =>
  Object.entries(edge.lost)
    .filter(([reason, readings]) => reason !== 'epoch' && readings > 0)
    .map(([reason, readings]) => `${count(readings)} ${reason}`)
    .join(', ');

function Lost({ row }: CellProps) {
  if (row.lost === 0) return <span class="quiet">0</span>;
  return <span title={lostText(row)}>{count(row.lost)}</span>;
}

/** A version as people say it; foreign text. */
export const versionText = (agent: string | null): string =>
  agent === null ? '–' : printable(agent.replace(/^fogrun\//, ''), 24);

export const columns: readonly {
  readonly id: Exclude<Column, 'edge'>;
  readonly title: string;
  readonly Cell: (props: CellProps) => preact.JSX.Element;
}[] = [
  { id: 'connection', title: 'Connection', Cell: Connection },
  { id: 'actors', title: 'Says of itself', Cell: Actors },
  { id: 'backlog', title: 'Backlog', Cell: Backlog },
  {
    id: 'word',
    title: 'Last word',
    Cell: ({ row, nowMs }) => <Ago atMs={row.edge.lastWordMs} nowMs={nowMs} />,
  },
  { id: 'version', title: 'Version', Cell: ({ row }) => <>{versionText(row.edge.agent)}</> },
  { id: 'clock', title: 'Clock', Cell: Clock },
  { id: 'certificate', title: 'Certificate', Cell: Certificate },
  { id: 'lost', title: 'Lost', Cell: Lost },
  { id: 'readings', title: 'Readings', Cell: ({ row }) => <>{count(row.edge.readings)}</> },
];

/** All that needs attention, in words. */
export const concernsText = (row: FleetRow, nowMs: number): string =>
  row.concerns.map((concern) => concernText(row, concern, nowMs)).join('; ');
