/** The lower part of the screen: what was said, newest at the bottom. */
import type { LogLine, Model } from './model.ts';
import { type Line, type Piece, piece, type Tone } from './paint.ts';
import type { Look } from './table.ts';
import { fitted, wrap } from './width.ts';

/** Narrower than this there is no room for the pipeline's name as well. */
const wholeNameMin = 70;

/** Exactly `rows` lines, a headline first; none at all for 0. */
export function logPane(model: Model, rows: number, look: Look): Line[] {
  if (rows <= 0) return [];
  const page = rows - 1;
  const { log } = model;
  const scroll = Math.max(0, Math.min(model.scroll, log.length - page));
  const lines: Line[] = [];
  // From the newest backwards: long ones take several lines.
  for (let at = log.length - scroll - 1; at >= 0 && lines.length < page; at--) {
    lines.unshift(...logLines(log[at]!, look));
  }
  const shown = lines.slice(Math.max(0, lines.length - page));
  while (shown.length < page) shown.push([]);
  return [headline(scroll, model.console, look), ...shown];
}

/** @param address of the console for browsers, if there is one */
function headline(scroll: number, address: string | null, { columns, unicode }: Look): Line {
  const stroke = unicode ? '─' : '-';
  const words = scroll > 0 ? ` ${scroll} newer lines below, End follows again ` : ' transitions ';
  const text = stroke.repeat(2) + words;
  const where = address === null ? '' : ` in the browser: ${address} `;
  const told = text.length + where.length + 4 <= columns ? where : '';
  const end = told === '' ? 0 : told.length + 2;
  return [
    piece(fitted(text, Math.min(columns, text.length)), scroll > 0 ? 'trouble' : 'dim'),
    rule(text, columns - end, stroke),
    ...(told === '' ? [] : [piece(told, 'strong'), piece(stroke.repeat(2), 'dim')]),
  ];
}

const rule = (text: string, columns: number, stroke: string) =>
  piece(stroke.repeat(Math.max(0, columns - text.length)), 'dim');

const tones: Readonly<Record<LogLine['level'], Tone>> = {
  debug: 'dim',
  info: 'well',
  warn: 'trouble',
  error: 'failed',
};

/** A forecast is the longest that people want to read whole. */
const linesMax = 3;
/** With less room for it, text is cut rather than broken. */
const textCellsMin = 24;

/** Time of the day in UTC, as the plain lines have it. */
function logLines({ timeMs, level, who, text }: LogLine, { columns, unicode }: Look): Line[] {
  const narrow = columns < wholeNameMin;
  const time = new Date(timeMs).toISOString().slice(11, narrow ? 19 : 23);
  const short = narrow ? who.slice(who.indexOf('/') + 1) : who;
  const cells = narrow ? 10 : columns < 100 ? 20 : 30;
  const name = fitted(short, cells, 'left', unicode ? '…' : '~');
  const tone = tones[level];
  const before = time.length + cells + 2;
  const room = columns - before;
  const [first, ...more] =
    room < textCellsMin ? [text] : wrap(text, room, linesMax, unicode ? undefined : '~');
  return [
    [piece(time, 'dim'), piece(' '), piece(name, 'paused'), piece(' '), ...sentencePieces(first ?? '', tone)],
    ...more.map((line) => [piece(' '.repeat(before)), piece(line, tone === 'well' ? 'plain' : tone)]),
  ];
}

/** The states of a transition in the colour of its level; a complaint whole. */
function sentencePieces(text: string, tone: Tone): Piece[] {
  const states = /^\S+ → \S+/.exec(text)?.[0];
  if (states) return [piece(states, tone), piece(text.slice(states.length))];
  return [piece(text, tone === 'well' ? 'plain' : tone)];
}
