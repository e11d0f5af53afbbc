import test from 'ava';
import { fakeCloud } from '../helpers/fake-cloud.ts';
import { createWorld, cursor, type Edge, type World } from '../helpers/two-sides.ts';
import { causes, isDrained, moved, range, segment } from '../helpers/two-sides-facts.ts';
import { forecast } from './fixtures.ts';

/** Segments wait; counts how often the edge commits a deletion. */
async function backlog(world: World, count: number): Promise<{ edge: Edge; deletions: () => number }> {
  const edge = await world.edge();
  await edge.send(cursor, 'PAUSE');
  for (const value of range(1, count)) {
    await world.clock.until(edge.append(value));
    await world.clock.until(edge.store.seal('readings'));
  }
  let deletions = 0;
  const acknowledge = edge.store.acknowledge.bind(edge.store);
  edge.store.acknowledge = (...ack) => {
    deletions += 1;
    return acknowledge(...ack);
  };
  return { edge, deletions: () => deletions };
}

test('acknowledgements that come while one is being taken are taken as one', async (t) => {
  const world = createWorld();
  await fakeCloud(
    world,
    (link, { stream, sequence, hash }) => {
      world.clock.setTimeout(() => link.acknowledge(stream, sequence, hash, []), sequence);
    },
    { windowSegments: 100, windowBytes: 2 ** 20 },
  );
  const { edge, deletions } = await backlog(world, 50);
  edge.kv.commitMs = () => 20;
  await edge.send(cursor, 'RESUME');
  await edge.until(segment('deleted', 50));
  await world.clock.advance(1_000);
  t.true(isDrained(edge));
  t.true(deletions() <= 6, `${deletions()} deletions`);
  t.is(edge.lines.filter(segment('deleted')).length, 50);
  t.is(edge.state(cursor), 'idle');
});

test('messages of acknowledgements taken as one all arrive, in order', async (t) => {
  const world = createWorld();
  await fakeCloud(
    world,
    (link, { stream, sequence, hash }) => {
      const message = { ...forecast, stream, sequence };
      world.clock.setTimeout(() => link.acknowledge(stream, sequence, hash, [message]), sequence);
    },
    { windowSegments: 100, windowBytes: 2 ** 20 },
  );
  const { edge } = await backlog(world, 20);
  edge.kv.commitMs = () => 20;
  await edge.send(cursor, 'RESUME');
  await edge.until(segment('deleted', 20));
  await world.clock.advance(1_000);
  const told = edge.lines.flatMap(({ report }) => (report.type === 'forecast' ? [report.segment] : []));
  t.deepEqual(told, range(1, 20));
});

test('an acknowledgement under a wrong hash is noticed also when others come with it', async (t) => {
  const world = createWorld();
  await fakeCloud(
    world,
    (link, { stream, sequence, hash }) => {
      const quoted = sequence < 10 ? hash : hash.map((byte) => byte ^ 1);
      world.clock.setTimeout(() => link.acknowledge(stream, sequence, quoted, []), sequence);
    },
    { windowSegments: 100, windowBytes: 2 ** 20 },
  );
  const { edge } = await backlog(world, 10);
  edge.kv.commitMs = () => 20;
  await edge.send(cursor, 'RESUME');
  await edge.until(moved(cursor, 'forked'));
  t.true(causes(edge.lines, cursor).includes('edge-forked'));
});
