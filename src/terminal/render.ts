/** The whole screen as lines, from what is known and how large it is. */
import type { ActorStatus, Health } from '../contract/status.ts';
import { escapeControls } from '../domain/text.ts';
import { bar, count, counted, lostText, size, span } from './figures.ts';
import { footer, helpLines } from './footer.ts';
import { logPane } from './log-pane.ts';
import { type Group, isSelected, type Model } from './model.ts';
import { cellsOfLine, type Line, type Piece, paint, piece } from './paint.ts';
import {
  actorRow,
  causeLines,
  type Look,
  pill,
  retryText,
  tableHead,
  type Widths,
  widthsFor,
} from './table.ts';
import { cellsOf, fitted } from './width.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface RenderOptions extends Size {
  readonly colour: boolean;
  readonly unicode: boolean;
  readonly nowMs: number;
}

/** Members of a crowd, such as sessions of a receiver, that are shown before the rest is counted. */
const membersMax = 6;
/** A screen lower than this has no room for the words above the columns. */
const headRowsMin = 9;

/** Exactly `rows` lines of at most `columns` cells each. */
export function render(model: Model, options: RenderOptions): string[] {
  const { columns, rows, colour, unicode, nowMs } = options;
  const look: Look = { columns, unicode, nowMs };
  const { table, log } = heights(model, options);
  const lines: Line[] = model.help
    ? helpLines(model, look).slice(0, table + log)
    : [...filled(window(tableLines(model, look, rows), table, look), table), ...logPane(model, log, look)];
  filled(lines, rows - 1).length = Math.max(0, rows - 1);
  lines.push(footer(model, look));
  return lines.slice(-rows).map((line) => paint(line, { columns, colour, unicode }));
}

function filled(lines: Line[], rows: number): Line[] {
  while (lines.length < rows) lines.push([]);
  return lines;
}

/** Lines for the table and for the log with its headline; the footer has one. */
export function heights(model: Model, { columns, rows, unicode, nowMs }: Omit<RenderOptions, 'colour'>) {
  const room = Math.max(0, rows - 1);
  if (model.logSize === 'none' || room < 6) return { table: room, log: 0 };
  const wanted = tableLines(model, { columns, unicode, nowMs }, rows).length;
  const least = model.logSize === 'most' ? Math.floor((room * 2) / 3) : Math.max(3, Math.floor(room / 3));
  const table = Math.max(1, Math.min(wanted + 1, room - least));
  return { table, log: room - table };
}

interface TableLine {
  readonly line: Line;
  /** Belongs to the selected actor. */
  readonly selected: boolean;
}

function tableLines(model: Model, look: Look, rows: number): TableLine[] {
  if (model.groups.length === 0) {
    return emptyText(model).map((text) => ({ line: [piece(text)], selected: false }));
  }
  const widths = widthsFor(
    model.groups.flatMap(({ actors }) => actors),
    look,
  );
  return model.groups.flatMap((group, i) => {
    const rest = (line: Line): TableLine => ({ line, selected: false });
    const gap = i > 0 && rows >= headRowsMin + 6 ? [rest([])] : [];
    const head = i === 0 && rows >= headRowsMin ? [rest(tableHead(widths))] : [];
    const title = [groupLine(group, look), ...groupNotes(group, model.ending, look)].map(rest);
    return [...gap, ...title, ...head, ...actorLines(model, group, look, widths)];
  });
}

function emptyText({ mode, where }: Model): string[] {
  if (mode === 'run') return ['', ' Starting.'];
  return [
    '',
    ` No pipeline runs with its state in ${escapeControls(where)}.`,
    ' This view waits for one. Start one with `fogrun FILE`, or look elsewhere with --state DIR.',
    ' q leaves.',
  ];
}

function actorLines(model: Model, group: Group, look: Look, widths: Widths): TableLine[] {
  const lines: TableLine[] = [];
  const { shown, folded } = fold(group.actors, (name) => isSelected(model, group.name, name));
  for (const actor of shown) {
    const selected = isSelected(model, group.name, actor.name);
    const rowLook = { ...look, widths, selected, stale: group.over !== null };
    lines.push({ line: actorRow(actor, rowLook), selected });
    for (const line of causeLines(actor, rowLook)) lines.push({ line, selected });
    const more = folded.get(actor.name);
    if (more)
      lines.push({ line: [piece(`    ${count(more)} more, nothing wrong there`, 'dim')], selected: false });
  }
  const { actorsLeftOut = 0 } = group.status ?? {};
  if (actorsLeftOut > 0)
    lines.push({
      line: [piece(`    ${count(actorsLeftOut)} more that are not listed`, 'dim')],
      selected: false,
    });
  return lines;
}

/** Of many that belong to one actor, those in trouble and a few more; `folded` says after whom how many are left out. */
function fold(actors: readonly ActorStatus[], isKept: (name: string) => boolean) {
  const shown: ActorStatus[] = [];
  const folded = new Map<string, number>();
  let owner = '';
  let members = 0;
  let more = 0;
  const finish = () => {
    if (more > 0) folded.set(shown.at(-1)!.name, more);
    more = 0;
    members = 0;
  };
  for (const actor of actors) {
    const at = actor.name.indexOf('/');
    const whose = at < 0 ? actor.name : actor.name.slice(0, at);
    if (whose !== owner || at < 0) finish();
    owner = whose;
    if (at >= 0) members += 1;
    const dull = actor.health === 'well' || actor.health === 'ended';
    if (members > membersMax && dull && !isKept(actor.name)) more += 1;
    else shown.push(actor);
  }
  finish();
  return { shown, folded };
}

/** Name, who it is, how long, which process, its store; what has no room is left out, the last first. */
function groupLine(group: Group, look: Look): Line {
  const { columns, unicode, nowMs } = look;
  const { status, over } = group;
  const between = piece(unicode ? ' · ' : ' - ', 'dim');
  const first = [piece(` ${escapeControls(group.name)}`, 'strong')];
  const mark = groupPill(group, unicode);
  const parts: Piece[][] = [mark.length > 0 ? [...first, piece(' '), ...mark] : first];
  if (status && !over) {
    parts.push([piece(`up ${span(nowMs - status.startedMs)}`)]);
    const { store } = status;
    if (store) {
      const share = store.bytesMax > 0 ? store.bytes / store.bytesMax : 0;
      const used = `${size(store.bytes)} of ${size(store.bytesMax)}`;
      const tone = store.state === 'failed' ? 'failed' : store.state === 'open' ? 'well' : 'trouble';
      parts.push([
        piece('store '),
        piece(bar(share, 12, unicode), tone),
        piece(` ${used}`),
        ...(tone === 'well' ? [] : [piece(` ${store.state}`, tone)]),
      ]);
    }
    if (status.edge !== null && status.edge !== group.name) parts.push([piece(escapeControls(status.edge))]);
    parts.push([piece(`pid ${status.pid}`, 'dim')]);
  }
  const join = () => parts.flatMap((part, i) => (i === 0 ? part : [between, ...part]));
  while (parts.length > 1 && cellsOfLine(join()) > columns) parts.pop();
  return join();
}

/** What is out of the ordinary about a whole pipeline. */
function groupPill({ process, over, status }: Group, unicode: boolean): Piece[] {
  const make = (words: string, health: Health) => pill(words, health, cellsOf(words) + 4, unicode);
  if (process && process.health !== 'well') return make(process.state, process.health);
  if (over) return over.cause ? make('lost', 'failed') : make('ended', 'ended');
  return status?.ending ? make('draining', 'paused') : [];
}

/** What is wrong with its process or its store, and what its end waits for. */
function groupNotes(group: Group, ending: boolean, look: Look): Line[] {
  const { process, status, over } = group;
  const notes: Line[] = [];
  const between = look.unicode ? ' · ' : ' - ';
  if (process && (process.cause || process.retryAtMs !== null)) {
    const retry = retryText(process, look.nowMs, look.unicode);
    const what = process.cause ? `${process.cause.code}: ${escapeControls(process.cause.message)}` : '';
    const tone = process.health === 'failed' ? 'failed' : 'trouble';
    notes.push([piece(`   ${[retry, what].filter((part) => part !== '').join(between)}`, tone)]);
  }
  if (over?.cause)
    notes.push([piece(`   ${over.cause.code}: ${escapeControls(over.cause.message)}`, 'failed')]);
  const dead = status?.store?.letters;
  if (dead && dead.letters > 0 && !over) {
    const what = `${counted(dead.letters, 'dead letter')} with ${counted(dead.readings, 'reading')}`;
    notes.push([piece(`   store: ${what}: see fogrun dead-letters list`, 'trouble')]);
  }
  if (status?.store?.cause && !over) {
    const { code, message } = status.store.cause;
    notes.push([piece(`   store: ${code}: ${escapeControls(message)}`, 'trouble')]);
  }
  const lost = lostText(status?.store?.lost);
  if (lost !== '' && !over) notes.push([piece(`   gaps: ${lost}`, 'dim')]);
  if (!over && (status?.ending || ending)) notes.push([piece(`   ${drainText(group)}`, 'paused')]);
  return notes;
}

/** `draining: uploader has 1,204 readings (5.6 KiB)`. */
export function drainText({ actors }: Group): string {
  const held = actors.flatMap(({ name, health, waiting }) => {
    if (health === 'ended' || !waiting || waiting.bytes <= 0) return [];
    const { readings, bytes } = waiting;
    const what =
      readings === null ? counted(bytes, 'item') : `${counted(readings, 'reading')} (${size(bytes)})`;
    return [`${escapeControls(name)} has ${what}`];
  });
  return held.length > 0 ? `draining: ${held.join(', ')}` : 'draining: nothing waits, the actors end';
}

/** The part of the table that has room, with the selected actor in it. */
function window(lines: readonly TableLine[], rows: number, { columns, unicode }: Look): Line[] {
  if (lines.length <= rows) return lines.map(({ line }) => line);
  if (rows <= 0) return [];
  const first = lines.findIndex(({ selected }) => selected);
  const last = lines.findLastIndex(({ selected }) => selected);
  // Two lines before it, so that one sees where one is.
  let from = Math.max(0, Math.min(first - 2, lines.length - rows));
  if (last >= from + rows - 1) from = Math.min(first, last - rows + 2);
  from = Math.max(0, Math.min(from, lines.length - rows));
  const shown = lines.slice(from, from + rows).map(({ line }) => line);
  const below = lines.length - from - rows;
  if (rows < 3 || below === 0) return shown;
  const text = ` ${unicode ? '↓' : 'v'} ${below + 1} more lines`;
  shown[rows - 1] = [piece(fitted(text, Math.min(columns, cellsOf(text))), 'dim')];
  return shown;
}
