import test from 'ava';
import { createWorld, cursor } from '../helpers/two-sides.ts';
import { isDrained, moved, range, storedReadings } from '../helpers/two-sides-facts.ts';

/** More: FOGRUN_STORM_EDGES=1000 npx ava -T 10m dist/test/link/storm.test.js */
const edgeCount = Number(process.env.FOGRUN_STORM_EDGES ?? 100);

test('edges that all come back at once are told when to come again, spread out, and every one of them gets through', async (t) => {
  const world = createWorld('storm');
  const max = Math.ceil(edgeCount / 10);
  const cloud = await world.cloud({ receiver: { connections: { greeting: max } }, forecaster: false });
  const names = range(1, edgeCount).map((n) => `e${n}`);
  const edges = await Promise.all(
    names.map((name) =>
      world.edge({ name, rotator: { every: '1s' }, uploader: { retry: { every: '100ms', max: '5s' } } }),
    ),
  );
  await world.clock.advance(60_000);
  world.network.cut();
  // As after a power cut of the cloud: everybody dials in the same moment, and its disk is slow.
  world.commitMs = () => 200;
  for (const edge of edges) void edge.append(1);
  await world.clock.advance(2_000);
  for (const edge of edges) await edge.send(cursor, 'RETRY');
  const from = world.clock.now();
  await world.clock.advance(60_000);
  for (const edge of edges) t.true(isDrained(edge));
  const busy = edges.flatMap(({ lines }) =>
    lines.flatMap(({ report }) =>
      report.type === 'transition' && /\(busy\)/.test(report.cause?.message ?? '') ? [report] : [],
    ),
  );
  t.true(busy.length > edgeCount / 4, `${busy.length} were told to come again`);
  t.true(busy.every(({ retryInMs }) => retryInMs! > 1_000));
  // Not all at the same moment: however many they are, no tenth of a second sees more than a third of them again.
  const tenths = Map.groupBy(busy, ({ retryInMs }) => Math.floor(retryInMs! / 100));
  const most = Math.max(...Array.from(tenths.values(), (some) => some.length));
  t.true(most < edgeCount / 3, `${most} of ${busy.length} come again within a tenth of a second`);
  t.true(world.clock.now() - from <= 60_000);
  for (const name of names) t.is((await storedReadings(cloud.disk, name)).length, 1);
  t.true(edges[0]!.lines.some(moved(cursor, 'idle')));
  await Promise.all([...edges, cloud].map((side) => side.stop()));
});
