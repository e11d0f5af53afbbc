import test from 'ava';
import { createWorld, cursor } from '../helpers/two-sides.ts';
import { isDrained, moved, range, storedValues } from '../helpers/two-sides-facts.ts';

test('a full edge takes nothing more, says so, seals what it has, and goes on as soon as the cloud has taken it', async (t) => {
  for (const size of range(1, 9)) {
    const world = createWorld(`full ${size}`);
    const cloud = await world.cloud();
    const edge = await world.edge({ bytesMax: 6_000 + 111 * size });
    await edge.until(moved(cursor, 'idle'));
    world.network.refuse();
    world.network.cut();
    const taken = range(1, 100).map((n) => edge.append(...range(n * size, n * size + size - 1)));
    await edge.until(moved('rotator', 'full'));
    await world.clock.advance(60_000);
    t.is(edge.state('rotator'), 'full');
    t.is(edge.store.status().state, 'full');
    const before = edge.accepted.length;
    t.true(before < 100 * size);
    world.network.heal();
    await world.clock.until(Promise.all(taken));
    await world.clock.advance(30_000);
    t.is(edge.state('rotator'), 'empty');
    t.true(isDrained(edge));
    t.deepEqual(await storedValues(cloud.disk), range(size, 101 * size - 1));
    await edge.stop();
    await cloud.stop();
    await world.clock.advance(10_000);
    t.is(edge.clock.pending, 0);
  }
});

test('a batch larger than the whole store is refused visibly and does not keep the process busy', async (t) => {
  const world = createWorld();
  await world.cloud();
  const edge = await world.edge({ bytesMax: 2_000 });
  let accepted = false;
  edge.append(...range(1, 20)).then(() => {
    accepted = true;
  });
  const { report } = await edge.until(moved('rotator', 'full'));
  t.like(report, { cause: { code: 'store-full', advice: 'Raise `store.max`, or send smaller batches.' } });
  await world.clock.advance(60_000);
  t.false(accepted);
  t.is(edge.state('rotator'), 'full');
  await edge.stop();
  t.is(edge.clock.pending, 0);
});

test('with commit-every readings gather in memory and are accepted together; an orderly end does not wait for it', async (t) => {
  const world = createWorld('commit-every');
  const cloud = await world.cloud();
  const edge = await world.edge({ rotator: { every: '1m', 'commit-every': '10s' } });
  await edge.until(moved(cursor, 'idle'));
  const before = edge.kv.commits;
  for (const n of range(1, 15)) {
    edge.append(n);
    await world.clock.advance(1_000);
  }
  t.deepEqual(edge.accepted, range(1, 10));
  t.is(edge.kv.commits, before + 1, 'ten readings, one commit');
  await edge.stop();
  t.deepEqual(edge.accepted, range(1, 15), 'what had gathered was accepted before the end');
  const again = await world.edge({ disk: edge.kv.disk });
  await world.clock.advance(30_000);
  t.deepEqual(await storedValues(cloud.disk), range(1, 15));
  await again.stop();
  await cloud.stop();
});
