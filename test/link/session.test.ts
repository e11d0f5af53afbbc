import test from 'ava';
import { cloudReceiver } from '../../machines/cloud-receiver.ts';
import { cloudSession } from '../../machines/cloud-session.ts';
import type { OutPort, ReceivedSegment } from '../../src/contract/port.ts';
import { Budget } from '../../src/link/budget.ts';
import { Door } from '../../src/link/door.ts';
import { createSession } from '../../src/link/session.ts';
import { runActor } from '../../src/runtime/actor.ts';
import { type Cloud, createWorld, cursor, type Edge, type World } from '../helpers/two-sides.ts';
import {
  causes,
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
  await world.clock.advance(5_000);
}

/** Sessions that have begun and not ended. */
function sessionsOf(cloud: Cloud): number {
  const ends = new Set(['closed', 'lost', 'failed']);
  let open = 0;
  for (const { actor, report } of cloud.lines) {
    if (!actor.startsWith('receiver/') || report.type !== 'transition') continue;
    if (report.from === 'off') open += 1;
    if (ends.has(report.to)) open -= 1;
  }
  return open;
}

test('a full cloud says so and when to come back; nothing is lost, and room lets it go on', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud({ bytesMax: 1_500 });
  const edge = await world.edge();
  cloud.disk.files.refusal = new Error('no space');
  for (const value of range(1, 30)) {
    await world.clock.until(edge.append(value));
    await world.clock.advance(1_000);
  }
  const refusal = await edge.until(moved(cursor, 'waitingToRetry'));
  t.like(refusal.report, { cause: { code: 'link-refused' } });
  t.regex(JSON.stringify(refusal.report), /\(full\)/);
  t.true((refusal.report as { retryInMs: number }).retryInMs >= 10_000);
  t.true(edge.store.backlog(cursor).segments > 0);
  t.deepEqual(world.deletedUnstored, []);
  cloud.disk.files.refusal = null;
  await world.clock.advance(180_000);
  t.true(isDrained(edge));
  t.deepEqual(await storedValues(cloud.disk), range(1, 30));
});

test('a cloud whose disk fails says no more than that, ends with its cause, and the edge keeps its data', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  await deliver(world, edge, 1);
  cloud.kv.failNext = 'EIO on /secret/path';
  await world.clock.until(edge.append(2));
  const end = await world.clock.until(cloud.pipeline.ended);
  t.is(end?.code, 'store-failed');
  t.true(cloud.states('receiver/edge.test:50000').includes('failed'));
  await world.clock.advance(10_000);
  t.false(JSON.stringify(edge.lines).includes('secret'));
  t.is(edge.store.backlog(cursor).readings, 1);
  t.is(cloud.clock.pending, 0);
  const again = await world.cloud({ disk: cloud.disk });
  await world.clock.advance(20_000);
  t.true(isDrained(edge));
  t.deepEqual(await storedValues(again.disk), [1, 2]);
});

test('a newer connection of the same edge takes the place of the older one', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  await edge.until(moved(cursor, 'idle'));
  // The device lost its power: the cloud has heard nothing of it yet.
  edge.crash({ silent: true });
  const again = await world.edge({ disk: edge.disk });
  await world.clock.advance(100);
  t.is(again.state(cursor), 'idle');
  await deliver(world, again, 1);
  t.is(sessionsOf(cloud), 1);
  t.deepEqual(await storedValues(cloud.disk), [1]);
});

test('of two processes with one store the older is told that it is superseded, in plain words', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  await deliver(world, edge, 1);
  const copy = await world.edge({ disk: copyOf(edge.disk) });
  const { report } = await edge.until(moved(cursor, 'waitingToRetry'));
  t.like(report, { cause: { code: 'link-superseded' } });
  await copy.until(moved(cursor, 'idle'));
  t.deepEqual(await storedValues(cloud.disk), [1]);
});

test('acknowledgements do not wait for a forecaster that is absent, paused or restarting', async (t) => {
  for (const how of ['absent', 'paused', 'waiting']) {
    const world = createWorld(how);
    const cloud = await world.cloud({ forecaster: how !== 'absent' });
    const edge = await world.edge();
    if (how === 'paused') await cloud.send('forecaster', 'PAUSE');
    await deliver(world, edge, 1_000);
    t.true(isDrained(edge), how);
    t.is(edge.lines.filter(({ report }) => report.type === 'forecast').length, how === 'waiting' ? 1 : 0);
    if (how !== 'paused') continue;
    await cloud.send('forecaster', 'RESUME');
    await deliver(world, edge, 1_010);
    t.like(edge.lines.findLast(({ report }) => report.type === 'forecast')?.report, { mean: 1_010 });
    t.deepEqual(
      cloud.store.means('e1', 'pressure', 0).map(({ mean }) => mean),
      [1_000, 1_010],
    );
  }
});

test('a forecaster that cannot deal with a segment says so, and acknowledgements, deletion and later forecasts go on', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  await deliver(world, edge, 1_000);
  const { store } = cloud;
  const means = store.means.bind(store);
  store.means = () => {
    throw new Error('a mean that is none');
  };
  await deliver(world, edge, 1_010);
  t.true(isDrained(edge));
  store.means = means;
  await deliver(world, edge, 1_020);
  t.true(isDrained(edge));
  const told = edge.lines.flatMap(({ report }) => (report.type === 'forecast' ? [report.mean] : []));
  t.deepEqual(told, [1_000, 1_020]);
  const notes = cloud.lines.flatMap(({ actor, report }) =>
    actor === 'forecaster' && report.type === 'note' ? [report.text] : [],
  );
  t.deepEqual(notes, ['no forecast for segment 2 of e1: Error: a mean that is none']);
  t.is(cloud.state('forecaster'), 'ready');
});

test('a forecast of a segment that was not stored is forgotten, and made once it is', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  await deliver(world, edge, 1_000);
  cloud.kv.commitMs = () => 2_000;
  for (let cut = 0; cut < 3; cut++) {
    void edge.append(1_010 + cut);
    await edge.until(segment('sent'), 60_000, edge.lines.length);
    await world.clock.advance(500);
    world.network.cut();
  }
  cloud.kv.commitMs = () => 1;
  await world.clock.advance(20_000);
  t.true(isDrained(edge));
  t.deepEqual(
    cloud.store.means('e1', 'pressure', 0).map(({ mean }) => mean),
    [1_000, 1_010, 1_011, 1_012],
  );
  t.deepEqual([...cloud.store.unfinished('forecaster')], []);
});

test('whoever was handed a segment hears in every case whether it was stored', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud({ forecaster: false });
  const heard: string[] = [];
  const report = () => {};
  const config = cloudReceiver.config.parse({});
  const output: OutPort<ReceivedSegment> = {
    blocked: false,
    flush() {},
    async send({ ref, stored }) {
      stored.then(
        () => heard.push(`${ref.sequence} stored`),
        ({ code }) => heard.push(`${ref.sequence} ${code}`),
      );
    },
  };
  const { clock } = world;
  const shared = { greeted: new Map(), door: new Door(256, () => 0), budget: new Budget(config.memory) };
  const env = { store: cloud.store, output, clock, report, agent: 'test/1', config, ...shared };
  await world.network.join().transport.listen({ host: 'c', port: 7071 }, (connection) => {
    runActor(cloudSession, { clock, report, input: createSession(connection, env).effects });
  });
  const edge = await world.edge({ uploader: { cloud: { port: 7071 } } });
  await edge.until(moved(cursor, 'idle'));
  cloud.kv.commitMs = () => 2_000;
  void edge.append(1);
  await edge.until(segment('sent', 1));
  await clock.advance(100);
  void edge.append(2);
  await edge.until(segment('sent', 2));
  await clock.advance(100);
  world.network.refuse();
  world.network.cut();
  await clock.advance(10_000);
  t.deepEqual(heard.toSorted(), ['1 stored', '2 link-lost']);
});

test('a gap of the edge is stored in its place and takes no number', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  await deliver(world, edge, 1);
  const missed = { gap: 'missed', count: 7, toTime: '2026-01-01T00:00:09Z', text: 'asleep' } as const;
  await world.clock.until(
    edge.source.send({ stream: 'readings', lines: new Uint8Array(), count: 0, missed }),
  );
  await deliver(world, edge, 2);
  t.deepEqual(
    (await storedReadings(cloud.disk)).map(({ seq, value }) => [seq, value]),
    [
      [1, 1],
      [2, 2],
    ],
  );
  t.like((await storedGaps(cloud.disk))[0], { sequence: 2, gap: 'missed', count: 7 });
});

test('a cloud that is stopped or paused in any phase of a session leaves no timer and no session', async (t) => {
  for (const command of ['STOP', 'PAUSE']) {
    for (const phase of ['dialled', 'greeting', 'receiving', 'committing']) {
      const world = createWorld(phase);
      const cloud = await world.cloud();
      if (phase === 'greeting') cloud.kv.commitMs = () => 3_000;
      if (phase === 'dialled') {
        const { transport } = world.network.join();
        const { signal } = new AbortController();
        await world.clock.until(transport.dial({ host: 'c', port: 7070, timeoutMs: 1_000, signal }));
      } else {
        const edge = await world.edge();
        if (phase === 'greeting') await edge.until(moved(cursor, 'greeting'));
        else await edge.until(moved(cursor, 'idle'));
        if (phase === 'committing') {
          cloud.kv.commitMs = () => 3_000;
          void edge.append(1);
          await edge.until(segment('sent'));
        }
        await world.clock.advance(10);
        world.network.refuse();
      }
      await cloud.send('receiver', command);
      await world.clock.advance(5_000);
      t.is(cloud.state('receiver'), command === 'STOP' ? 'stopped' : 'paused', phase);
      t.is(sessionsOf(cloud), 0, `${command} ${phase}`);
      await world.clock.advance(5_000);
      t.is(cloud.clock.pending, 0, `${command} ${phase}`);
      await cloud.stop();
    }
  }
});

test('a stranger that says nothing does not hold up the end of a cloud, however little time that has', async (t) => {
  for (const deadlineMs of [30_000, 1]) {
    const world = createWorld();
    const cloud = await world.cloud();
    const { transport } = world.network.join();
    const { signal } = new AbortController();
    const stranger = await world.clock.until(
      transport.dial({ host: 'c', port: 7070, timeoutMs: 1_000, signal }),
    );
    const closed = Promise.withResolvers<void>();
    stranger.listen({ onData: () => {}, onDrain: () => {}, onClose: () => closed.resolve() });
    await world.clock.until(cloud.pipeline.drain(deadlineMs), 4_500);
    await world.clock.until(closed.promise, 10);
    await world.clock.advance(10);
    t.is(cloud.clock.pending, 0);
  }
});

test('edges do not disturb each other: one that is refused, one that forks, one that is well', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud({ receiver: { 'frame-max': '16KiB' } });
  const large = await world.edge({ name: 'large' });
  const well = await world.edge({ name: 'well' });
  const first = await world.edge({ name: 'twin' });
  const image = copyOf(first.disk);
  await deliver(world, first, 1);
  const twin = await world.edge({ name: 'twin', disk: image });
  await world.clock.until(large.append(...range(1, 300)));
  for (const value of range(1, 20)) {
    await world.clock.until(well.append(value));
    await deliver(world, twin, value + 100);
  }
  t.true(large.states(cursor).includes('refused'));
  t.true(twin.states(cursor).includes('forked'));
  t.deepEqual(await storedValues(cloud.disk, 'well'), range(1, 20));
  t.deepEqual(await storedValues(cloud.disk, 'twin'), [1, ...range(101, 120)]);
  t.deepEqual(causes(well.lines, cursor), []);
});
