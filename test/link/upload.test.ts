import test from 'ava';
import { fakeCloud } from '../helpers/fake-cloud.ts';
import { type Cloud, createWorld, cursor, type Edge, type World } from '../helpers/two-sides.ts';
import {
  causes,
  isDrained,
  moved,
  range,
  segment,
  storedReadings,
  storedValues,
} from '../helpers/two-sides-facts.ts';

/** Appends and seals one segment each, without waiting for the rotator. */
async function seal({ clock }: World, edge: Edge, ...values: number[]): Promise<void> {
  for (const value of values) {
    await clock.until(edge.append(value));
    await clock.until(edge.store.seal('readings'));
  }
}

async function endAll(world: World, ...sides: (Edge | Cloud)[]): Promise<number> {
  for (const side of sides) await side.stop();
  await world.clock.advance(10_000);
  return sides.reduce((sum, { clock }) => sum + clock.pending, 0);
}

test('what is appended arrives once and in order, and is deleted on the edge', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  for (const value of range(1, 5)) await world.clock.until(edge.append(value, value + 0.5));
  await edge.until(segment('deleted', 1));
  await world.clock.until(edge.append(6));
  await edge.until(segment('deleted', 2));
  await world.clock.advance(10);
  const readings = await storedReadings(cloud.disk);
  t.deepEqual(
    readings.map(({ seq }) => seq),
    range(1, 11),
  );
  t.deepEqual(
    readings.map(({ value }) => value),
    edge.accepted,
  );
  t.true(isDrained(edge));
  t.is(edge.store.header('readings', 2), undefined);
  t.deepEqual(world.deletedUnstored, []);
  t.is(edge.state(cursor), 'idle');
  t.is(await endAll(world, edge, cloud), 0);
});

test('the forecast rides with the acknowledgement', async (t) => {
  const world = createWorld();
  await world.cloud();
  const edge = await world.edge();
  await world.clock.until(edge.append(1_000, 1_010));
  const deleted = await edge.until(segment('deleted', 1));
  const told = await edge.until(({ report }) => report.type === 'forecast');
  t.is(told.atMs, deleted.atMs);
  t.like(told.report, { segment: 1, mean: 1_005, readings: 2 });
});

test('an acknowledgement lost on the way is said again by the mark, and nothing is sent or stored twice', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  world.network.latencyMs = () => 50;
  await world.clock.until(edge.append(1));
  await cloud.until(({ report }) => report.type === 'transition' && report.to === 'acknowledging');
  world.network.cut();
  await edge.until(moved(cursor, 'waitingToRetry'));
  t.is(edge.store.backlog(cursor).segments, 1);
  await edge.until(segment('deleted', 1));
  t.is(edge.lines.filter(segment('sent')).length, 1);
  t.deepEqual(await storedValues(cloud.disk), [1]);
});

test('a black hole ends as link-silent, and the way back drains what came meanwhile', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  await edge.until(moved(cursor, 'idle'));
  world.network.blackHole();
  await seal(world, edge, 1, 2);
  const lost = await edge.until(moved(cursor, 'waitingToRetry'));
  t.like(lost.report, { cause: { code: 'link-silent' }, attempt: 1 });
  await edge.until(moved(cursor, 'connecting'), 60_000, edge.lines.length);
  await world.clock.advance(30_000);
  t.true(causes(edge.lines, cursor).includes('link-unreachable'));
  world.network.heal();
  await edge.until(segment('deleted', 2));
  t.deepEqual(await storedValues(cloud.disk), [1, 2]);
});

test('a commit of the cloud that takes longer than silence may last does not end the link', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  await edge.until(moved(cursor, 'idle'));
  cloud.kv.commitMs = () => 20_000;
  await seal(world, edge, 1);
  await edge.until(segment('deleted', 1));
  t.deepEqual(causes(edge.lines, cursor), []);
  t.is(world.network.pairs.length, 1);
});

test('an acknowledgement that does not come in time makes the link anew, until it comes', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge({ uploader: { 'ack-timeout': '5s' } });
  await edge.until(moved(cursor, 'idle'));
  cloud.kv.commitMs = () => 12_000;
  await seal(world, edge, 1, 2, 3);
  await edge.until(moved(cursor, 'waitingToRetry'));
  t.deepEqual(causes(edge.lines, cursor), ['deadline-missed']);
  cloud.kv.commitMs = () => 1;
  await edge.until(segment('deleted', 3));
  t.deepEqual(await storedValues(cloud.disk), [1, 2, 3]);
  t.deepEqual(world.deletedUnstored, []);
});

test('a cloud that says goodbye to an edge in the middle of sending is waited for, and gets the rest', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud({ receiver: { window: { segments: 2 } } });
  const edge = await world.edge();
  await edge.until(moved(cursor, 'idle'));
  cloud.kv.commitMs = () => 2_000;
  await seal(world, edge, ...range(1, 6));
  await edge.until(moved(cursor, 'sending'));
  await cloud.stop();
  await world.clock.advance(5_000);
  t.deepEqual(new Set(causes(edge.lines, cursor)), new Set(['link-lost', 'link-unreachable']));
  const again = await world.cloud({ disk: cloud.disk });
  await edge.until(segment('deleted', 6));
  t.deepEqual(await storedValues(again.disk), range(1, 6));
});

test('the smaller window of the two is obeyed, whichever side it is on', async (t) => {
  for (const [own, theirs, smaller] of [
    [2, 5, 2],
    [9, 4, 4],
  ] as const) {
    const world = createWorld();
    let most = 0;
    await fakeCloud(
      world,
      (link, header) => {
        most = Math.max(most, link.unanswered.segments);
        const { stream, sequence, hash } = header;
        world.clock.setTimeout(() => link.acknowledge(stream, sequence, hash, []), 100);
      },
      { windowSegments: theirs },
    );
    const edge = await world.edge({ uploader: { window: { segments: own } } });
    await edge.send(cursor, 'PAUSE');
    await seal(world, edge, ...range(1, 20));
    await edge.send(cursor, 'RESUME');
    await edge.until(segment('deleted', 20));
    t.is(most, smaller);
    t.deepEqual(causes(edge.lines, cursor), []);
  }
});

test('a segment too long for the cloud is refused by name, and is on the edge whatever becomes of it', async (t) => {
  const world = createWorld();
  await world.cloud({ receiver: { 'frame-max': '16KiB' } });
  const edge = await world.edge();
  await edge.until(moved(cursor, 'idle'));
  await world.clock.until(edge.append(...range(1, 300)));
  const { report } = await edge.until(moved(cursor, 'refused'));
  t.like(report, { cause: { code: 'segment-refused' } });
  t.regex(JSON.stringify(report), /segment readings\/1 needs a frame of \d+ bytes/);
  t.is(edge.store.backlog(cursor).readings, 300);
  await world.clock.advance(60_000);
  t.like(edge.store.letters.totals(), { letters: 1, readings: 300 });
  t.true(isDrained(edge));
  t.is(await endAll(world, edge), 0);
});

test('an edge whose disk fails shows it, ends with its cause, and keeps what was accepted', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge({ uploader: { 'ack-timeout': '1s' } });
  await seal(world, edge, 1);
  edge.kv.failNext = 'EIO';
  void edge.append(2);
  const end = await world.clock.until(edge.pipeline.ended);
  t.is(end?.code, 'store-failed');
  t.true(edge.states('store').includes('failed'));
  t.deepEqual(edge.accepted, [1]);
  await world.clock.advance(20_000);
  t.is(edge.clock.pending, 0);
  const again = await world.edge({ disk: edge.disk });
  await world.clock.advance(5_000);
  t.true(isDrained(again));
  t.deepEqual(await storedValues(cloud.disk), [1]);
});

test('a store failure in the uploader, the rotator or the ack handler ends in the state failed', async (t) => {
  for (const when of ['greeting', 'sealing', 'deleting']) {
    const world = createWorld(when);
    await world.cloud();
    const edge = await world.edge();
    if (when !== 'greeting') await edge.until(moved(cursor, 'idle'));
    void edge.append(1);
    await edge.until(({ report }) => report.type === 'transition' && report.to === when);
    edge.kv.failNext = 'EIO';
    const end = await world.clock.until(edge.pipeline.ended);
    t.is(end?.code, 'store-failed', when);
    const failed = ['rotator', cursor, 'acks'].filter((name) => edge.states(name).includes('failed'));
    t.true(failed.length > 0, when);
    t.is(edge.store.status().state, 'failed');
  }
});

/** Ways into each phase of the uploader; the network or a disk then stands still. */
const phases: Record<string, (world: World, edge: Edge, cloud: Cloud) => Promise<unknown>> = {
  connecting: async ({ network }, edge) => {
    network.blackHole();
    await edge.send(cursor, 'RESUME');
  },
  greeting: async ({ network }, edge) => {
    network.latencyMs = () => 700;
    await edge.send(cursor, 'RESUME');
  },
  idle: async (_, edge) => edge.send(cursor, 'RESUME'),
  sending: async (world, edge, cloud) => {
    cloud.kv.commitMs = () => 2_000;
    await seal(world, edge, 1, 2, 3, 4, 5);
    await edge.send(cursor, 'RESUME');
  },
  awaitingAck: async (world, edge, cloud) => {
    await seal(world, edge, 1);
    await edge.send(cursor, 'RESUME');
    await edge.until(moved(cursor, 'greeting'), 60_000, edge.lines.length);
    await world.clock.advance(1);
    cloud.kv.commitMs = () => 2_000;
  },
  waitingToRetry: async ({ network }, edge) => {
    network.refuse();
    await edge.send(cursor, 'RESUME');
  },
};

for (const phase of Object.keys(phases)) {
  const arrive = async () => {
    const world = createWorld(phase);
    const cloud = await world.cloud({ receiver: { window: { segments: 2 } } });
    const edge = await world.edge();
    await edge.until(moved(cursor, 'idle'));
    await edge.send(cursor, 'PAUSE');
    await world.clock.advance(100);
    const from = edge.lines.length;
    await phases[phase]!(world, edge, cloud);
    await edge.until(moved(cursor, phase), 60_000, from);
    return { world, edge, cloud };
  };

  test(`paused in the state ${phase}, it says goodbye; resumed, it goes on where it was`, async (t) => {
    const { world, edge, cloud } = await arrive();
    await edge.send(cursor, 'PAUSE');
    t.is(edge.state(cursor), 'paused');
    await world.clock.advance(20_000);
    t.is(edge.state(cursor), 'paused');
    world.network.heal();
    await edge.send(cursor, 'RESUME');
    await world.clock.until(edge.append(6));
    await world.clock.advance(20_000);
    t.is(edge.state(cursor), 'idle');
    t.deepEqual(await storedValues(cloud.disk), edge.accepted);
    t.true(isDrained(edge));
    t.is(await endAll(world, edge, cloud), 0);
  });

  test(`stopped in the state ${phase}, it ends within its deadline and leaves no timer`, async (t) => {
    const { world, edge, cloud } = await arrive();
    const before = world.clock.monotonic();
    await edge.send(cursor, 'STOP');
    await world.clock.until(edge.pipeline.actors.get(cursor)!.ended);
    t.is(edge.state(cursor), 'stopped');
    t.true(world.clock.monotonic() - before <= 5_000);
    t.is(await endAll(world, edge, cloud), 0);
  });
}
