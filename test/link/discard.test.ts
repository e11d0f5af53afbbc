import test from 'ava';
import { type Acts, inOrder, losses, mishaps, type Play, run, same, without } from '../helpers/schedule.ts';
import { createWorld, cursor, type Edge, type World } from '../helpers/two-sides.ts';
import {
  isDrained,
  moved,
  range,
  type Stored,
  segment,
  storedGaps,
  storedReadings,
  storedValues,
} from '../helpers/two-sides-facts.ts';

const stream = 'readings';

/** One segment a value. */
async function sealEach(world: World, edge: Edge, ...values: number[]): Promise<void> {
  for (const value of values) {
    await world.clock.until(edge.append(value));
    await world.clock.until(edge.store.seal(stream));
  }
}

const gapsIn = async (world: { disk: Parameters<typeof storedGaps>[0] }) =>
  (await storedGaps(world.disk)).map(({ sequence, gap, fromSeq, toSeq }) => [sequence, gap, fromSeq, toSeq]);

test('what was discarded while the cloud was away is a gap there, and all else follows under the same epoch', async (t) => {
  const world = createWorld();
  const edge = await world.edge();
  await sealEach(world, edge, 1, 2, 3, 4, 5);
  await world.clock.until(edge.store.discard(stream, 2, 3, 'spoilt'));
  const cloud = await world.cloud();
  await edge.until(moved(cursor, 'idle'));
  await world.clock.advance(10_000);
  t.deepEqual(await storedValues(cloud.disk), [1, 4, 5]);
  t.deepEqual(await gapsIn(cloud), [
    [2, 'discarded', 2, 2],
    [3, 'discarded', 3, 3],
  ]);
  t.is((await storedGaps(cloud.disk))[0]?.text, 'spoilt');
  t.true(isDrained(edge));
  t.false(edge.states(cursor).includes('forked'));
});

test('what the cloud had stored when its acknowledgement was lost is there, once, and is no gap', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  await edge.until(moved(cursor, 'idle'));
  // The cloud dies when it is on its disk and before it has said so.
  cloud.kv.commitMs = () => 5_000;
  await sealEach(world, edge, 1);
  await edge.until(segment('sent', 1));
  await world.clock.advance(1_000);
  cloud.crash({ written: true });
  t.deepEqual(await storedValues(cloud.disk), [1]);
  await sealEach(world, edge, 2, 3, 4);
  t.is(edge.store.head(cursor, stream).acknowledged, 0);
  await world.clock.until(edge.store.discard(stream, 1, 3, ''));
  await world.cloud({ disk: cloud.disk });
  await world.clock.advance(60_000);
  t.deepEqual(await storedValues(cloud.disk), [1, 4]);
  t.deepEqual(await gapsIn(cloud), [
    [2, 'discarded', 2, 2],
    [3, 'discarded', 3, 3],
  ]);
  t.true(isDrained(edge));
  t.false(edge.states(cursor).includes('forked'));
});

test('discarded under a link that is up: it is made anew, and what was not on its way becomes gaps', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge({ uploader: { window: { segments: 1 }, compression: 'none' } });
  await edge.until(moved(cursor, 'idle'));
  cloud.kv.commitMs = () => 2_000;
  await sealEach(world, edge, ...range(1, 8));
  const discarded = await world.clock.until(edge.store.discard(stream, 1, 8, ''));
  t.true(discarded.segments > 5);
  cloud.kv.commitMs = () => 1;
  await world.clock.advance(60_000);
  const values = await storedValues(cloud.disk);
  const gaps = await gapsIn(cloud);
  t.true(gaps.length > 0);
  t.is(values.length + gaps.length, 8);
  t.true(isDrained(edge));
  t.deepEqual(
    edge.lines.flatMap(({ report }) =>
      report.type === 'transition' && report.cause ? [report.cause.code] : [],
    ),
    ['segment-discarded'],
  );
});

test('asked of the running pipeline, the uploader is paused meanwhile and has no trouble from it', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge({ uploader: { window: { segments: 1 }, compression: 'none' } });
  await edge.until(moved(cursor, 'idle'));
  cloud.kv.commitMs = () => 2_000;
  await sealEach(world, edge, ...range(1, 8));
  const from = edge.lines.length;
  const by = { user: 'ann', command: 'test' };
  await world.clock.until(edge.pipeline.control.discard({ stream, from: 1, to: 8 }, by, 'too hot'));
  t.true((await world.clock.until(edge.pipeline.control.segments())).some(({ discarded }) => discarded));
  cloud.kv.commitMs = () => 1;
  await world.clock.advance(60_000);
  const gaps = await storedGaps(cloud.disk);
  t.true(gaps.length > 0 && gaps.every(({ text }) => text === 'too hot'));
  t.is((await storedValues(cloud.disk)).length + gaps.length, 8);
  t.true(isDrained(edge));
  const states = edge.lines.slice(from).flatMap(({ actor, report }) => {
    return actor === cursor && report.type === 'transition' ? [report.to] : [];
  });
  t.deepEqual(states.slice(0, 3), ['paused', 'connecting', 'greeting']);
  t.false(states.includes('waitingToRetry'));
});

async function discard(play: Play): Promise<void> {
  const { edge, world, discarded } = play;
  const held = edge.store.held(stream).filter((each) => !each.discarded);
  const [first, last] = [held[0], held.at(-1)];
  if (!first || !last) return;
  const from = first.sequence + Math.floor(world.random.next() * held.length);
  const to = Math.min(last.sequence, from + Math.floor(world.random.next() * 3));
  const paused = world.random.next() < 0.5;
  if (paused) await edge.send(cursor, 'PAUSE');
  for (let sequence = from; sequence <= to; sequence++) {
    const header = edge.store.header(stream, sequence);
    if (header?.type !== 'readings') continue;
    const body = await edge.store.body(header).catch(() => new Uint8Array());
    for (const [, value] of Buffer.from(body)
      .toString()
      .matchAll(/"value":(\d+)/g))
      discarded.add(Number(value));
  }
  // What is in the way may be an acknowledgement that came first.
  edge.store.discard(stream, from, to, 'why').catch(() => {});
  if (!paused) return;
  await world.clock.advance(world.random.next() * 2_000);
  await edge.send(cursor, 'RESUME');
}

const seqsOf = (readings: readonly Stored[]) => readings.map(({ seq }) => seq);

test('whatever breaks when: each seq is in the cloud once, a gap only where somebody discarded, and nothing forks', async (t) => {
  t.timeout(180_000);
  let [gone, stored] = [0, 0];
  const acts: Acts = [...mishaps, [4, discard]];
  await run('discard', acts, async ({ cloud, edge, accepted, offered, discarded }) => {
    const readings = await storedReadings(cloud.disk);
    const gaps = await storedGaps(cloud.disk);
    same('epochs', new Set([...readings, ...gaps].map(({ epoch }) => epoch)).size <= 1, true);
    same('forks', edge.states(cursor).includes('forked'), false);
    const covered = gaps.flatMap(({ fromSeq, toSeq }) => range(fromSeq, toSeq));
    const all = [...seqsOf(readings), ...covered].sort((a, b) => a - b);
    same('seqs', all, range(1, all.length));
    same('kinds of gaps', new Set(gaps.map(({ gap }) => gap)).size <= 1, true);
    const values = readings.map(({ value }) => value);
    same('order', values, inOrder(values));
    same('lost', without(without(accepted, values), [...discarded]), []);
    same('made up', without(values, [...offered]), []);
    gone += covered.length;
    stored += values.filter((value) => discarded.has(value)).length;
  });
  t.true(gone > 0 && stored > 0, `${gone} discarded readings became gaps, ${stored} were stored`);
});

test('clouds wiped or restored besides: in all of them together everything that was not discarded', async (t) => {
  t.timeout(180_000);
  await run('discard and fork', [...mishaps, ...losses, [4, discard]], async (played) => {
    const all: number[] = [];
    for (const disk of played.disks) {
      const values = await storedValues(disk);
      same('order', values, inOrder(values));
      all.push(...values);
    }
    same('lost', without(without(played.accepted, all), [...played.discarded]), []);
    same('made up', without(all, [...played.offered]), []);
  });
  t.pass();
});
