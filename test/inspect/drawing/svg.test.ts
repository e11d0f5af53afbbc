import test from 'ava';
import { createMachine } from 'xstate';
import { layoutEngine } from '../../../src/cli/draw/engine.ts';
import { chartOf } from '../../../src/inspect/drawing/chart.ts';
import { knownChart } from '../../../src/inspect/drawing/known-charts.ts';
import { layOut } from '../../../src/inspect/drawing/layout.ts';
import { chartMermaid, pipelineMermaid } from '../../../src/inspect/drawing/mermaid.ts';
import { pipelineGraph } from '../../../src/inspect/drawing/pipeline-graph.ts';
import { pipelineSvg } from '../../../src/inspect/drawing/pipeline-svg.ts';
import { chartSvg, transitionToken } from '../../../src/inspect/drawing/svg.ts';

const nasty = '<script>alert("1")</script>&\u001b[31m\u202e';
const odd = createMachine({
  id: 'odd',
  initial: nasty,
  on: { 'GO ON': [{ guard: 'x<y' as never, target: '.both' }] },
  states: {
    [nasty]: { tags: ['trouble'], on: { 'a b': 'both', '"quoted"': {} } },
    both: {
      type: 'parallel',
      states: {
        one: { initial: 'a', states: { a: { after: { 10: 'b' } }, b: {} } },
        two: {
          initial: 'c',
          states: { c: { always: 'd' }, d: { on: { UP: '#odd.both' } }, h: { type: 'history' } },
        },
      },
      on: { DOWN: '.two.d', SAME: { target: 'both', reenter: true } },
    },
  },
});
const elements = (svg: string) => [...svg.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)];

/** Whether every tag is closed, in order, and nothing but tags begins with a bracket. */
function isSound(svg: string): boolean {
  const open: string[] = [];
  for (const [, end, name, closed] of elements(svg)) {
    if (end) {
      if (open.pop() !== name) return false;
    } else if (!closed) open.push(name!);
  }
  const texts = svg.replaceAll(/<style>.*?<\/style>/gs, '').replaceAll(/<\/?[a-z]+[^<>]*>/g, '');
  return open.length === 0 && !/[<>]/.test(texts) && !/&(?!(?:amp|lt|gt|quot|#39);)/.test(texts);
}

test('names of states and events never become markup, and what cannot be printed is written as an escape', async (t) => {
  const chart = chartOf(odd, nasty);
  const layout = await layOut(chart, await layoutEngine());
  for (const standAlone of [false, true]) {
    const svg = chartSvg(chart, layout, { standAlone });
    t.true(isSound(svg));
    t.notRegex(svg, /<script|\u001b|\u202e/);
    t.true(svg.includes('&lt;script&gt;'));
  }
  const pipeline = {
    name: nasty,
    actors: [{ name: nasty, kind: nasty }],
    wires: [{ from: nasty, to: nasty, type: nasty }],
  };
  const svg = pipelineSvg(pipelineGraph([pipeline]), nasty, {
    notes: new Map([[`${nasty}/${nasty}`, nasty]]),
  });
  t.true(isSound(svg));
  t.notRegex(svg, /<script|\u001b|\u202e/);
});

test('a picture holds no script, no style of its own unless it stands alone, and nothing from elsewhere', async (t) => {
  const { chart, layout } = (await knownChart('uploader'))!;
  const within = chartSvg(chart, layout);
  t.false(/<style|style=|<script|\son\w+=|href|url\(/.test(within));
  const alone = chartSvg(chart, layout, { standAlone: true });
  t.true(alone.includes('prefers-color-scheme:dark'));
  t.false(/<script|\son\w+="|href|url\(|https?:/.test(alone.replace('http://www.w3.org/2000/svg', '')));
});

test('a page can light every state and every transition', async (t) => {
  for (const name of ['uploader', 'cloud-receiver', 'file-rotator']) {
    const { chart, layout } = (await knownChart(name))!;
    const svg = chartSvg(chart, layout);
    for (const { id } of chart.states) t.true(svg.includes(`data-state="${id}"`), id);
    const marked = new Set(
      [...svg.matchAll(/data-transitions="([^"]*)"/g)].flatMap(([, ids]) => ids!.split(' ')),
    );
    for (const { id } of chart.transitions) t.true(marked.has(transitionToken(id)), `${name}: ${id}`);
  }
});

test('ids with blanks stay one word', (t) => {
  t.is(transitionToken('a|GO ON|0'), 'a|GO%20ON|0');
  t.is(transitionToken('a|50% off|0'), 'a|50%25%20off|0');
});

test('who cannot see a picture is told its states and where they lead', async (t) => {
  const { chart, layout } = (await knownChart('uploader'))!;
  const svg = chartSvg(chart, layout);
  t.regex(svg, /role="img" aria-labelledby="uploader-title uploader-desc"/);
  t.regex(svg, /<desc[^>]*>In any state: STOP to stopping;/);
  t.regex(svg, /waitingToRetry: RETRY to connecting; after retry to connecting\./);
});

test('states of every type are laid out: parallel, within others, remembered ones', async (t) => {
  const chart = chartOf(odd, 'odd');
  const layout = await layOut(chart, await layoutEngine());
  for (const { id } of chart.states) t.truthy(layout.states[id], id);
  const { both, 'both.one': one, 'both.one.a': a } = layout.states;
  t.true(one!.x > both!.x && one!.y > both!.y && one!.x + one!.width < both!.x + both!.width);
  t.true(a!.x > one!.x && a!.y > one!.y);
  t.deepEqual(Object.keys(layout.initials).sort(), ['', 'both.one', 'both.two']);
});

test('an arrow begins and ends at the border of its states', async (t) => {
  const { chart, layout } = (await knownChart('uploader'))!;
  const byId = new Map(chart.transitions.map((transition) => [transition.id, transition]));
  for (const { transitions, points } of layout.edges) {
    if (points.length === 0) continue;
    const { source, targets } = byId.get(transitions[0]!)!;
    for (const [id, point] of [
      [source, points[0]!],
      [targets[0]!, points.at(-1)!],
    ] as const) {
      const { x, y, width, height } = layout.states[id]!;
      const onEdge = Math.min(Math.abs(point.y - y), Math.abs(point.y - y - height)) <= 1;
      t.true(onEdge && point.x >= x && point.x <= x + width, `${transitions} at ${id}`);
    }
  }
});

test('what is written for Mermaid has only words that mean nothing to it', (t) => {
  const lines = chartMermaid(chartOf(odd, 'odd')).trimEnd().split('\n');
  t.is(lines[0], 'stateDiagram-v2');
  const text = String.raw`(?:[\p{L}\p{N} _.,/()\[\]→-]|#\d+;)*`;
  const forms = [
    String.raw`state "${text}" as s\d+(?:any)?(?: \{)?`,
    String.raw`(?:\[\*\]|s\d+(?:any)?) --> (?:\[\*\]|s\d+)(?: : ${text})?`,
    String.raw`s\d+ : ${text}`,
    String.raw`\}`,
    '--',
  ];
  const line = new RegExp(`^ *(?:${forms.join('|')})$`, 'u');
  for (const one of lines.slice(1)) t.regex(one, line);
  const pipeline = { name: nasty, actors: [{ name: nasty, kind: nasty }], wires: [] };
  t.notRegex(pipelineMermaid([pipeline], []), /<script|alert\("/);
});

test('in Mermaid no state leads into itself or out to what is around it, which it cannot draw', (t) => {
  const chart = chartOf(odd, 'odd');
  const text = chartMermaid(chart);
  const ids = chart.states.map(({ id }) => id);
  for (const [, from, to] of text.matchAll(/s(\d+) --> s(\d+)/g)) {
    const [a, b] = [ids[Number(from)]!, ids[Number(to)]!];
    t.false(
      a !== b && (a === '' || b === '' || a.startsWith(`${b}.`) || b.startsWith(`${a}.`)),
      `${a} to ${b}`,
    );
  }
});
