/** The rows of actors: which columns have room, and what stands in each. */
import type { ActorStatus, Health, Waiting } from '../contract/status.ts';
import { escapeControls } from '../domain/text.ts';
import { bar, count, countdown, counted, rate, size, span, sparkline } from './figures.ts';
import { type Line, type Piece, piece, type Tone } from './paint.ts';
import { cellsOf, cut, fitted, wrap } from './width.ts';

/** What does not change from row to row. */
export interface Look {
  readonly columns: number;
  readonly unicode: boolean;
  readonly nowMs: number;
}

interface HealthLook {
  readonly pill: Tone;
  readonly letters: Tone;
  /** So that it can be told without colour. */
  readonly shape: string;
  readonly ascii: string;
}

export const healthLooks: Readonly<Record<Health, HealthLook>> = {
  well: { pill: 'pillWell', letters: 'well', shape: '●', ascii: '*' },
  paused: { pill: 'pillPaused', letters: 'paused', shape: '‖', ascii: '=' },
  trouble: { pill: 'pillTrouble', letters: 'trouble', shape: '▲', ascii: '!' },
  failed: { pill: 'pillFailed', letters: 'failed', shape: '✗', ascii: 'X' },
  ended: { pill: 'pillEnded', letters: 'dim', shape: '○', ascii: 'o' },
};

/** Cells of each column; 0 for one that has no room. */
export interface Widths {
  readonly name: number;
  readonly state: number;
  readonly since: number;
  readonly rate: number;
  readonly bar: number;
  readonly backlog: number;
  readonly spark: number;
  readonly retry: number;
}

const markCells = 2;
const nameMax = 28;
const stateMax = 26;
const retryCells = 26;
/** The line of the last minute grows by so much before a wait gets a column of its own. */
const drawingMin = 20;

/** What an actor that belongs to another is called below it. */
export function shortName(name: string, unicode: boolean): string {
  const slash = name.indexOf('/');
  const text = slash < 0 ? name : `${unicode ? '└ ' : '- '}${name.slice(slash + 1)}`;
  return escapeControls(text);
}

/** As many columns as there is room for, the most telling first; what is left over widens the drawings. */
export function widthsFor(actors: readonly ActorStatus[], { columns, unicode }: Look): Widths {
  const longest = (texts: readonly string[]) =>
    texts.reduce((most, text) => Math.max(most, cellsOf(text)), 0);
  const names = longest(actors.map(({ name }) => shortName(name, unicode)));
  const states = longest(actors.map(({ state }) => state));
  let name = Math.min(nameMax, Math.max(8, names));
  let state = Math.min(stateMax, Math.max(10, states + 4));
  const room = Math.max(0, columns - markCells);
  if (name + 1 + state > room) {
    state = Math.min(state, Math.max(6, Math.floor(room * 0.55)));
    name = Math.max(0, Math.min(name, room - state - 1));
  }
  let left = room - name - 1 - state;
  const take = (cells: number) => {
    if (left < cells + 1) return 0;
    left -= cells + 1;
    return cells;
  };
  const since = take(6);
  const rateCells = take(8);
  const barCells = take(8);
  // The drawing first where both would not fit: it says more at a glance than the age of the oldest.
  const spark = take(10);
  const backlog = take(22) || take(14);
  const retry = left >= retryCells + 1 + drawingMin ? take(retryCells) : 0;
  const wider = spark > 0 ? Math.min(left, 60 - spark) : 0;
  return { name, state, since, rate: rateCells, bar: barCells, backlog, spark: spark + wider, retry };
}

export function tableHead(widths: Widths): Line {
  const words = [
    ' '.repeat(markCells) + fitted('ACTOR', widths.name),
    fitted('STATE', widths.state),
    ...(widths.since ? [fitted('SINCE', widths.since, 'right')] : []),
    ...(widths.rate ? [fitted('RATE', widths.rate, 'right')] : []),
    ...(widths.bar + widths.backlog ? [fitted('BACKLOG', backlogCells(widths))] : []),
    ...(widths.spark ? [fitted('LAST 60 s', widths.spark)] : []),
    ...(widths.retry ? [fitted('NEXT TRY', widths.retry)] : []),
  ];
  return [piece(words.join(' '), 'dim')];
}

const backlogCells = ({ bar, backlog }: Widths) => bar + (bar && backlog ? 1 : 0) + backlog;

/** `stale`: its pipeline does not run now. */
export interface RowLook extends Look {
  readonly widths: Widths;
  readonly selected: boolean;
  readonly stale: boolean;
}

export function actorRow(actor: ActorStatus, look: RowLook): Line {
  const { widths, unicode, nowMs, selected } = look;
  const mark = unicode ? '…' : '~';
  const pieces: Piece[] = [
    piece(selected ? (unicode ? '▶ ' : '> ') : '  ', selected ? 'strong' : 'plain'),
    piece(
      fitted(shortName(actor.name, unicode), widths.name, 'left', mark),
      selected ? 'strong' : look.stale ? 'dim' : 'plain',
    ),
    piece(' '),
    ...pill(actor.state, actor.health, widths.state, unicode),
  ];
  const add = (cells: number, text: string, tone: Tone = 'plain', align: 'left' | 'right' = 'left') => {
    if (cells > 0) pieces.push(piece(' '), piece(fitted(text, cells, align, mark), tone));
  };
  add(widths.since, span(nowMs - actor.sinceMs), 'plain', 'right');
  // Not every actor has to do with readings.
  const silent = actor.readings === 0;
  add(
    widths.rate,
    silent ? '' : rate(actor.readingsPerSecond),
    actor.readingsPerSecond > 0 ? 'plain' : 'dim',
    'right',
  );
  const { waiting } = actor;
  add(widths.bar, backlogBar(waiting, widths.bar, unicode), fillTone(waiting));
  add(widths.backlog, backlogText(waiting, nowMs, widths.backlog, unicode));
  add(widths.spark, silent ? '' : sparkline(actor.perSecond, widths.spark, unicode), 'well');
  add(widths.retry, retryText(actor, nowMs, unicode), 'trouble');
  return pieces;
}

/** Filled as far as its words go, then empty up to `cells`. */
export function pill(state: string, health: Health, cells: number, unicode: boolean): Piece[] {
  const { pill: tone, shape, ascii } = healthLooks[health];
  const words = cut(` ${unicode ? shape : ascii} ${escapeControls(state)}`, cells - 1, unicode ? '…' : '~');
  return [piece(`${words} `, tone), piece(' '.repeat(Math.max(0, cells - cellsOf(words) - 1)))];
}

function fillTone(waiting: Waiting | null): Tone {
  if (!waiting?.bytesMax) return 'plain';
  const share = waiting.bytes / waiting.bytesMax;
  return share >= 0.95 ? 'failed' : share >= 0.7 ? 'trouble' : share > 0 ? 'paused' : 'dim';
}

function backlogBar(waiting: Waiting | null, cells: number, unicode: boolean): string {
  return waiting?.bytesMax ? bar(waiting.bytes / waiting.bytesMax, cells, unicode) : '';
}

/** `1,204 · 96 KiB · 3m12s`; the parts that have no room are left out, the last first. */
function backlogText(waiting: Waiting | null, nowMs: number, cells: number, unicode: boolean): string {
  if (!waiting) return '';
  const { readings, bytes, oldestMs } = waiting;
  if (bytes <= 0 && !readings) return unicode ? '–' : '-';
  const parts = [
    ...(readings === null ? [counted(bytes, 'item')] : [count(readings), size(bytes)]),
    ...(oldestMs === null ? [] : [span(nowMs - oldestMs)]),
  ];
  const between = unicode ? ' · ' : ' - ';
  while (parts.length > 1 && cellsOf(parts.join(between)) > cells) parts.pop();
  return parts.join(between);
}

/** `retry in 2.3s · attempt 4`, or nothing. */
export function retryText(
  { retryAtMs, attempt }: Pick<ActorStatus, 'retryAtMs' | 'attempt'>,
  nowMs: number,
  unicode: boolean,
): string {
  if (retryAtMs === null) return '';
  const left = countdown(retryAtMs - nowMs);
  const parts = [left === 'now' ? 'retries now' : `retry in ${left}`];
  if (attempt > 0) parts.push(`attempt ${attempt}`);
  return parts.join(unicode ? ' · ' : ' - ');
}

/** What is wrong, below the row: one line, or for the selected actor as many as it takes, and what to do. */
export function causeLines(actor: ActorStatus, look: RowLook): Line[] {
  const { cause, lastError, health } = actor;
  const { unicode, nowMs, columns, widths, selected } = look;
  const mark = unicode ? '…' : '~';
  const between = unicode ? ' · ' : ' - ';
  const indent = '    ';
  const cells = Math.max(1, columns - indent.length);
  const tone = health === 'failed' ? 'failed' : 'trouble';
  const retry = widths.retry > 0 ? '' : retryText(actor, nowMs, unicode);
  const what = cause ? `${cause.code}: ${escapeControls(cause.message)}` : '';
  const text = [retry, what].filter((part) => part !== '').join(between);
  const lines: Line[] = [];
  if (actor.alarm !== null) {
    const alarm = `! ${escapeControls(actor.alarm)}`;
    for (const line of wrap(alarm, cells, selected ? 3 : 1, mark))
      lines.push([piece(indent), piece(line, 'failed')]);
  }
  if (text !== '') {
    for (const line of wrap(text, cells, selected ? 3 : 1, mark))
      lines.push([piece(indent), piece(line, tone)]);
    if (selected && cause) lines.push([piece(indent), piece(escapeControls(cause.advice))]);
  } else if (selected && lastError) {
    const ago = `${span(nowMs - lastError.atMs)} ago`;
    const last = `last: ${lastError.problem.code}: ${escapeControls(lastError.problem.message)}`;
    lines.push([piece(indent), piece(`${ago}${between}${last}`, 'dim')]);
  }
  const { waiting, about } = actor;
  if (selected && about !== undefined)
    lines.push([piece(indent), piece(`serves ${escapeControls(about)}`, 'dim')]);
  if (selected && widths.backlog === 0 && waiting && waiting.bytes > 0) {
    const { readings, bytes, bytesMax, oldestMs } = waiting;
    const bound = bytesMax === null ? '' : ` of ${readings === null ? count(bytesMax) : size(bytesMax)}`;
    const amount = readings === null ? [counted(bytes, 'item')] : [counted(readings, 'reading'), size(bytes)];
    const age = oldestMs === null ? [] : [`oldest ${span(nowMs - oldestMs)}`];
    const parts = [`${amount.join(between)}${bound}`, ...age];
    lines.push([piece(indent), piece(`waiting: ${parts.join(between)}`, 'dim')]);
  }
  if (selected && actor.process) {
    const { name, pid } = actor.process;
    const where = `in process ${name}${between}${pid === null ? 'does not run' : `pid ${pid}`}`;
    lines.push([piece(indent), piece(where, 'dim')]);
  }
  return lines;
}
