/** The last line: keys, an answer, or a question; and what `?` shows. */
import { escapeControls } from '../domain/text.ts';
import type { Model } from './model.ts';
import { cellsOfLine, type Line, piece } from './paint.ts';
import type { Look } from './table.ts';

/** The most needed first: a narrow screen drops the last. */
function keysOf({ mode, ending }: Model): readonly (readonly [string, string])[] {
  return [
    ['q', mode === 'top' ? 'leave' : ending ? 'end at once' : 'quit'],
    ['?', 'help'],
    ['p', 'pause'],
    ['r', 'retry'],
    ['R', 'restart'],
    ['j/k', 'select'],
    ['l', 'log size'],
    ['PgUp', 'back'],
    ['tab', 'pipeline'],
  ];
}

export function footer(model: Model, { columns, nowMs }: Look): Line {
  if (model.asking) {
    const { pipeline, actor } = model.asking;
    return [
      piece(` restart ${escapeControls(pipeline)}/${escapeControls(actor)}? `, 'key'),
      piece(' y/n', 'strong'),
    ];
  }
  const { message } = model;
  if (message && message.untilMs > nowMs) return [piece(` ${message.text}`, message.tone)];
  const line = (keys: ReturnType<typeof keysOf>): Line =>
    keys.flatMap(([key, does]) => [piece(` ${key} `, 'key'), piece(` ${does} `)]);
  let keys = keysOf(model);
  while (keys.length > 1 && cellsOfLine(line(keys)) > columns) keys = keys.slice(0, -1);
  return line(keys);
}

export function helpLines({ mode }: Model, { unicode }: Look): Line[] {
  const arrows = unicode ? '↑ ↓' : 'arrows';
  const quit =
    mode === 'top'
      ? 'leave; the pipelines go on'
      : 'drain and end; once more ends at once, what is accepted is kept';
  const keys: readonly (readonly [string, string])[] = [
    [`${arrows}  j k`, 'select an actor'],
    ['tab', 'go to the next pipeline'],
    ['p', 'pause the actor, or let it go on'],
    ['r', 'retry now instead of waiting'],
    ['R', 'restart the actor (asks first)'],
    ['PgUp PgDn', 'go back and forth in the transitions; End follows again'],
    ['l', 'transitions: some, most of the screen, none'],
    ['Ctrl-L', 'paint the screen anew'],
    ['Ctrl-Z', 'suspend'],
    ['q  Ctrl-C', quit],
  ];
  const shapes = unicode
    ? '● well   ‖ paused   ▲ in trouble   ✗ failed   ○ ended'
    : '* well   = paused   ! in trouble   X failed   o ended';
  return [
    [piece(' Keys', 'strong')],
    ...keys.map(([key, does]): Line => [piece(`  ${key.padEnd(11)}`, 'strong'), piece(does)]),
    [],
    [piece(`  ${shapes}`)],
    [piece('  BACKLOG: its share of what may wait, readings, bytes, age of the oldest')],
    [piece('  any key goes back', 'dim')],
  ];
}
