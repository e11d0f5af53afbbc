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
