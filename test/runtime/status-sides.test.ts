import test from 'ava';
import type { OpenedEdgeStore } from '../../src/store/edge-store.ts';
import { problem } from '../helpers/statechart.ts';
import { createWorld, cursor, stream } from '../helpers/two-sides.ts';
import { isDrained } from '../helpers/two-sides-facts.ts';
import { by, watching } from './control-fixtures.ts';

type World = ReturnType<typeof createWorld>;
type Side = Awaited<ReturnType<World['edge']>> | Awaited<ReturnType<World['cloud']>>;

async function actorsOf(side: Side) {
  const { actors } = await side.pipeline.control.status();
  return new Map(actors.map((actor) => [actor.name, actor]));
}

test('an edge and its cloud tell alike how many readings went through each actor', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge({ name: 'e1' });
  for (let i = 0; i < 5; i++) {
    await world.clock.until(edge.append(i, i, i));
    await world.clock.advance(1_500);
  }
  await world.clock.advance(5_000);
  t.true(isDrained(edge));
  const at = await actorsOf(edge);
  for (const name of ['source', 'rotator', cursor, 'acks']) t.is(at.get(name)!.readings, 15, name);
  const there = await actorsOf(cloud);
  const session = [...there.keys()].find((name) => name.startsWith('receiver/'))!;
  t.is(there.get(session)!.about, 'e1');
  t.is(there.get('receiver')!.about, undefined);
  for (const name of ['receiver', session, 'forecaster']) t.is(there.get(name)!.readings, 15, name);
  t.is(there.get(session)!.kind, 'cloud-session');
  t.like(await edge.pipeline.control.status(), { edge: 'e1', store: { role: 'edge', state: 'open' } });
  t.like(await cloud.pipeline.control.status(), { edge: null, store: { role: 'cloud', state: 'open' } });
  await edge.stop();
  await world.clock.advance(1_000);
  t.deepEqual([...(await actorsOf(cloud)).keys()], ['receiver', 'forecaster'], 'its session is forgotten');
});

test('what a paused uploader leaves waiting is told, and goes when it is resumed', async (t) => {
  const world = createWorld();
  await world.cloud();
  const edge = await world.edge();
  await world.clock.until(edge.pipeline.control.act(cursor, 'pause', by));
  const { now } = world.clock;
  await world.clock.until(edge.append(1, 2, 3));
  const opened = now();
  t.like((await actorsOf(edge)).get('rotator')!.waiting, { readings: 3 });
  t.true((await actorsOf(edge)).get('rotator')!.waiting!.oldestMs! <= opened);
  await world.clock.advance(1_500);
  await world.clock.until(edge.append(4));
  await world.clock.advance(1_500);
  const waiting = (await actorsOf(edge)).get(cursor)!.waiting!;
  const listed = await edge.pipeline.control.segments();
  t.deepEqual(
    listed.map(({ sequence, type, fromSeq, count }) => ({ sequence, type, fromSeq, count })),
    [
      { sequence: 1, type: 'readings', fromSeq: 1, count: 3 },
      { sequence: 2, type: 'readings', fromSeq: 4, count: 1 },
    ],
  );
  t.deepEqual(waiting, {
    readings: 4,
    bytes: listed.reduce((sum, { bytes }) => sum + bytes, 0),
    oldestMs: listed[0]!.sealedAtMs,
    bytesMax: edge.store.status().bytesMax,
  });
  t.like((await actorsOf(edge)).get('rotator')!.waiting, { readings: 0, oldestMs: null });
  const body = await edge.pipeline.control.segmentBody(stream, 2);
  t.like(JSON.parse(Buffer.from(body).toString()), { seq: 4, value: 4 });
  await world.clock.until(edge.pipeline.control.act(cursor, 'resume', by));
  await world.clock.advance(5_000);
  t.like((await actorsOf(edge)).get(cursor)!.waiting, { readings: 0, bytes: 0, oldestMs: null });
  t.deepEqual(await edge.pipeline.control.segments(), []);
});

test('a restart of any actor, in the midst of work, loses nothing and brings nothing twice', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge();
  const all = Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      world.clock.until(edge.append(i)).catch((thrown) => t.fail(`${thrown}`)),
    ),
  );
  for (const [side, name] of [
    [edge, 'rotator'],
    [edge, cursor],
    [edge, 'acks'],
    [cloud, 'receiver'],
    [cloud, 'forecaster'],
  ] as const) {
    await world.clock.until(side.pipeline.control.act(name, 'restart', by));
    t.is((await actorsOf(side)).get(name)!.restarts, 1, name);
  }
  await all;
  await world.clock.advance(30_000);
  t.true(isDrained(edge));
  t.is((await actorsOf(cloud)).get('receiver')!.readings, 50);
  t.is((await actorsOf(edge)).get(cursor)!.readings, 50);
});

test('a store that is closed is not asked', async (t) => {
  const world = createWorld();
  const edge = await world.edge();
  await edge.stop();
  const closed = () => t.fail('it was asked') as never;
  Object.assign(edge.store, { backlog: closed, streams: closed, openSegment: closed, head: closed });
  const status = await edge.pipeline.control.status();
  t.true(status.ending);
  t.is(status.actors.length, 4);
  await t.throwsAsync(edge.pipeline.control.segments(), { code: 'control-refused' });
});

test('a store that has failed is not asked either, and who watches learns how the pipeline ends', async (t) => {
  const world = createWorld();
  const edge = await world.edge();
  const { overs } = watching(edge.pipeline.control, { everyMs: 100 });
  await world.clock.advance(100);
  edge.store.backlog = () => {
    throw new Error('the store has failed');
  };
  (edge.store as OpenedEdgeStore).fail(problem('store-failed', 'no disk'));
  t.is((await edge.pipeline.control.status()).store?.state, 'failed');
  await world.clock.until(edge.pipeline.ended);
  await world.clock.flush();
  t.like(overs, [{ code: 'store-failed' }]);
});

test('a watcher of a pipeline that cannot say how it is hears why, and that nothing more will come', async (t) => {
  const world = createWorld();
  const edge = await world.edge();
  const { statuses, overs } = watching(edge.pipeline.control);
  edge.store.backlog = () => {
    throw new Error('cannot be read');
  };
  await world.clock.advance(5_000);
  t.deepEqual(statuses, []);
  t.like(overs, [{ code: 'internal', message: 'Error: cannot be read' }]);
  await edge.stop();
  t.is(overs.length, 1);
});

test('segments that are not there are said not to be, with those that are', async (t) => {
  const world = createWorld();
  const edge = await world.edge();
  const { control } = edge.pipeline;
  await t.throwsAsync(control.segmentBody(stream, 1), {
    code: 'control-unknown',
    message: 'edge has no stream readings: it has none yet',
  });
  await world.clock.until(edge.append(1));
  await world.clock.advance(1_500);
  await t.throwsAsync(control.segmentBody(stream, 9), {
    code: 'control-unknown',
    message: 'edge holds no segment 9 of readings: 1 to 1 are held',
  });
  await t.throwsAsync(control.segmentBody('x\n', 1), {
    message: /^edge has no stream x\\n: it has `readings`/,
  });
  const cloud = await world.cloud();
  await t.throwsAsync(cloud.pipeline.control.segments(), {
    code: 'control-refused',
    message: /no edge's store/,
  });
});
