import test from 'ava';
import fc from 'fast-check';
import { escapeControls } from '../../src/domain/text.ts';
import { cellsOf, cut, fitted, wrap } from '../../src/terminal/width.ts';
import { foreign as raw } from './fixtures.ts';

const foreign = raw.map(escapeControls);

test('a letter takes the cells that terminals give it', (t) => {
  const cells: [string, number][] = [
    ['', 0],
    ['hPa', 3],
    ['気圧', 4],
    ['ｱ', 1],
    ['Ａ', 2],
    ['é', 1],
    ['e\u0301', 1],
    ['한국', 4],
    ['\u1112\u1161\u11ab', 2],
    ['🌧', 1],
    ['🚀', 2],
    ['🇩🇪', 2],
    ['👍🏽', 2],
    [' 🏽', 3],
    ['▕█░▏', 4],
    ['▁▂▃▄▅▆▇█', 8],
    ['● ▲ ✗ ‖ ○', 9],
  ];
  for (const [text, expected] of cells) t.is(cellsOf(text), expected, text);
});

test('what is cut says so, and no letter is cut in two', (t) => {
  t.is(cut('barometer', 9), 'barometer');
  t.is(cut('barometer', 5), 'baro…');
  t.is(cut('気圧計', 5), '気圧…');
  t.is(cut('気圧計', 4), '気…');
  t.is(cut('e\u0301e\u0301e\u0301', 2), 'e\u0301…');
  t.is(cut('abc', 0), '');
  t.is(cut('気', 1), '…');
});

test('text that was fitted has exactly its cells, whatever it was', (t) => {
  fc.assert(
    fc.property(
      foreign,
      fc.nat(40),
      fc.constantFrom('left' as const, 'right' as const),
      (text, cells, align) => {
        t.is(cellsOf(fitted(text, cells, align)), cells, JSON.stringify(text));
      },
    ),
  );
});

test('a tower of marks stays small', (t) => {
  t.true(cut(`a${'\u0301'.repeat(10_000)}b`, 10).length < 40);
});

test('wrapped text loses nothing while there are lines for it, and keeps to its cells', (t) => {
  t.deepEqual(wrap('the link was lost', 8, 5), ['the link', 'was lost']);
  t.deepEqual(wrap('unbreakable', 4, 5), ['unbr', 'eaka', 'ble']);
  t.deepEqual(wrap('one two three', 5, 2), ['one', 'two …']);
  t.deepEqual(wrap('', 5, 2), ['']);
  fc.assert(
    fc.property(
      foreign,
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 4 }),
      (text, cells, linesMax) => {
        const lines = wrap(text, cells, linesMax);
        t.true(lines.length <= linesMax);
        for (const line of lines) t.true(cellsOf(line) <= cells, JSON.stringify(line));
      },
    ),
  );
});
