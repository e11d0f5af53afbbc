import test from 'ava';
import { type GraphPipeline, padding, pipelineGraph } from '../../../src/inspect/drawing/pipeline-graph.ts';
import { leastMs } from '../../helpers/least-ms.ts';

const pipeline = (
  name: string,
  chain: readonly string[],
  more: Partial<GraphPipeline> = {},
): GraphPipeline => ({
  name,
  actors: [...new Set(chain)].map((actor) => ({ name: actor, kind: actor })),
  wires: chain.slice(1).map((to, i) => ({ from: chain[i]!, to, type: 'readings' })),
  ...more,
});
const edge = pipeline('edge', ['barometer', 'rotator', 'uploader', 'acks']);
const cloud = pipeline('cloud', ['cloud-receiver', 'forecaster', 'cloud-receiver']);
const many = (count: number): GraphPipeline => {
  const sources = Array.from({ length: count }, (_, i) => `sensor-${i}`);
  return {
    name: 'many',
    actors: [...sources, 'rotator', 'uploader'].map((name) => ({ name, kind: name })),
    wires: [
      ...sources.map((from) => ({ from, to: 'rotator', type: 'readings' })),
      { from: 'rotator', to: 'uploader', type: 'segments' },
    ],
  };
};
const placesOf = (graph: ReturnType<typeof pipelineGraph>) =>
  new Map(graph.actors.map((actor) => [actor.name, actor]));

test('data flows from left to right', (t) => {
  const { actors } = pipelineGraph([edge]);
  const xs = ['barometer', 'rotator', 'uploader', 'acks'].map(
    (name) => actors.find((a) => a.name === name)!.x,
  );
  t.deepEqual(
    xs,
    [...xs].sort((a, b) => a - b),
  );
  t.is(new Set(xs).size, 4);
  t.is(new Set(actors.map(({ y }) => y)).size, 1);
});

test('what flows back is drawn back, below the others, from whichever actor the file begins', (t) => {
  for (const actors of [cloud.actors, [...cloud.actors].reverse()]) {
    const graph = pipelineGraph([edge, { ...cloud, actors }]);
    const back = graph.wires.filter((wire) => wire.back);
    t.deepEqual(
      back.map(({ from, to }) => [from, to]),
      [['forecaster', 'cloud-receiver']],
    );
    t.true(back[0]!.labelAt.y > Math.max(...graph.actors.map(({ y, height }) => y + height)));
  }
});

test('a source stands right before what it feeds, and what is fed in the middle of its sources', (t) => {
  const graph = pipelineGraph([
    pipeline('p', ['csv', 'emulator', 'rotator', 'uploader'], {
      wires: [
        { from: 'csv', to: 'emulator', type: 'readings' },
        { from: 'emulator', to: 'uploader', type: 'readings' },
        { from: 'rotator', to: 'uploader', type: 'readings' },
      ],
    }),
  ]);
  const at = placesOf(graph);
  t.is(at.get('rotator')!.x, at.get('emulator')!.x);
  t.is(at.get('uploader')!.y, (at.get('rotator')!.y + at.get('emulator')!.y) / 2);
});

test('an edge stands left of its cloud, and its uploader is linked to the receiver', (t) => {
  for (const both of [
    [edge, cloud],
    [cloud, edge],
  ]) {
    const graph = pipelineGraph(both);
    const box = (name: string) => graph.boxes.find(({ pipeline: own }) => own === name)!;
    t.true(box('edge').x + box('edge').width < box('cloud').x);
    t.deepEqual(
      graph.links.map(({ from, to }) => [from.actor, to.actor]),
      [['uploader', 'cloud-receiver']],
    );
  }
});

test('for a narrow page pipelines stand below each other', (t) => {
  const { boxes } = pipelineGraph([cloud, edge], undefined, { stacked: true });
  t.deepEqual(
    boxes.map(({ pipeline: name, x }) => [name, x]),
    [
      ['edge', 0],
      ['cloud', 0],
    ],
  );
  t.true(boxes[1]!.y > boxes[0]!.y + boxes[0]!.height);
});

test('no two actors stand on the same place, and all stand in the box of their pipeline', (t) => {
  const alone = { ...many(37), name: 'alone', wires: [] };
  for (const pipelines of [[edge, cloud], [many(200)], [alone], [many(3), cloud, alone]]) {
    const { actors, boxes, width, height } = pipelineGraph(pipelines);
    actors.forEach((a, i) => {
      const box = boxes.find((one) => one.pipeline === a.pipeline)!;
      t.true(
        a.x > box.x &&
          a.y > box.y &&
          a.x + a.width < box.x + box.width &&
          a.y + a.height < box.y + box.height,
      );
      t.true(box.x + box.width <= width && box.y + box.height <= height);
      for (const b of actors.slice(i + 1))
        t.false(a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height);
    });
  }
});

test('two hundred sources stand in a block, not in a column without end', (t) => {
  const { width, height, actors } = pipelineGraph([many(200)]);
  t.is(actors.length, 202);
  t.true(height < 1_500 && width < 5_000, `${width} x ${height}`);
});

test('the same pipelines give the same picture, and 200 actors cost little time', async (t) => {
  const pipelines = [many(200), cloud];
  const first = pipelineGraph(pipelines);
  t.deepEqual(pipelineGraph(pipelines), first);
  const ms = await leastMs(25, () => pipelineGraph(pipelines));
  t.true(ms < 50, `${ms} ms`);
});

test('wires to actors that are not there are left out, and a pipeline may be empty', (t) => {
  const odd = { ...edge, wires: [...edge.wires, { from: 'acks', to: 'nobody', type: 'readings' }] };
  t.is(pipelineGraph([odd]).wires.length, 3);
  t.deepEqual(pipelineGraph([]).actors, []);
  t.deepEqual(pipelineGraph([{ name: 'empty', actors: [], wires: [] }]).actors, []);
});

test('actors without wires make as many columns as there is room for', (t) => {
  const alone: GraphPipeline = {
    name: 'edge',
    actors: Array.from({ length: 200 }, (_, i) => ({ name: `a${i}`, kind: 'uploader' })),
    wires: [],
  };
  const widthOf = (aloneWidthMax: number) => pipelineGraph([alone], [], { aloneWidthMax }).width;
  t.true(widthOf(1_000) <= 1_000 + 2 * padding);
  t.true(widthOf(Number.POSITIVE_INFINITY) > 1_500);
  t.is(new Set(pipelineGraph([alone], [], { aloneWidthMax: 10 }).actors.map(({ x }) => x)).size, 1);
});
