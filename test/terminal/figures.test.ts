import test from 'ava';
import { bar, count, countdown, rate, size, span, sparkline } from '../../src/terminal/figures.ts';

test('times have two units at most', (t) => {
  const minute = 60_000;
  const told: [number, string][] = [
    [-5, '0s'],
    [999, '0s'],
    [59_999, '59s'],
    [minute, '1m00s'],
    [4 * minute + 12_000, '4m12s'],
    [125 * minute, '2h05m'],
    [(3 * 24 + 4) * 60 * minute, '3d04h'],
  ];
  for (const [ms, text] of told) t.is(span(ms), text);
});

test('a countdown has tenths at its end and is never below zero', (t) => {
  t.is(countdown(2_300), '2.3s');
  t.is(countdown(2_210), '2.3s');
  t.is(countdown(1), '0.1s');
  t.is(countdown(0), 'now');
  t.is(countdown(-100), 'now');
  t.is(countdown(75_000), '1m15s');
});

test('rates and amounts are short', (t) => {
  const rates: [number, string][] = [
    [0, '0/s'],
    [0.01, '<0.1/s'],
    [0.3, '0.3/s'],
    [12.34, '12.3/s'],
    [99.96, '100/s'],
    [1_204, '1,204/s'],
    [1_234_567, '1.2M/s'],
  ];
  for (const [value, text] of rates) t.is(rate(value), text);
  t.is(count(1_204), '1,204');
  t.is(size(96 * 1024), '96 KiB');
});

test('a bar is as long as its share, shows what is not nothing, and is full only when all is', (t) => {
  // Whole cells, and eighths of one.
  const filled = (text: string) =>
    [...text.slice(1, -1)].reduce((sum, cell) => sum + Math.max(0, ' ▏▎▍▌▋▊▉█'.indexOf(cell)), 0);
  for (const cells of [3, 8, 12]) {
    for (const share of [0, 0.0001, 0.25, 0.5, 0.9999, 1, 7, -1, Number.NaN]) {
      const text = bar(share, cells, true);
      t.is([...text].length, cells);
      const all = (cells - 2) * 8;
      if (!(share > 0)) t.is(filled(text), 0);
      else if (share >= 1) t.is(filled(text), all);
      else {
        t.true(filled(text) >= 1 && filled(text) < all);
        t.true(Math.abs(filled(text) - share * all) <= 1);
      }
    }
  }
  t.is(bar(0.0001, 8, true), '▕▏░░░░░▏');
  t.is(bar(0.0001, 8, false), '[:-----]');
  t.is(bar(0.5, 8, false), '[###---]');
});

test('a line of the last minute ends with the newest second, its peak the highest', (t) => {
  const line = sparkline([0, 1, 2, 4, 8], 60, true);
  t.is(line.length, 60);
  t.is(line.trimStart(), '▁▂▃▄▇');
  t.is(sparkline([], 10, true), ' '.repeat(10));
  t.is(sparkline([3, 3], 60, false).trimStart(), '##');
});

test('a minute in few cells keeps its shape', (t) => {
  const rising = Array.from({ length: 60 }, (_, i) => i);
  for (const cells of [1, 7, 10, 33, 60]) {
    const line = [...sparkline(rising, cells, true)];
    t.is(line.length, cells);
    t.deepEqual(line, [...line].sort(), `${cells}`);
    t.is(line.at(-1), '▇');
  }
});
