import test from 'ava';
import { createWorld, cursor } from '../helpers/two-sides.ts';
import { causes, isDrained, moved, range, storedValues } from '../helpers/two-sides-facts.ts';

test('an edge that floods a cloud is read at its rate and loses neither link nor readings; another one does not notice', async (t) => {
  const world = createWorld('rate');
  const cloud = await world.cloud({
    receiver: { rate: { bytes: '64KiB', burst: '64KiB' }, heartbeat: '1s' },
  });
  const flooding = await world.edge({ name: 'e1', rotator: { size: '16KiB' } });
  const calm = await world.edge({ name: 'e2' });
  await flooding.until(moved(cursor, 'idle'));
  const count = 8_000;
  for (let from = 1; from <= count; from += 500) {
    await world.clock.until(flooding.append(...range(from, from + 499)));
  }
  const startedMs = world.clock.monotonic();
  await world.clock.advance(5_000);
  t.false(isDrained(flooding), 'held back');
  await world.clock.until(calm.append(1, 2, 3));
  await world.clock.advance(2_000);
  t.true(isDrained(calm));
  t.deepEqual(await storedValues(cloud.disk, 'e2'), [1, 2, 3]);
  while (!isDrained(flooding)) await world.clock.advance(1_000);
  const seconds = (world.clock.monotonic() - startedMs) / 1_000;
  const bytes = count * 90;
  t.true(seconds > bytes / 65_536 - 3 && seconds < 60, `${bytes} bytes took ${seconds} s`);
  t.deepEqual(await storedValues(cloud.disk, 'e1'), range(1, count));
  t.deepEqual(causes(flooding.lines, cursor), []);
  for (const side of [flooding, calm, cloud]) await side.stop();
  await world.clock.advance(10_000);
  t.is(cloud.clock.pending, 0);
});

test('a backlog drains at more than three times the rate at which readings come, oldest first and in order', async (t) => {
  const world = createWorld('drain');
  const cloud = await world.cloud();
  const edge = await world.edge({ rotator: { every: '1s' } });
  await edge.until(moved(cursor, 'idle'));
  world.network.latencyMs = () => 50;
  world.network.refuse();
  world.network.cut();
  let next = 1;
  const second = async () => {
    await world.clock.until(edge.append(...range(next, next + 9)));
    next += 10;
    await world.clock.advance(1_000);
  };
  for (let n = 0; n < 300; n++) await second();
  const outage = edge.store.backlog(cursor).readings;
  t.true(outage > 2_900);
  world.network.heal();
  const from = next;
  let seconds = 0;
  for (; edge.store.backlog(cursor).readings > 20; seconds++) await second();
  const arrived = outage + (next - from);
  t.true(arrived / seconds > 30, `${arrived} readings in ${seconds} s while 10 a second came`);
  await world.clock.advance(10_000);
  const stored = await storedValues(cloud.disk);
  t.deepEqual(stored, range(1, next - 1));
  await edge.stop();
  await cloud.stop();
});
