import test from 'ava';
import { builtInCharts } from '../../../src/cli/draw/charts.ts';
import { layoutEngine } from '../../../src/cli/draw/engine.ts';
import { knownChartsText, withLayouts } from '../../../src/cli/draw/known.ts';
import type { Box } from '../../../src/contract/chart.ts';
import { type KnownChart, knownChart, knownCharts } from '../../../src/inspect/drawing/known-charts.ts';
import { readText } from '../../rules/tree.ts';

const overlap = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

test('the layouts that are kept are those of the statecharts as they are now: `npm run docs` makes them', async (t) => {
  const text = knownChartsText(await withLayouts(builtInCharts(), await layoutEngine()));
  t.true(text === readText('src/inspect/drawing/known-charts.json'), 'run `npm run docs`');
});

test('every built-in kind and the session of a receiver have a chart with a layout', async (t) => {
  for (const { kind } of builtInCharts()) t.is((await knownChart(kind))?.chart.kind, kind);
  for (const name of ['no-such-kind', '__proto__', 'toString', '']) t.is(await knownChart(name), null, name);
});

const each = async (look: (name: string, known: KnownChart) => void) => {
  for (const [name, known] of Object.entries(await knownCharts())) look(name, known);
};

test('in a layout no state lies on another one that it is not inside of', async (t) => {
  await each((name, { chart, layout }) => {
    const inside = (a: string, b: string) => b === '' || a.startsWith(`${b}.`);
    for (const { id: a } of chart.states) {
      for (const { id: b } of chart.states) {
        if (a === b || inside(a, b) || inside(b, a)) continue;
        t.false(overlap(layout.states[a]!, layout.states[b]!), `${name}: ${a} and ${b}`);
      }
    }
  });
});

test('in a layout no label lies on a state or on another label', async (t) => {
  await each((name, { chart, layout }) => {
    const labels = layout.edges.flatMap(({ label }) => label ?? []);
    const leaves = chart.states.filter(({ id }) => !chart.states.some(({ parent }) => parent === id));
    labels.forEach((label, i) => {
      for (const { id } of leaves)
        t.false(overlap(label, layout.states[id]!), `${name}: ${label.lines} on ${id}`);
      for (const other of labels.slice(i + 1))
        t.false(overlap(label, other), `${name}: ${label.lines} on ${other.lines}`);
    });
  });
});

test('every transition that leads to another state is told once, by an arrow or by a chip', async (t) => {
  await each((name, { chart, layout }) => {
    const told = layout.edges.flatMap(({ transitions }) => transitions);
    const leading = chart.transitions.filter(
      ({ source, targets }) => source === '' || targets.some((target) => target !== source),
    );
    t.deepEqual([...told].sort(), leading.map(({ id }) => id).sort(), name);
    for (const { transitions, points } of layout.edges) {
      t.is(points.length > 0, !transitions[0]!.startsWith('|'), `${name}: ${transitions}`);
    }
  });
});

test('everything lies within the picture', async (t) => {
  await each((name, { layout }) => {
    const boxes = [...Object.values(layout.states), ...layout.edges.flatMap(({ label }) => label ?? [])];
    const points = [...layout.edges.flatMap((edge) => edge.points), ...Object.values(layout.initials).flat()];
    for (const { x, y, width, height } of [...boxes, ...points.map((p) => ({ ...p, width: 0, height: 0 }))]) {
      t.true(x >= 0 && y >= 0 && x + width <= layout.width && y + height <= layout.height, name);
    }
  });
});
