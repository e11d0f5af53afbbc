import test from 'ava';
import { batch } from '../helpers/store-fixtures.ts';
import { createWorld, cursor, type Edge } from '../helpers/two-sides.ts';
import { isDrained, moved, range, storedGaps, storedValues } from '../helpers/two-sides-facts.ts';

/** Hands one reading on as a sensor does, which measures on whether or not there is room. */
function measure(edge: Edge, value: number, time: number): Promise<void> {
  const line = { device: 'd', sensor: 'pressure', time: new Date(time).toISOString(), value, unit: 'hPa' };
  const lines = Buffer.from(`${JSON.stringify(line)}\n`);
  return edge.source.send({ stream: 'readings', lines, count: 1, cannotWait: true });
}

test('drop-newest turns away what a sensor measures while the store is full: one gap from when to when, and it goes on when there is room', async (t) => {
  const world = createWorld('drop newest');
  const cloud = await world.cloud();
  const edge = await world.edge({ bytesMax: 12_000, whenFull: 'drop-newest' });
  await edge.until(moved(cursor, 'idle'));
  world.network.refuse();
  world.network.cut();
  const count = 400;
  for (const n of range(1, count)) {
    await world.clock.until(measure(edge, n, world.clock.now()));
    await world.clock.advance(100);
  }
  t.is(edge.store.status().state, 'full');
  t.is(edge.state('rotator'), 'full');
  const dropped = edge.store.status().lost.dropped!;
  t.true(dropped > 200);
  world.network.heal();
  await world.clock.advance(60_000);
  t.is(edge.state('rotator'), 'empty');
  await world.clock.until(measure(edge, count + 1, world.clock.now()));
  await world.clock.advance(60_000);
  t.true(isDrained(edge));
  t.deepEqual(await storedValues(cloud.disk), [...range(1, count - dropped), count + 1]);
  const gaps = await storedGaps(cloud.disk);
  t.is(gaps.length, 1);
  t.like(gaps[0], { gap: 'dropped', count: dropped });
  t.is(Date.parse(gaps[0].toTime) - Date.parse(gaps[0].fromTime) >= (dropped - 1) * 100, true);
  t.deepEqual(cloud.store.status().lost, { dropped });
  t.deepEqual(cloud.store.lost('e1'), { dropped });
  await edge.stop();
  await cloud.stop();
  await world.clock.advance(10_000);
  t.is(edge.clock.pending, 0);
});

test('what can wait is not turned away: it waits in the port while sensors go on being counted, and is accepted once, in order', async (t) => {
  const world = createWorld('waits');
  const cloud = await world.cloud();
  const edge = await world.edge({ bytesMax: 12_000, whenFull: 'drop-newest' });
  await edge.until(moved(cursor, 'idle'));
  world.network.refuse();
  world.network.cut();
  const waiting: Promise<void>[] = [];
  for (const n of range(1, 200)) {
    if (n % 10 === 0) waiting.push(edge.append(1_000 + n));
    else void measure(edge, n, world.clock.now());
    await world.clock.advance(100);
  }
  t.true(edge.store.status().lost.dropped! > 50);
  const accepted = edge.accepted.length;
  t.true(accepted < 20, 'who waits to be told is not told');
  world.network.heal();
  await world.clock.until(Promise.all(waiting));
  await world.clock.advance(60_000);
  const values = await storedValues(cloud.disk);
  t.deepEqual(
    values.filter((value) => value > 1_000),
    range(1, 20).map((n) => 1_000 + 10 * n),
  );
  const { dropped } = edge.store.status().lost;
  t.is(values.length + dropped!, 200);
  await edge.stop();
  await cloud.stop();
});

test('what can wait also waits while the clock that stamped it is doubted, and is accepted once', async (t) => {
  const world = createWorld('doubted');
  const cloud = await world.cloud();
  const edge = await world.edge({ bytesMax: 12_000, whenFull: 'drop-newest' });
  await edge.until(moved(cursor, 'idle'));
  world.network.refuse();
  world.network.cut();
  world.clock.jump(-30 * 86_400_000);
  let accepted = 0;
  const waiting = range(1, 200).map(async (value) => {
    const line = { device: 'd', sensor: 'pressure', time: new Date(world.clock.now()).toISOString(), value };
    const lines = Buffer.from(`${JSON.stringify(line)}\n`);
    await edge.source.send({ stream: 'readings', lines, count: 1, stamped: true });
    accepted += 1;
  });
  await world.clock.advance(20_000);
  t.is(edge.store.status().state, 'full');
  t.true(accepted < 200, 'what the store did not take is not accepted');
  world.network.heal();
  await world.clock.until(Promise.all(waiting));
  await world.clock.advance(60_000);
  t.deepEqual(await storedValues(cloud.disk), range(1, 200));
  await edge.stop();
  await cloud.stop();
});

test('what was turned away before a crash is still a gap after it', async (t) => {
  const world = createWorld('crash');
  const cloud = await world.cloud();
  let edge = await world.edge({ bytesMax: 12_000, whenFull: 'drop-newest' });
  await edge.until(moved(cursor, 'idle'));
  world.network.refuse();
  world.network.cut();
  for (const n of range(1, 200)) {
    await world.clock.until(measure(edge, n, world.clock.now()));
    await world.clock.advance(100);
  }
  const { lost } = edge.store.status();
  edge.crash({ written: true });
  edge = await world.edge({ disk: edge.disk, bytesMax: 12_000, whenFull: 'drop-newest' });
  t.deepEqual(edge.store.status().lost, lost);
  world.network.heal();
  await world.clock.advance(60_000);
  const total = (await storedGaps(cloud.disk)).reduce((sum, { count }) => sum + count, 0);
  t.is(total, lost.dropped);
  t.deepEqual(await storedValues(cloud.disk), range(1, 200 - lost.dropped!));
  await edge.stop();
  await cloud.stop();
});

test('retention drops what is too old or too much, oldest first, also while there is no link', async (t) => {
  const world = createWorld('retention');
  const cloud = await world.cloud();
  const edge = await world.edge({ uploader: { retention: { age: '1m' } } });
  await edge.until(moved(cursor, 'idle'));
  world.network.refuse();
  world.network.cut();
  for (const n of range(1, 30)) {
    await world.clock.until(edge.append(n));
    await world.clock.advance(10_000);
  }
  const dropped = edge.store.status().lost.dropped!;
  t.true(dropped >= 22 && dropped <= 25, `${dropped} were dropped`);
  world.network.heal();
  await world.clock.advance(10_000);
  t.deepEqual(await storedValues(cloud.disk), range(dropped + 1, 30));
  const gaps = await storedGaps(cloud.disk);
  t.deepEqual(
    gaps.map(({ gap, fromSeq, toSeq, count }) => [gap, fromSeq, toSeq, count]),
    [['dropped', 1, dropped, dropped]],
  );
  t.is(gaps[0].text, 'It waited for more than 1m, and is dropped then (`retention`).');
  t.true(
    edge.lines.some(
      ({ report }) => report.type === 'note' && /^dropped 1 reading in 1 segment/.test(report.text),
    ),
  );
  await edge.stop();
  await cloud.stop();
});

test('a gap of several streams is made for each of them', async (t) => {
  const world = createWorld('streams');
  const edge = await world.edge({ bytesMax: 12_000, whenFull: 'drop-newest' });
  const { policies } = edge.store;
  await world.clock.until(policies.turnAway([batch(2), batch(3, 'others'), batch(1)]));
  await world.clock.until(policies.turnedAwayToGaps());
  t.deepEqual(edge.store.status().lost, { dropped: 6 });
  t.deepEqual(
    edge.store.held('others').map(({ type, count }) => [type, count]),
    [['gap', 0]],
  );
  t.is(edge.store.held('readings').length, 1);
  await edge.stop();
});

test('a policy can be changed while the store is full, and takes effect at once', async (t) => {
  const world = createWorld('changed');
  const cloud = await world.cloud();
  const edge = await world.edge({ bytesMax: 12_000 });
  await edge.until(moved(cursor, 'idle'));
  world.network.refuse();
  world.network.cut();
  const taken = range(1, 300).map((n) => edge.append(n));
  await edge.until(moved('rotator', 'full'));
  await world.clock.advance(60_000);
  t.is(edge.state('rotator'), 'full');
  edge.store.policies.setWhenFull('drop-oldest');
  await world.clock.until(Promise.all(taken));
  t.true(edge.store.status().lost.dropped! > 100);
  world.network.heal();
  await world.clock.advance(60_000);
  t.deepEqual(await storedValues(cloud.disk), range(edge.store.status().lost.dropped! + 1, 300));
  await edge.stop();
  await cloud.stop();
});
