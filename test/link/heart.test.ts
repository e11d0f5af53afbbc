import test from 'ava';
import { sumBytes } from '../../src/link/checks.ts';
import { edgeAgainstBytes, greetedEnds, segment, welcomeBytes } from './fixtures.ts';

test('each side sends a heartbeat when it has sent nothing for a while, and the link lives on them', async (t) => {
  const { clock, pair, edgeSide, cloudSide } = await greetedEnds({ latencyMs: 30 });
  const before = { ...pair.arrived };
  await clock.advance(10_500);
  t.is(pair.arrived.far - before.far, 9 * 10);
  t.is(pair.arrived.near - before.near, 9 * 10);
  await clock.advance(600_000);
  t.deepEqual([edgeSide.closes, cloudSide.closes], [[], []]);
});

test('a black hole is noticed by both sides after three heartbeats', async (t) => {
  const { clock, pair, edgeSide, cloudSide } = await greetedEnds();
  pair.blackHole();
  await clock.advance(2_900);
  t.deepEqual([edgeSide.closes, cloudSide.closes], [[], []]);
  await clock.advance(200);
  t.deepEqual([edgeSide.log, cloudSide.log], [['closed link-silent'], ['closed link-silent']]);
  t.regex(edgeSide.closes[0]!.message, / sent nothing for 3s$/);
  t.is(clock.pending, 0);
});

test('heartbeats do not pile up on a connection that takes no bytes', async (t) => {
  const { clock, edge, cloud, pair } = await greetedEnds({ bufferBytes: 1_000 });
  cloud.holdBack(true);
  const { header, body } = segment(1, { body: Buffer.alloc(2_000, 0x61) });
  const sending = edge.send(header, body);
  const before = pair.arrived.far;
  await clock.advance(100_000);
  cloud.holdBack(false);
  await clock.until(sending);
  t.is(pair.arrived.far - before, 2_000 + 107 + 4 + sumBytes);
});

test('a process that slept does not take the other side for dead', async (t) => {
  // A timer that fires very late, before the data that waits is read.
  const { clock, side, peer, edge } = edgeAgainstBytes();
  peer.write(welcomeBytes);
  await clock.until(edge.greeting);
  const monotonic = clock.monotonic;
  clock.monotonic = () => monotonic() + 60_000;
  await clock.advance(3_000);
  t.deepEqual(side.closes, []);
  await clock.advance(3_000);
  t.deepEqual(side.log, ['closed link-silent']);
});

test('a jump of the wall clock changes nothing', async (t) => {
  const { clock, edgeSide, cloudSide } = await greetedEnds();
  clock.jump(-30 * 86_400_000);
  await clock.advance(60_000);
  clock.jump(60 * 86_400_000);
  await clock.advance(60_000);
  t.deepEqual([edgeSide.closes, cloudSide.closes], [[], []]);
});
