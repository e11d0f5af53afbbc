import test from 'ava';
import { headRoom, labelWidthMax } from '../../../src/console/page/overview/heads.ts';
import { placed } from '../../../src/console/page/overview/shape.ts';
import { headHeight } from '../../../src/inspect/drawing/pipeline-graph.ts';

const inRow = (name: string, kinds: readonly string[]) => ({
  name,
  actors: kinds.map((kind) => ({ name: kind, kind })),
  wires: kinds.slice(1).map((to, i) => ({ from: kinds[i]!, to, type: 'readings' })),
});
const edge = inRow('edge', ['emulator', 'sensor-poller', 'file-rotator', 'uploader', 'ack-handler']);
const logfile = inRow('logfile', ['file-source', 'file-rotator', 'uploader']);
const cloud = inRow('cloud', ['cloud-receiver', 'forecaster']);

test("what is said in a pipeline's head stands beside the labels of links, however wide the page is", (t) => {
  let labels = 0;
  for (const pipelines of [[edge, cloud], [cloud, edge, logfile], [logfile, cloud], [cloud]]) {
    for (let width = 720; width <= 2_800; width += 20) {
      const { graph } = placed({ key: '', pipelines }, width);
      for (const box of graph.boxes) {
        const { from, to } = headRoom(box, graph.links);
        t.true(from >= 0 && to <= box.width && to - from > 250, `${box.pipeline} at ${width}: ${from}–${to}`);
        for (const { labelAt } of graph.links) {
          if (labelAt.y < box.y || labelAt.y > box.y + headHeight) continue;
          labels += 1;
          const [left, right] = [-1, 1].map((side) => labelAt.x - box.x + (side * labelWidthMax) / 2);
          // The head's text begins behind its padding.
          t.true(
            to <= left! || from + 20 >= right!,
            `${box.pipeline} at ${width}: ${from}–${to}, ${left}–${right}`,
          );
        }
      }
    }
  }
  t.true(labels > 100);
  const { graph } = placed({ key: '', pipelines: [edge, cloud] }, 1_400);
  t.is(headRoom(graph.boxes[0]!, graph.links).from, 0, 'its name stays where it is');
});
