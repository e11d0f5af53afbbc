import test from 'ava';
import { encodeFrame, frameTypes } from '../../src/link/frames.ts';
import { encodeAck } from '../../src/link/payloads.ts';
import { edgeAgainstBytes, forecast, greetedEnds, json, segment, welcomeBytes } from './fixtures.ts';

test('a segment arrives as it was sent, and its acknowledgement with a message', async (t) => {
  const { clock, edge, cloud, edgeSide, cloudSide } = await greetedEnds({ latencyMs: 5 });
  const { header, body } = segment(1);
  await edge.send(header, body);
  t.deepEqual(edge.unanswered, { segments: 1, bytes: body.length });
  await clock.advance(5);
  t.deepEqual(cloudSide.log, ['segment readings/1']);
  const [received] = cloudSide.segments;
  t.deepEqual(Buffer.from(received!.body), Buffer.from(body));
  t.deepEqual(
    { ...received!.header, hash: Buffer.from(received!.header.hash).toString('hex') },
    {
      ...header,
      previousHash: Uint8Array.from(header.previousHash),
      hash: Buffer.from(header.hash).toString('hex'),
    },
  );
  cloud.acknowledge('readings', 1, header.hash, [forecast]);
  await clock.advance(5);
  t.deepEqual(edgeSide.log, ['ack readings/1']);
  t.deepEqual(Buffer.from(edgeSide.acks[0]!.hash), Buffer.from(header.hash));
  t.deepEqual(edgeSide.acks[0]!.messages, [forecast]);
  t.deepEqual(edge.unanswered, { segments: 0, bytes: 0 });
  t.deepEqual(cloud.unanswered, { segments: 0, bytes: 0 });
});

test('a gap travels as a gap', async (t) => {
  const { clock, edge, cloudSide } = await greetedEnds();
  const gap = segment(7, { type: 'gap', body: Buffer.from('{"gap":"dropped","count":3,"text":"x"}\n') });
  await edge.send(gap.header, gap.body);
  await clock.advance(0);
  t.is(cloudSide.segments[0]!.header.type, 'gap');
});

test('one acknowledgement answers every segment of its stream before it, and of no other', async (t) => {
  const { clock, edge, cloud } = await greetedEnds();
  for (const sequence of [1, 2, 3]) {
    const { header, body } = segment(sequence);
    await edge.send(header, body);
  }
  const other = segment(2, { stream: 'states' });
  await edge.send(other.header, other.body);
  await clock.advance(0);
  cloud.acknowledge('readings', 2, segment(2).header.hash, []);
  await clock.advance(0);
  t.is(edge.unanswered.segments, 2);
  t.is(cloud.unanswered.segments, 2);
});

test('after the greeting the cloud may acknowledge what an earlier link left open', async (t) => {
  const { clock, cloud, edgeSide } = await greetedEnds();
  cloud.acknowledge('readings', 41, segment(41).header.hash, []);
  await clock.advance(0);
  t.deepEqual(edgeSide.log, ['ack readings/41']);
});

test('a forecast may follow later as a message of its own; a type not known is ignored', async (t) => {
  const { clock, edge, side, peer } = edgeAgainstBytes();
  peer.write(welcomeBytes);
  await clock.until(edge.greeting);
  peer.write(json(frameTypes.message, forecast));
  peer.write(json(frameTypes.message, { type: 'firmware', url: 'x' }));
  const ack = { stream: 'readings', sequence: 1, hash: segment(1).header.hash, messages: [] };
  const withUnknown = Buffer.concat([
    encodeAck(ack).subarray(0, -2),
    Buffer.from(JSON.stringify([{ type: 'firmware' }, forecast])),
  ]);
  peer.write(encodeFrame(frameTypes.ack, withUnknown));
  await clock.advance(0);
  t.deepEqual(side.log, ['message forecast', 'ack readings/1']);
  t.deepEqual(side.acks[0]!.messages, [forecast]);
});

test('control characters in a message are escaped', async (t) => {
  const { clock, cloud, edgeSide } = await greetedEnds();
  cloud.message({ ...forecast, forecast: { ...forecast.forecast, text: 'rain\u001b[2J\u202e' } });
  await clock.advance(0);
  t.is(edgeSide.messages[0]!.forecast.text, 'rain\\u001b[2J\\u202e');
});

test('a refused segment frees the window and leaves the link alive', async (t) => {
  const { clock, edge, cloud, edgeSide } = await greetedEnds({ welcome: { windowSegments: 1 } });
  const poison = segment(1);
  await edge.send(poison.header, poison.body);
  const next = segment(2);
  const sent = edge.send(next.header, next.body);
  await clock.advance(0);
  cloud.refuse({ code: 'invalid', reason: 'not JSON', stream: 'readings', sequence: 1 });
  await clock.until(sent);
  t.deepEqual(edgeSide.refusals, [{ code: 'invalid', reason: 'not JSON', stream: 'readings', sequence: 1 }]);
  await clock.advance(0);
  t.is(cloud.unanswered.segments, 1);
});

test("an edge obeys the cloud's window in segments", async (t) => {
  const { clock, edge, cloud, cloudSide } = await greetedEnds({ welcome: { windowSegments: 2 } });
  const sends = [1, 2, 3, 4, 5].map((sequence) => {
    const { header, body } = segment(sequence);
    return edge.send(header, body);
  });
  await clock.advance(100);
  t.is(cloudSide.segments.length, 2);
  cloud.acknowledge('readings', 2, segment(2).header.hash, []);
  await clock.advance(100);
  t.is(cloudSide.segments.length, 4);
  cloud.acknowledge('readings', 4, segment(4).header.hash, []);
  await clock.until(Promise.all(sends));
  await clock.advance(0);
  t.deepEqual(
    cloudSide.segments.map(({ header }) => header.sequence),
    [1, 2, 3, 4, 5],
  );
});

test("an edge obeys the cloud's window in bytes, and a segment larger than it goes alone", async (t) => {
  const { clock, edge, cloud, cloudSide } = await greetedEnds({ welcome: { windowBytes: 1_000 } });
  const body = (bytes: number) => Buffer.alloc(bytes, 0x61);
  const sizes = [600, 300, 200, 5_000, 100];
  for (const [i, bytes] of sizes.entries()) {
    const { header } = segment(i + 1, { body: body(bytes) });
    void edge.send(header, body(bytes));
  }
  const arrived = () => cloudSide.segments.map(({ body: { length } }) => length);
  await clock.advance(10);
  t.deepEqual(arrived(), [600, 300]);
  cloud.acknowledge('readings', 1, segment(1).header.hash, []);
  await clock.advance(10);
  t.deepEqual(arrived(), [600, 300, 200]);
  cloud.acknowledge('readings', 3, segment(3).header.hash, []);
  await clock.advance(10);
  t.deepEqual(arrived(), [600, 300, 200, 5_000]);
  cloud.acknowledge('readings', 4, segment(4).header.hash, []);
  await clock.advance(10);
  t.deepEqual(arrived(), sizes);
  t.deepEqual(cloudSide.closes, []);
});

test('a segment that the cloud could not take is refused here, and the link lives on', async (t) => {
  const { clock, edge, cloudSide } = await greetedEnds({ welcome: { frameBytesMax: 4_096 } });
  const large = segment(1, { body: Buffer.alloc(4_096, 0x61) });
  await t.throwsAsync(edge.send(large.header, large.body), {
    code: 'segment-refused',
    message: /readings\/1 needs a frame of 4203 bytes, but .* takes 4096/,
  });
  const exact = segment(1, { body: Buffer.alloc(4_096 - 107, 0x61) });
  await edge.send(exact.header, exact.body);
  await clock.advance(0);
  t.deepEqual(cloudSide.log, ['segment readings/1']);
});

test('sending waits until the connection has room again', async (t) => {
  const { clock, edge, cloud, cloudSide } = await greetedEnds({ bufferBytes: 1_000, latencyMs: 50 });
  const large = segment(1, { body: Buffer.alloc(2_000, 0x61) });
  let sent = false;
  const sending = edge.send(large.header, large.body).then(() => {
    sent = true;
  });
  await clock.advance(49);
  t.false(sent);
  await clock.until(sending);
  t.is(cloudSide.segments.length, 1);
  cloud.holdBack(true);
  const next = segment(2, { body: Buffer.alloc(2_000, 0x61) });
  const held = edge.send(next.header, next.body);
  await clock.advance(20_000);
  t.is(cloudSide.segments.length, 1);
  t.deepEqual(cloudSide.closes, []);
  cloud.holdBack(false);
  await clock.until(held);
  await clock.advance(50);
  t.is(cloudSide.segments.length, 2);
});

test('sends that wait reject when the link is lost', async (t) => {
  const { clock, pair, edge } = await greetedEnds({ welcome: { windowSegments: 1 } });
  const sends = [1, 2, 3].map((sequence) => {
    const { header, body } = segment(sequence);
    return edge.send(header, body);
  });
  await sends[0];
  pair.cut();
  await t.throwsAsync(sends[1]!, { code: 'link-lost' });
  await t.throwsAsync(sends[2]!, { code: 'link-lost' });
  const { header, body } = segment(4);
  await t.throwsAsync(edge.send(header, body), { code: 'link-lost' });
  await clock.advance(60_000);
  t.is(clock.pending, 0);
});

test('a send that waits for room on the connection rejects when the link is lost', async (t) => {
  const { clock, cloud, edge } = await greetedEnds({ bufferBytes: 1_000 });
  cloud.holdBack(true);
  const { header, body } = segment(1, { body: Buffer.alloc(2_000, 0x61) });
  const sending = edge.send(header, body);
  await clock.advance(5_000);
  edge.destroy();
  await t.throwsAsync(sending, { code: 'link-lost', message: /this side ended the link/ });
});

test('wrong calls are programming errors', async (t) => {
  const { edge } = await greetedEnds();
  const { header, body } = segment(1);
  await t.throwsAsync(edge.send({ ...header, edge: 'cellar' }, body), { code: 'internal' });
  await t.throwsAsync(edge.send({ ...header, epoch: 'f'.repeat(32) }, body), { code: 'internal' });
  await t.throwsAsync(edge.send(header, body.subarray(1)), { code: 'internal' });
  await t.throwsAsync(edge.send({ ...header, sequence: -1 }, body), { code: 'internal' });
  await t.throwsAsync(edge.send({ ...header, stream: 'a/b' }, body), { code: 'internal' });
  const { edge: early } = edgeAgainstBytes();
  await t.throwsAsync(early.send(header, body), { code: 'internal' });
});
