import test from 'ava';
import { preamble } from '../../src/link/frames.ts';
import type { Line } from '../helpers/side.ts';
import { createWorld, cursor, stream } from '../helpers/two-sides.ts';
import { moved, range, storedValues } from '../helpers/two-sides-facts.ts';

const rotator = { every: '1h' };
const leftBehind = (lines: readonly Line[]) =>
  lines.flatMap(({ actor, report }) =>
    actor === 'store' && report.type === 'note' && report.text.includes('here until') ? [report.text] : [],
  );

test('an orderly end brings to the cloud what was still open, deletes it on its word, and leaves nothing behind', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge({ rotator });
  await edge.until(moved(cursor, 'idle'));
  for (const n of range(1, 7)) await world.clock.until(edge.append(n));
  t.deepEqual(await storedValues(cloud.disk), []);
  const before = world.clock.monotonic();
  await world.clock.until(edge.pipeline.drain(4_500));
  t.true(world.clock.monotonic() - before < 2_000);
  t.deepEqual(await storedValues(cloud.disk), range(1, 7));
  t.deepEqual(edge.states('rotator').slice(-2), ['closing', 'stopped']);
  t.true(edge.lines.some(({ report }) => report.type === 'segment' && report.what === 'deleted'));
  t.deepEqual(leftBehind(edge.lines), []);
  const again = await world.edge({ rotator, disk: edge.kv.disk });
  t.is(again.store.backlog(cursor).segments, 0);
  await again.stop();
  await cloud.stop();
});

test('what was sealed and could not be sent yet goes as well', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud({ receiver: { window: { segments: 1 } } });
  const edge = await world.edge({ rotator });
  await edge.until(moved(cursor, 'idle'));
  cloud.kv.commitMs = () => 100;
  for (const n of range(1, 9)) {
    await world.clock.until(edge.append(n));
    await world.clock.until(edge.store.seal(stream));
  }
  await world.clock.until(edge.pipeline.drain(4_500));
  t.deepEqual(await storedValues(cloud.disk), range(1, 9));
  t.deepEqual(leftBehind(edge.lines), []);
  await cloud.stop();
});

test('what cannot leave before the end is told in one line, and leaves after the next start', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge({ rotator });
  await edge.until(moved(cursor, 'idle'));
  world.network.refuse();
  world.network.cut();
  for (const n of range(1, 44)) await world.clock.until(edge.append(n));
  await world.clock.until(edge.pipeline.drain(4_500));
  t.is(leftBehind(edge.lines).length, 1);
  t.regex(leftBehind(edge.lines)[0]!, /^44 readings \(.+B\) stay here until the next start$/);
  world.network.heal();
  const again = await world.edge({ rotator, disk: edge.kv.disk });
  await world.clock.advance(60_000);
  t.deepEqual(await storedValues(cloud.disk), range(1, 44));
  await world.clock.until(again.append(45));
  world.network.refuse();
  world.network.cut();
  await world.clock.until(again.pipeline.drain(4_500));
  t.regex(leftBehind(again.lines)[0]!, /^1 reading \(.+B\) stays here until the next start$/);
  await cloud.stop();
});

test('a cloud that takes bytes and says nothing holds the end up until its deadline and no longer', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge({ rotator });
  await edge.until(moved(cursor, 'idle'));
  await world.clock.until(edge.append(1, 2));
  cloud.kv.commitMs = () => 60_000;
  const before = world.clock.monotonic();
  await world.clock.until(edge.pipeline.drain(4_500));
  t.true(world.clock.monotonic() - before <= 5_000, `${world.clock.monotonic() - before} ms`);
  t.is(leftBehind(edge.lines).length, 1);
  await cloud.stop();
});

test('whoever looks whether the port is open and leaves without a word is no edge that was lost; half a greeting is', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const { transport } = world.network.join();
  const { signal } = new AbortController();
  for (const bytes of [null, preamble.subarray(0, 3)]) {
    const from = cloud.lines.length;
    const stranger = await world.clock.until(
      transport.dial({ host: 'c', port: 7070, timeoutMs: 1_000, signal }),
    );
    stranger.listen({ onData: () => {}, onDrain: () => {}, onClose: () => {} });
    if (bytes) stranger.write(bytes);
    await world.clock.advance(10);
    stranger.end();
    await world.clock.advance(5_000);
    const ends = cloud.lines.slice(from).flatMap(({ actor, report }) => {
      const isEnd =
        actor.startsWith('receiver/') && report.type === 'transition' && report.from === 'greeting';
      return isEnd ? [[report.to, report.cause?.code]] : [];
    });
    t.deepEqual(ends, [bytes ? ['lost', 'link-lost'] : ['closed', undefined]]);
  }
});
