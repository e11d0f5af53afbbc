/** What `fogrun ps` prints: a line for each pipeline, and below it one for each of its actors, in columns. */
import { styleText } from 'node:util';
import type { ActorStatus, PipelineStatus, Waiting } from '../contract/status.ts';
import { escapeControls } from '../domain/text.ts';
import { cellsOf, count, countdown, cut, rate, size, span } from './figures.ts';

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
const titles = ['ACTOR', 'STATE', 'SINCE', 'RATE', 'BACKLOG', 'LAST ERROR', 'RETRY', 'PROCESS'] as const;
const right: ReadonlySet<string> = new Set(['SINCE', 'RATE']);
/** Who gives way first where lines are narrow, and how far. */
const shrinkable: readonly (readonly [(typeof titles)[number], number])[] = [
  ['LAST ERROR', 12],
  ['BACKLOG', 10],
  ['STATE', 8],
  ['ACTOR', 12],
];
const errorCellsMax = 100;
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
  const placed = statuses.some(({ actors }) => actors.some(({ process }) => process !== null));
  const shown = placed ? titles : titles.slice(0, -1);
  const rows = statuses.map((status) => status.actors.map((actor) => actorRow(status, actor)));
  const widths = widthsOf(
    shown,
    rows.flat().map((row) => row.slice(0, shown.length)),
    options.columns,
  );
  const print = (cells: readonly Cell[]) => lineOf(shown, widths, cells, options);
  const lines: string[] = [];
  for (const [i, status] of statuses.entries()) {
    if (i > 0) lines.push('');
    lines.push(headline(status, options));
    lines.push(print(shown.map((text) => ({ text, style: 'bold' }))));
    for (const row of rows[i]!) lines.push(print(row.slice(0, shown.length)));
    if (status.actorsLeftOut > 0)
      lines.push(`… and ${count(status.actorsLeftOut)} more that belong to others`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** `edge · edge-7f3a · pid 1234 · up 4m12s · store open, 1.2 MiB of 256 MiB`. */
function headline(status: PipelineStatus, { columns, colour }: TableOptions): string {
  const { pipeline, edge, pid, startedMs, nowMs, store, ending } = status;
  const parts = [pipeline];
  if (edge !== null) parts.push(`edge ${edge}`);
  parts.push(`pid ${pid}`, `up ${span(nowMs - startedMs)}`);
  if (store) {
    parts.push(`store ${store.state}, ${size(store.bytes)} of ${size(store.bytesMax)}`);
    if (store.cause) parts.push(`${store.cause.code}: ${store.cause.message}`);
  }
  if (ending) parts.push('ending');
  const text = cut(escapeControls(parts.join(' · ')), columns ?? Number.POSITIVE_INFINITY);
  return painted(text, store?.state === 'failed' ? 'red' : ending ? 'yellow' : 'cyan', colour);
}

function actorRow({ pipeline, nowMs }: PipelineStatus, actor: ActorStatus): Cell[] {
  const { name, state, health, sinceMs, readingsPerSecond, waiting, process } = actor;
  return [
    { text: escapeControls(`${pipeline}/${name}`) },
    { text: escapeControls(state), style: tones[health] ?? 'reset' },
    { text: span(nowMs - sinceMs) },
    readingsPerSecond > 0 ? { text: rate(readingsPerSecond) } : nothing,
    backlog(waiting, nowMs),
    lastError(actor, nowMs),
    retry(actor, nowMs),
    process ? { text: escapeControls(`${process.name} (pid ${process.pid ?? 'none'})`) } : nothing,
  ];
}

/** `1,204 readings · 96 KiB · 3m05s`. */
function backlog(waiting: Waiting | null, nowMs: number): Cell {
  if (!waiting) return nothing;
  const { readings, bytes, oldestMs } = waiting;
  if (bytes <= 0 && (readings ?? 0) <= 0) return { text: '0' };
  const parts: string[] = [];
  if (readings !== null) parts.push(`${count(readings)} reading${readings === 1 ? '' : 's'}`);
  parts.push(size(bytes));
  if (oldestMs !== null) parts.push(span(nowMs - oldestMs));
  return { text: parts.join(' · ') };
}

/** What is wrong now; else what was, and how long ago. */
function lastError({ cause, lastError: last, health }: ActorStatus, nowMs: number): Cell {
  const problem = cause ?? last?.problem;
  if (!problem) return nothing;
  const text = escapeControls(`${problem.code}: ${problem.message}`);
  if (cause) return { text: cut(text, errorCellsMax), style: tones[health] ?? 'yellow' };
  return { text: cut(`${span(nowMs - last!.atMs)} ago · ${text}`, errorCellsMax), style: 'gray' };
}

/** `in 2.3s (attempt 4)`. */
function retry({ retryAtMs, attempt }: ActorStatus, nowMs: number): Cell {
  if (retryAtMs === null) return nothing;
  const when = countdown(retryAtMs - nowMs);
  return { text: `${when === 'now' ? when : `in ${when}`}${attempt > 0 ? ` (attempt ${attempt})` : ''}` };
}

function widthsOf(
  shown: readonly (typeof titles)[number][],
  rows: readonly (readonly Cell[])[],
  columns: number | null,
): number[] {
  const widths = shown.map((title, i) => Math.max(title.length, ...rows.map((row) => cellsOf(row[i]!.text))));
  if (columns === null) return widths;
  const total = () => widths.reduce((sum, width) => sum + width, gap.length * (widths.length - 1));
  for (const [title, least] of shrinkable) {
    const at = shown.indexOf(title);
    widths[at] = Math.max(Math.min(least, widths[at]!), widths[at]! - Math.max(0, total() - columns));
  }
  return widths;
}

function lineOf(
  shown: readonly string[],
  widths: readonly number[],
  cells: readonly Cell[],
  { columns, colour }: TableOptions,
): string {
  let left = columns ?? Number.POSITIVE_INFINITY;
  let line = '';
  for (const [i, { text, style }] of cells.entries()) {
    const before = i === 0 ? '' : gap;
    const room = Math.min(widths[i]!, left - before.length);
    if (room <= 0) break;
    const short = cut(text, room);
    const fill = ' '.repeat(Math.max(0, room - cellsOf(short)));
    line += before;
    line += right.has(shown[i]!)
      ? fill + painted(short, style, colour)
      : painted(short, style, colour) + fill;
    left -= before.length + room;
  }
  return line.trimEnd();
}

function painted(text: string, style: Style | undefined, colour: boolean): string {
  return colour && style ? styleText(style, text, { validateStream: false }) : text;
}
