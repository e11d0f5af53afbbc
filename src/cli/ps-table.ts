/** What `fogrun ps` prints: a line for each pipeline, and below it one for each of its actors, in columns. */
import { styleText } from 'node:util';
import type { ActorStatus, PipelineStatus, Waiting } from '../contract/status.ts';
import { escapeControls } from '../domain/text.ts';
import { count, countdown, counted, lostText, rate, size, span } from '../terminal/figures.ts';
import { cellsOf, cut } from '../terminal/width.ts';

export interface TableOptions {
  /** Cells of a line; `null` for as many as it takes. */
  readonly columns: number | null;
  readonly colour: boolean;
}

type Style = Parameters<typeof styleText>[0];

interface Cell {
  readonly text: string;
  readonly style?: Style;
}

const nothing: Cell = { text: '-', style: 'gray' };
type Title = 'ACTOR' | 'STATE' | 'SINCE' | 'RATE' | 'BACKLOG' | 'LAST ERROR' | 'RETRY' | 'PROCESS';
type Row = Readonly<Record<Title, Cell>> & { readonly alarm: string | null };

const wide: readonly Title[] = ['ACTOR', 'STATE', 'SINCE', 'RATE', 'BACKLOG', 'LAST ERROR', 'RETRY'];
/** Where lines are narrow, what went wrong stands in a line of its own below its actor. */
const narrow: readonly Title[] = ['ACTOR', 'STATE', 'SINCE', 'RATE', 'BACKLOG'];
const right: ReadonlySet<Title> = new Set<Title>(['SINCE', 'RATE']);
/** Who gives way first, and how far. */
const shrinkable: readonly (readonly [Title, number])[] = [
  ['LAST ERROR', 24],
  ['BACKLOG', 10],
  ['STATE', 8],
  ['ACTOR', 12],
];
const errorCellsMax = 100;
/** Where nobody says how wide lines may be. */
const errorCellsUnbound = 60;
/** An error that is over is shown for so long. */
const overMsMax = 5 * 60_000;
const gap = '  ';

const tones: Readonly<Record<ActorStatus['health'], Style>> = {
  well: 'green',
  paused: 'cyan',
  trouble: 'yellow',
  failed: 'red',
  ended: 'gray',
};

/** Every line ends with a line feed. Whatever is foreign in it is escaped. */
export function statusTable(statuses: readonly PipelineStatus[], options: TableOptions): string {
  const { columns } = options;
  const placed = statuses.some(({ actors }) => actors.some(({ process }) => process !== null));
  const rows = statuses.map((status) => status.actors.map((actor) => actorRow(status, actor, columns)));
  const shownIn = (titles: readonly Title[]): readonly Title[] => (placed ? [...titles, 'PROCESS'] : titles);
  const layout = (titles: readonly Title[]) => widthsOf(shownIn(titles), rows.flat(), columns);
  const full = layout(wide);
  const isNarrow = columns !== null && (total(full) > columns || gaveWay(full, rows.flat()));
  const widths = isNarrow ? layout(narrow) : full;
  const lines: string[] = [];
  for (const [i, status] of statuses.entries()) {
    if (i > 0) lines.push('');
    lines.push(headline(status, options));
    lines.push(lineOf(widths, heading, options));
    for (const row of rows[i]!) {
      lines.push(lineOf(widths, row, options));
      const { alarm } = row;
      if (alarm)
        lines.push(
          painted(cut(`    ! ${alarm}`, columns ?? Number.POSITIVE_INFINITY), 'red', options.colour),
        );
      const { RETRY: when, 'LAST ERROR': error } = row;
      if (!isNarrow || (when === nothing && error === nothing)) continue;
      const words = [when, error].filter((cell) => cell !== nothing).map(({ text }) => text);
      const text = cut(`    ${words.join(' · ')}`, columns);
      lines.push(painted(text, error.style, options.colour));
    }
    if (status.actorsLeftOut > 0) {
      const more = `… and ${count(status.actorsLeftOut)} more that belong to others`;
      lines.push(cut(more, columns ?? Number.POSITIVE_INFINITY));
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

const heading = Object.fromEntries(
  [...wide, 'PROCESS'].map((title) => [title, { text: title, style: 'bold' }]),
) as unknown as Row;

/** `edge · edge-7f3a · pid 1234 · up 4m12s · store open, 1.2 MiB of 256 MiB`. */
function headline(status: PipelineStatus, { columns, colour }: TableOptions): string {
  const { pipeline, edge, pid, startedMs, nowMs, store, ending } = status;
  const parts = [pipeline];
  if (edge !== null) parts.push(`edge ${edge}`);
  parts.push(`pid ${pid}`, `up ${span(nowMs - startedMs)}`);
  if (store) {
    parts.push(`store ${store.state}, ${size(store.bytes)} of ${size(store.bytesMax)}`);
    if (store.letters?.letters) parts.push(counted(store.letters.letters, 'dead letter'));
    const lost = lostText(store.lost);
    if (lost !== '') parts.push(`gaps: ${lost}`);
    if (store.cause) parts.push(`${store.cause.code}: ${store.cause.message}`);
  }
  if (ending) parts.push('ending');
  const text = cut(escapeControls(parts.join(' · ')), columns ?? Number.POSITIVE_INFINITY);
  return painted(text, store?.state === 'failed' ? 'red' : ending ? 'yellow' : 'cyan', colour);
}

function actorRow({ pipeline, nowMs }: PipelineStatus, actor: ActorStatus, columns: number | null): Row {
  const { name, about, state, health, sinceMs, readingsPerSecond, waiting, process, alarm } = actor;
  return {
    ACTOR: { text: escapeControls(`${pipeline}/${name}${about === undefined ? '' : ` (${about})`}`) },
    STATE: { text: escapeControls(state), style: tones[health] ?? 'reset' },
    SINCE: { text: span(nowMs - sinceMs) },
    RATE: readingsPerSecond > 0 ? { text: rate(readingsPerSecond) } : nothing,
    BACKLOG: backlog(waiting, nowMs),
    'LAST ERROR': lastError(actor, nowMs, columns === null ? errorCellsUnbound : errorCellsMax),
    RETRY: retry(actor, nowMs),
    alarm: alarm === null ? null : escapeControls(alarm),
    PROCESS: process ? { text: escapeControls(`${process.name} (pid ${process.pid ?? 'none'})`) } : nothing,
  };
}

/** `1,204 readings · 96 KiB · 3m05s`. */
function backlog(waiting: Waiting | null, nowMs: number): Cell {
  if (!waiting) return nothing;
  const { readings, bytes, oldestMs } = waiting;
  if (bytes <= 0 && (readings ?? 0) <= 0) return { text: '0' };
  const parts: string[] = [];
  if (readings === null) parts.push(counted(bytes, 'item'));
  else parts.push(counted(readings, 'reading'), size(bytes));
  if (oldestMs !== null) parts.push(span(nowMs - oldestMs));
  return { text: parts.join(' · ') };
}

/** What is wrong now; else what was of late, and how long ago. */
function lastError({ cause, lastError: last, health }: ActorStatus, nowMs: number, cellsMax: number): Cell {
  const problem = cause ?? last?.problem;
  if (!problem) return nothing;
  if (!cause && nowMs - last!.atMs > overMsMax) return nothing;
  const text = escapeControls(`${problem.code}: ${problem.message}`);
  if (cause) return { text: cut(text, cellsMax), style: tones[health] ?? 'yellow' };
  return { text: cut(`${span(nowMs - last!.atMs)} ago · ${text}`, cellsMax), style: 'gray' };
}

/** `in 2.3s (attempt 4)`. */
function retry({ retryAtMs, attempt }: ActorStatus, nowMs: number): Cell {
  if (retryAtMs === null) return nothing;
  const when = countdown(retryAtMs - nowMs);
  return { text: `${when === 'now' ? when : `in ${when}`}${attempt > 0 ? ` (attempt ${attempt})` : ''}` };
}

type Widths = ReadonlyMap<Title, number>;

const natural = (title: Title, rows: readonly Row[]) =>
  Math.max(title.length, ...rows.map((row) => cellsOf(row[title].text)));

const total = (widths: Widths) =>
  [...widths.values()].reduce((sum, width) => sum + width, gap.length * (widths.size - 1));

/** Whether more than the last error had to give way. */
const gaveWay = (widths: Widths, rows: readonly Row[]) =>
  [...widths].some(([title, width]) => title !== 'LAST ERROR' && width < natural(title, rows));

function widthsOf(titles: readonly Title[], rows: readonly Row[], columns: number | null): Widths {
  const widths = new Map(titles.map((title) => [title, natural(title, rows)]));
  if (columns === null) return widths;
  for (const [title, least] of shrinkable) {
    const width = widths.get(title);
    if (width === undefined) continue;
    widths.set(title, Math.max(Math.min(least, width), width - Math.max(0, total(widths) - columns)));
  }
  return widths;
}

function lineOf(widths: Widths, row: Row, { columns, colour }: TableOptions): string {
  let left = columns ?? Number.POSITIVE_INFINITY;
  let line = '';
  for (const [title, width] of widths) {
    const before = line === '' ? '' : gap;
    const room = Math.min(width, left - before.length);
    if (room <= 0) break;
    const { text, style } = row[title];
    const short = cut(text, room);
    const shown = painted(short, style, colour);
    const fill = ' '.repeat(Math.max(0, room - cellsOf(short)));
    line += before + (right.has(title) ? fill + shown : shown + fill);
    left -= before.length + room;
  }
  return line.trimEnd();
}

function painted(text: string, style: Style | undefined, colour: boolean): string {
  return colour && style ? styleText(style, text, { validateStream: false }) : text;
}
