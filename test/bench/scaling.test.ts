import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { drawChart, short, ticksUpTo } from '../../bench/scaling/chart.ts';
import { curves } from '../../bench/scaling/curves.ts';
import { drawPictures, type MeasuredCurve, renderCurve, replaceCurve } from '../../bench/scaling/page.ts';
import { root } from '../rules/tree.ts';

const chart = {
  title: 'a < b & "c"',
  x: { label: 'edges', values: [1, 10, 100] },
  y: { label: 'MB' },
  series: [
    { name: 'cloud', values: [80, 81, 90] },
    { name: 'edge', values: [70, 70, 89] },
  ],
};

test('an axis begins at 0, has even steps, and reaches the largest value', (t) => {
  t.deepEqual(ticksUpTo(100), [0, 20, 40, 60, 80, 100]);
  t.deepEqual(ticksUpTo(101), [0, 25, 50, 75, 100, 125]);
  t.deepEqual(ticksUpTo(0.3), [0, 0.1, 0.2, 0.3]);
  for (const most of [0, 1e-3, 7, 12_345, 1_999_999]) {
    const ticks = ticksUpTo(most);
    t.true(ticks.at(-1)! >= most && ticks.length >= 2 && ticks.length <= 7, `${most}: ${ticks}`);
  }
});

test('large numbers are short', (t) => {
  t.deepEqual([0, 0.25, 999, 1_500, 2_000_000].map(short), ['0', '0.25', '999', '1.5k', '2M']);
});

test('a chart is well-formed, has every point, and follows the reader to a dark page', (t) => {
  const svg = drawChart(chart);
  t.is(svg, drawChart(chart));
  t.is(svg.match(/<circle /g)?.length, 6);
  t.is(svg.match(/<polyline /g)?.length, 2);
  t.true(svg.includes('a &lt; b &amp; &quot;c&quot;'));
  t.true(svg.includes('prefers-color-scheme: dark'));
  t.false(/NaN|undefined|Infinity/.test(svg));
});

test('names at the ends of lines do not lie upon each other', (t) => {
  const places = [...drawChart(chart).matchAll(/x="510" y="([\d.]+)"/g)].map(([, y]) => Number(y));
  t.is(places.length, 2);
  t.true(Math.abs(places[0]! - places[1]!) >= 16);
});

test('places that include 0 are spread evenly, others by their logarithm', (t) => {
  const placesOf = (values: number[]) =>
    [
      ...drawChart({ ...chart, x: { label: 'x', values }, series: [chart.series[0]!] }).matchAll(
        /cx="([\d.]+)"/g,
      ),
    ].map(([, x]) => Number(x));
  const [a, b, c] = placesOf([1, 10, 100]) as [number, number, number];
  t.true(Math.abs(b - (a + c) / 2) < 0.2);
  const [d, e, f] = placesOf([0, 10, 100]) as [number, number, number];
  t.true(Math.abs((e - d) / (f - d) - 0.1) < 0.01);
});

const measured: MeasuredCurve = {
  name: 'round-trip',
  runs: 3,
  points: [
    { at: 0, figures: { throughput: { value: 2_000_000, unit: 'readings/s' } } },
    { at: 20, figures: { throughput: { value: 1_900_000, unit: 'readings/s' } } },
  ],
  machine: { cpu: 'Some', cores: 2, memory: 25, kernel: '6', filesystem: 'ext4', node: 'v24', load: 0 },
  commit: 'abc',
  date: '2026-01-01',
};

test('what was measured becomes pictures and a table, in its place on the page', (t) => {
  const curve = curves.find(({ name }) => name === measured.name)!;
  t.deepEqual(
    drawPictures(curve, measured).map(({ file }) => file),
    ['round-trip.svg'],
  );
  const text = renderCurve(curve, measured);
  t.true(text.includes('| 20 | 1,900,000 |'));
  const page = 'before\n<!-- measured: round-trip -->\nold\n<!-- end: round-trip -->\nafter\n';
  const once = replaceCurve(page, 'round-trip', text);
  t.false(once.includes('old'));
  t.true(once.startsWith('before\n') && once.endsWith('\nafter\n'));
  t.is(replaceCurve(once, 'round-trip', text), once);
  t.throws(() => replaceCurve('nothing', 'round-trip', text), { message: /lacks/ });
});

test('docs/scaling.md has a place for every curve', (t) => {
  const page = readFileSync(join(root, 'docs/scaling.md'), 'utf8');
  for (const { name } of curves) t.notThrows(() => replaceCurve(page, name, ''));
});
