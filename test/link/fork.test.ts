import test from 'ava';
import { noHash } from '../../src/domain/segment.ts';
import { fakeCloud } from '../helpers/fake-cloud.ts';
import { createWorld, cursor, type Edge, type World } from '../helpers/two-sides.ts';
import {
  backupOf,
  copyOf,
  isDrained,
  moved,
  range,
  segment,
  storedGaps,
  storedReadings,
  storedValues,
} from '../helpers/two-sides-facts.ts';

async function deliver(world: World, edge: Edge, ...values: number[]): Promise<void> {
  await world.clock.until(edge.append(...values));
  await world.clock.advance(10_000);
}

const isForked = moved(cursor, 'forked');

test('a wiped cloud is noticed: what was not acknowledged goes there in a new epoch, behind a gap', async (t) => {
  const world = createWorld();
  const first = await world.cloud();
  const edge = await world.edge();
  await deliver(world, edge, 1, 2);
  const { epoch } = edge.store;
  first.crash();
  await world.clock.until(edge.append(3));
  const second = await world.cloud();
  const { report } = await edge.until(isForked);
  t.like(report, { cause: { code: 'edge-forked' } });
  t.regex(JSON.stringify(report), /another cloud, or was wiped/);
  await world.clock.advance(10_000);
  t.not(edge.store.epoch, epoch);
  t.deepEqual(await storedValues(first.disk), [1, 2]);
  const readings = await storedReadings(second.disk);
  t.deepEqual(
    readings.map(({ seq, value }) => ({ seq, value })),
    [{ seq: 3, value: 3 }],
  );
  t.like((await storedGaps(second.disk))[0], { sequence: 1, gap: 'epoch', fromSeq: 1, toSeq: 2, count: 2 });
  t.true(isDrained(edge));
  t.is(edge.states(cursor).filter((state) => state === 'forked').length, 1);
  t.deepEqual(world.deletedUnstored, []);
});

test('a cloud restored from an older copy is noticed, and keeps what it has', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  await deliver(world, edge, 1);
  const older = backupOf(cloud.disk);
  await deliver(world, edge, 2);
  cloud.crash();
  await world.cloud({ disk: older });
  await world.clock.until(edge.append(3));
  const { report } = await edge.until(isForked);
  t.regex(JSON.stringify(report), /the cloud lost data/);
  await world.clock.advance(10_000);
  t.deepEqual(await storedValues(older), [1, 3]);
  t.like((await storedGaps(older))[0], { gap: 'epoch', fromSeq: 1, toSeq: 2 });
  t.true(isDrained(edge));
});

test('of an edge and its clone the one that comes later forks, and nothing of either is lost', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  await deliver(world, edge, 1);
  const image = copyOf(edge.disk);
  await deliver(world, edge, 2);
  const { epoch } = edge.store;
  const clone = await world.edge({ disk: image });
  await world.clock.until(clone.append(100));
  const { report } = await clone.until(isForked);
  t.regex(JSON.stringify(report), /copy|restored snapshot/);
  await deliver(world, edge, 3);
  await deliver(world, clone, 101);
  t.is(edge.store.epoch, epoch);
  t.not(clone.store.epoch, epoch);
  const readings = await storedReadings(cloud.disk);
  const of = (wanted: string) => readings.filter((each) => each.epoch === wanted).map(({ value }) => value);
  t.deepEqual(of(epoch), [1, 2, 3]);
  t.deepEqual(of(clone.store.epoch), [100, 101]);
  t.true(isDrained(edge) && isDrained(clone));
  t.is(edge.state(cursor), 'idle');
  t.is(clone.state(cursor), 'idle');
});

test('two clones that run at the same time part ways after at most one fork each', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const first = await world.edge();
  await deliver(world, first, 1);
  await first.stop();
  const image = copyOf(first.disk);
  const [a, b] = [await world.edge({ disk: first.disk }), await world.edge({ disk: image })];
  for (const value of range(2, 6)) {
    await world.clock.until(a.append(value));
    await world.clock.until(b.append(value + 100));
    await world.clock.advance(3_000);
  }
  await world.clock.advance(30_000);
  const values = await storedValues(cloud.disk);
  t.deepEqual(
    [...values].sort((x, y) => x - y),
    [1, ...range(2, 6), ...range(102, 106)],
  );
  t.not(a.store.epoch, b.store.epoch);
  t.true(isDrained(a) && isDrained(b));
  const forks = [a, b].map((edge) => edge.states(cursor).filter((state) => state === 'forked').length);
  t.deepEqual(forks.toSorted(), [0, 1]);
  t.deepEqual(world.deletedUnstored, []);
});

test('an edge restored from an older snapshot forks, and its new readings arrive', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  await deliver(world, edge, 1);
  const image = copyOf(edge.disk);
  await deliver(world, edge, 2, 3);
  edge.crash();
  const restored = await world.edge({ disk: image });
  await world.clock.until(restored.append(4));
  await restored.until(isForked);
  await world.clock.advance(10_000);
  t.deepEqual(await storedValues(cloud.disk), [1, 2, 3, 4]);
  t.true(isDrained(restored));
});

test('an acknowledgement with another hash deletes nothing and ends in forked', async (t) => {
  const world = createWorld();
  await fakeCloud(world, (link, { stream, sequence }) => link.acknowledge(stream, sequence, noHash, []));
  const edge = await world.edge();
  await world.clock.until(edge.append(1));
  const { report } = await edge.until(isForked);
  t.regex(JSON.stringify(report), /segment 1 of readings, under a hash that is not ours/);
  await world.clock.advance(60_000);
  t.is(edge.lines.filter(segment('deleted')).length, 0);
  t.is(edge.store.backlog(cursor).readings, 1);
  t.is(edge.store.header('readings', 1)?.count, 1);
});

test('an acknowledgement of what was never sealed deletes nothing and ends in forked', async (t) => {
  const world = createWorld();
  await fakeCloud(world, (link, { stream, sequence }) => link.acknowledge(stream, sequence + 1, noHash, []));
  const edge = await world.edge();
  await world.clock.until(edge.append(1));
  const { report } = await edge.until(isForked);
  t.regex(JSON.stringify(report), /segment 2 of readings, which was never sealed/);
  t.is(edge.store.backlog(cursor).readings, 1);
});

test('paused while the fork is being written and resumed before it is, it goes on in the new epoch', async (t) => {
  const world = createWorld();
  const first = await world.cloud();
  const edge = await world.edge();
  await deliver(world, edge, 1);
  first.crash();
  const second = await world.cloud();
  await world.clock.until(edge.append(2));
  edge.kv.commitMs = () => 3_000;
  await edge.until(isForked);
  await edge.send(cursor, 'PAUSE');
  await edge.send(cursor, 'RESUME');
  await world.clock.advance(1_000);
  t.is(edge.state(cursor), 'connecting');
  await world.clock.advance(30_000);
  t.is(edge.state(cursor), 'idle');
  t.true(isDrained(edge));
  t.deepEqual(await storedValues(second.disk), [2]);
  t.is(edge.states(cursor).filter((state) => state === 'forked').length, 1);
});
