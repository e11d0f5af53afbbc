import test from 'ava';
import { encodeFrame, frameTypes, preamble } from '../../src/link/frames.ts';
import {
  cloudAgainstBytes,
  edgeAgainstBytes,
  forecast,
  framesIn,
  greetedEnds,
  greetingBytes,
  json,
  segment,
  segmentBytes,
  welcome,
  welcomeBytes,
} from './fixtures.ts';

test('goodbye of an edge: what it sent is answered, then both end in order', async (t) => {
  const { clock, edge, cloud, edgeSide, cloudSide } = await greetedEnds({ latencyMs: 20 });
  const { header, body } = segment(1);
  await edge.send(header, body);
  const gone = edge.goodbye('stopping');
  await clock.advance(20);
  t.deepEqual(cloudSide.log, ['segment readings/1', 'goodbye stopping']);
  cloud.acknowledge('readings', 1, header.hash, []);
  cloud.goodbye('bye');
  await clock.until(gone);
  await clock.advance(3_000);
  t.deepEqual(edgeSide.log, ['ack readings/1', 'closed in order']);
  t.is(cloudSide.log.at(-1), 'closed in order');
  t.is(clock.pending, 0);
  await t.throwsAsync(edge.send(header, body), { code: 'link-lost' });
});

test('goodbye to a cloud that does not answer ends after three seconds', async (t) => {
  const { clock, edge, side, peer } = edgeAgainstBytes();
  peer.write(Buffer.concat([preamble, json(frameTypes.welcome, { ...welcome, heartbeatMs: 5_000 })]));
  await clock.until(edge.greeting);
  const from = clock.monotonic();
  await clock.until(edge.goodbye('stopping'));
  t.is(clock.monotonic() - from, 3_000);
  t.deepEqual(side.log, ['closed deadline-missed']);
  await clock.until(edge.goodbye('again'));
});

test('goodbye of the cloud ends the link, with its reason', async (t) => {
  const { clock, edge, cloud, edgeSide, cloudSide } = await greetedEnds();
  cloud.goodbye('update\u0007');
  await clock.advance(3_000);
  t.deepEqual(edgeSide.log, ['closed link-lost']);
  t.regex(edgeSide.closes[0]!.message, /said goodbye: update\\u0007/);
  t.deepEqual(cloudSide.log, ['closed in order']);
  t.is(clock.pending, 0);
  await edge.goodbye('too late');
});

test('a link that is taken over tells the older edge so', async (t) => {
  const { clock, cloud, edgeSide, cloudSide } = await greetedEnds();
  cloud.refuse({ code: 'superseded', reason: 'a newer connection' });
  await clock.advance(3_000);
  t.deepEqual(edgeSide.log, ['refused superseded', 'closed link-superseded']);
  t.deepEqual(cloudSide.log, ['closed in order']);
});

test('after the end nothing is called, nothing throws and no timer is left', async (t) => {
  const { clock, edge, cloud, edgeSide, cloudSide } = await greetedEnds();
  edge.destroy();
  t.deepEqual(edgeSide.log, ['closed in order']);
  await clock.advance(0);
  t.deepEqual(cloudSide.log, ['closed link-lost']);
  cloud.acknowledge('readings', 1, segment(1).header.hash, []);
  cloud.message(forecast);
  cloud.refuse({ code: 'failed', reason: 'x' });
  cloud.welcome(welcome);
  cloud.goodbye('x');
  cloud.holdBack(true);
  cloud.destroy();
  edge.destroy();
  await clock.advance(100_000);
  t.is(edgeSide.log.length + cloudSide.log.length, 2);
  t.is(clock.pending, 0);
});

test('extension frames are ignored by both sides', async (t) => {
  const { clock, cloud, side, peer } = cloudAgainstBytes();
  peer.write(greetingBytes);
  await clock.until(cloud.hello);
  cloud.welcome(welcome);
  const other = edgeAgainstBytes();
  other.peer.write(welcomeBytes);
  await other.clock.until(other.edge.greeting);
  for (const type of [0x40, 0x55, 0x7f]) {
    peer.write(encodeFrame(type, Buffer.alloc(100)));
    other.peer.write(encodeFrame(type, Buffer.alloc(100)));
  }
  await clock.advance(10);
  await other.clock.advance(10);
  t.deepEqual([side.log, other.side.log], [[], []]);
});

test('a callback that throws ends its link as a bug, and no more', async (t) => {
  const { clock, edge, cloudSide, cloud } = await greetedEnds();
  cloudSide.on.segment = () => {
    throw new TypeError('a mistake');
  };
  const { header, body } = segment(1);
  await edge.send(header, body);
  await clock.advance(0);
  t.is(cloudSide.closes[0]?.code, 'internal');
  cloud.destroy();
});

test('a segment with a wrong hash is refused and counted, and the link ends: nothing behind it is looked at', async (t) => {
  const good = segment(1);
  const wrong = { header: { ...good.header, hash: new Uint8Array(32) }, body: good.body };
  const damaged = { header: good.header, body: Buffer.alloc(good.body.length, 0x20) };
  for (const bad of [wrong, damaged]) {
    const { clock, cloud, side, peer } = cloudAgainstBytes();
    peer.write(greetingBytes);
    await clock.until(cloud.hello);
    cloud.welcome(welcome);
    peer.write(Buffer.concat([segmentBytes(bad), segmentBytes(wrong), segmentBytes(good)]));
    await clock.advance(3_000);
    t.deepEqual(side.log, ['refused invalid', 'closed link-protocol']);
    t.regex(side.closes[0]!.message, /the hash of SEGMENT readings\/1 does not match/);
    const answers = framesIn(peer.received());
    t.is(answers.at(-1)?.type, frameTypes.refuse);
    t.is(answers.filter(({ type }) => type === frameTypes.refuse).length, 1);
    t.regex(answers.at(-1)!.text, /"stream":"readings","sequence":1/);
    t.true(peer.closed);
    t.is(clock.pending, 0);
  }
});

test('an edge whose segment has a wrong hash is told which one before the link ends', async (t) => {
  const { clock, edge, edgeSide } = await greetedEnds({ latencyMs: 20 });
  const { header, body } = segment(1);
  await edge.send({ ...header, hash: new Uint8Array(32) }, body);
  await clock.advance(3_000);
  t.deepEqual(edgeSide.log, ['refused invalid', 'closed link-lost']);
  t.like(edgeSide.refusals[0], { stream: 'readings', sequence: 1 });
});

test('frames may arrive together with the preamble, or byte by byte', async (t) => {
  const bytes = Buffer.concat([preamble, welcomeBytes.subarray(8), json(frameTypes.message, forecast)]);
  for (const size of [bytes.length, 1]) {
    const { clock, edge, side, peer } = edgeAgainstBytes({ piece: () => size });
    peer.write(bytes);
    await clock.until(edge.greeting);
    await clock.advance(0);
    t.deepEqual(side.log, ['message forecast']);
  }
});
