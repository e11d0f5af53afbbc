/** Input of somebody who means harm, or whose program is wrong. */
import test from 'ava';
import { encodeFrame, frameTypes, preamble } from '../../src/link/frames.ts';
import { encodeAck, encodeSegmentHead } from '../../src/link/payloads.ts';
import {
  cloudAgainstBytes,
  edgeAgainstBytes,
  framesIn,
  greetingBytes,
  hello,
  json,
  segment,
  segmentBytes,
  welcome,
  welcomeBytes,
} from './fixtures.ts';

function length(bytes: number): Uint8Array {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes);
  return head;
}

/** A cloud that has welcomed the hand-written edge. */
async function welcomedBytes() {
  const all = cloudAgainstBytes();
  all.peer.write(greetingBytes);
  await all.clock.until(all.cloud.hello);
  all.cloud.welcome(welcome);
  await all.clock.advance(0);
  return all;
}

for (const bytes of [0, 16 * 1024 + 1, 0x7fff_ffff, 0xffff_ffff]) {
  test(`a frame of ${bytes} bytes before the greeting is refused at its length, on both sides`, async (t) => {
    const { clock, cloud, side, peer } = cloudAgainstBytes();
    peer.write(Buffer.concat([preamble, length(bytes)]));
    await t.throwsAsync(clock.until(cloud.hello), { code: 'link-protocol', message: /1 to 16384/ });
    await clock.advance(3_000);
    t.deepEqual(side.log, ['closed link-protocol']);
    t.true(peer.closed);
    const other = edgeAgainstBytes();
    other.peer.write(Buffer.concat([preamble, length(bytes)]));
    await t.throwsAsync(other.clock.until(other.edge.greeting), { code: 'link-protocol' });
    await other.clock.advance(0);
    t.true(other.peer.closed);
  });
}

test('after the greeting the limits are those agreed', async (t) => {
  const { clock, side, peer } = await welcomedBytes();
  peer.write(length(welcome.frameBytesMax));
  await clock.advance(10);
  t.deepEqual(side.closes, []);
  const second = await welcomedBytes();
  second.peer.write(length(welcome.frameBytesMax + 1));
  await second.clock.advance(10);
  await second.clock.advance(3_000);
  t.is(second.side.closes[0]?.code, 'link-protocol');
  const third = edgeAgainstBytes();
  third.peer.write(Buffer.concat([welcomeBytes, length(1024 * 1024 + 1)]));
  await third.clock.advance(10);
  t.is(third.side.closes[0]?.code, 'link-protocol');
});

test('a length larger than what follows waits within the deadline, then closes', async (t) => {
  const { clock, side, peer } = cloudAgainstBytes();
  peer.write(Buffer.concat([preamble, length(1_000), Buffer.from([frameTypes.hello])]));
  await clock.advance(9_999);
  t.deepEqual(side.closes, []);
  await clock.advance(1);
  t.deepEqual(side.log, ['closed deadline-missed']);
  t.true(peer.closed);
});

test('a greeting drop by drop does not outlive the handshake deadline', async (t) => {
  const { clock, cloud, side, peer } = cloudAgainstBytes({ piece: () => 1, pieceEveryMs: 900 });
  peer.write(greetingBytes);
  await t.throwsAsync(clock.until(cloud.hello), { code: 'deadline-missed' });
  t.is(clock.monotonic(), 10_000);
  t.deepEqual(side.log, ['closed deadline-missed']);
});

test('a segment drop by drop is closed after one window, although bytes keep coming', async (t) => {
  const { clock, side, peer } = await welcomedBytes();
  const from = clock.monotonic();
  const bytes = segmentBytes(segment(1, { body: Buffer.alloc(100_000, 0x61) }));
  for (let at = 0; side.closes.length === 0 && at < 100; at++) {
    peer.write(bytes.subarray(at, at + 1));
    await clock.advance(500);
  }
  t.true(clock.monotonic() - from <= 30_500);
  t.deepEqual(side.log, ['closed deadline-missed']);
  t.regex(side.closes[0]!.message, /bytes of a frame within 30000 ms/);
});

test('a slow but honest network may take several windows for one segment', async (t) => {
  const { clock, side, peer } = await welcomedBytes();
  const bytes = segmentBytes(segment(1, { body: Buffer.alloc(40_000, 0x61) }));
  for (let at = 0; at < bytes.length; at += 300) {
    peer.write(bytes.subarray(at, at + 300));
    await clock.advance(1_000);
  }
  t.true(clock.monotonic() > 120_000);
  t.deepEqual(side.log, ['segment readings/1']);
});

for (const [what, type] of [
  ['SEGMENT', frameTypes.segment],
  ['HEARTBEAT', frameTypes.heartbeat],
  ['GOODBYE', frameTypes.goodbye],
  ['AUTHENTICATE', frameTypes.authenticate],
  ['an extension', 0x40],
] as const) {
  test(`${what} before HELLO closes the connection`, async (t) => {
    const { clock, side, peer } = cloudAgainstBytes();
    peer.write(Buffer.concat([preamble, encodeFrame(type), json(frameTypes.hello, hello)]));
    await clock.advance(3_000);
    t.deepEqual(side.log, ['closed link-protocol']);
    t.regex(side.closes[0]!.message, /the first frame must be HELLO/);
    t.true(peer.closed);
  });
}

test('a segment before WELCOME closes the connection, also right behind HELLO', async (t) => {
  const { clock, side, peer } = cloudAgainstBytes();
  peer.write(Buffer.concat([greetingBytes, segmentBytes(segment(1))]));
  await clock.advance(3_000);
  t.deepEqual(side.log, ['closed link-protocol']);
  t.regex(side.closes[0]!.message, /SEGMENT \(0x10\) before WELCOME/);
});

for (const type of [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x11, 0x12, 0x1f, 0x22, 0x3f, 0x80, 0xff]) {
  test(`an edge that sends type 0x${type.toString(16)} after the greeting is closed`, async (t) => {
    const { clock, side, peer } = await welcomedBytes();
    peer.write(encodeFrame(type, Buffer.from('{}')));
    await clock.advance(3_000);
    t.deepEqual(side.log, ['closed link-protocol']);
    t.true(peer.closed);
    t.is(framesIn(peer.received()).at(-1)?.type, frameTypes.refuse);
  });
}

for (const type of [0x00, 0x01, 0x02, 0x03, 0x10, 0x13, 0x22, 0x3f, 0x80, 0xff]) {
  test(`a cloud that sends type 0x${type.toString(16)} after the greeting is closed`, async (t) => {
    const { clock, edge, side, peer } = edgeAgainstBytes();
    peer.write(welcomeBytes);
    await clock.until(edge.greeting);
    peer.write(encodeFrame(type, Buffer.from('{}')));
    await clock.advance(0);
    t.deepEqual(side.log, ['closed link-protocol']);
    t.true(peer.closed);
  });
}

test('an acknowledgement, a message or a refused segment before WELCOME closes the connection', async (t) => {
  for (const frame of [
    encodeFrame(
      frameTypes.ack,
      encodeAck({ stream: 'readings', sequence: 1, hash: new Uint8Array(32), messages: [] }),
    ),
    json(frameTypes.message, { type: 'firmware' }),
    json(frameTypes.refuse, { code: 'invalid', reason: 'x', stream: 'readings', sequence: 1 }),
  ]) {
    const { clock, edge, side, peer } = edgeAgainstBytes();
    peer.write(Buffer.concat([preamble, frame]));
    await t.throwsAsync(clock.until(edge.greeting), { code: 'link-protocol' });
    t.deepEqual(side.log, ['closed link-protocol']);
  }
});

test('a segment after GOODBYE closes the connection', async (t) => {
  const { clock, side, peer } = await welcomedBytes();
  peer.write(Buffer.concat([json(frameTypes.goodbye, { reason: 'x' }), segmentBytes(segment(1))]));
  await clock.advance(3_000);
  t.deepEqual(side.log, ['goodbye x', 'closed link-protocol']);
});

test('an edge that ignores the window in segments or in bytes is closed', async (t) => {
  const { clock, side, peer } = await welcomedBytes();
  for (let i = 1; i <= 5; i++) peer.write(segmentBytes(segment(i)));
  await clock.advance(3_000);
  t.is(side.segments.length, 4);
  t.regex(side.closes[0]!.message, /readings\/5 exceeds the window of 4 segments/);
  const second = cloudAgainstBytes();
  second.peer.write(greetingBytes);
  await second.clock.until(second.cloud.hello);
  second.cloud.welcome({ ...welcome, windowBytes: 1_000 });
  for (let i = 1; i <= 2; i++) {
    second.peer.write(segmentBytes(segment(i, { body: Buffer.alloc(600, 0x61) })));
  }
  await second.clock.advance(3_000);
  t.is(second.side.segments.length, 1);
  t.is(second.side.closes[0]?.code, 'link-protocol');
});

/** Offsets in a SEGMENT payload whose stream is `readings`. */
const at = { flags: 0, name: 2, sequence: 10, fromSeq: 18, count: 26, bytes: 30, sealedAtMs: 34 };
const patches: [string, (payload: Buffer) => Buffer | number, RegExp][] = [
  ['a sequence of 2^53', (p) => p.writeBigUInt64BE(2n ** 53n, at.sequence), /sequence/],
  ['a sequence of 2^64 - 1', (p) => p.writeBigUInt64BE(2n ** 64n - 1n, at.sequence), /sequence/],
  ['sequence 0', (p) => p.writeBigUInt64BE(0n, at.sequence), /sequence/],
  ['a fromSeq of 2^53', (p) => p.writeBigUInt64BE(2n ** 53n, at.fromSeq), /fromSeq/],
  ['a time of 2^63', (p) => p.writeBigUInt64BE(2n ** 63n, at.sealedAtMs), /sealedAtMs/],
  ['compression', (p) => p.fill(0x10, at.flags, at.flags + 1), /compression 1/],
  ['a reserved flag', (p) => p.fill(0x02, at.flags, at.flags + 1), /reserved flags: 0x2/],
  ['more bytes announced', (p) => p.writeUInt32BE(9_999, at.bytes), /announces 9999/],
  ['fewer bytes announced', (p) => p.writeUInt32BE(1, at.bytes), /announces 1 /],
  ['a stream that climbs', (p) => p.write('../../et', at.name), /`\.\.\/\.\.\/et`/],
  ['NUL in the stream', (p) => p.fill(0, at.name + 3, at.name + 4), /\\x00/],
  ['no stream', (p) => p.fill(0, 1, 2), /field stream/],
  ['a stream longer than the frame', (p) => p.subarray(0, 6), /ends in the field stream/],
  ['half a hash', (p) => p.subarray(0, 60), /ends in the field previousHash/],
  ['nothing in it', () => Buffer.alloc(0), /ends in the field flags/],
];
for (const [what, patch, message] of patches) {
  test(`a segment with ${what} closes the connection and says which field`, async (t) => {
    const { clock, side, peer } = await welcomedBytes();
    const { header, body } = segment(1);
    const payload = Buffer.concat([encodeSegmentHead(header), body]);
    // Numbers are what Buffer's writers return: the payload was changed in place.
    const patched = patch(payload);
    peer.write(encodeFrame(frameTypes.segment, typeof patched === 'number' ? payload : patched));
    await clock.advance(3_000);
    t.deepEqual(side.log, ['closed link-protocol']);
    t.regex(side.closes[0]!.message, message);
  });
}

test('a wrong acknowledgement closes the connection', async (t) => {
  const right = Buffer.from(
    encodeAck({ stream: 'readings', sequence: 1, hash: new Uint8Array(32), messages: [] }),
  );
  const jump = Buffer.from(right);
  jump.writeBigUInt64BE(2n ** 53n, 9);
  for (const payload of [jump, right.subarray(0, 20)]) {
    const { clock, edge, side, peer } = edgeAgainstBytes();
    peer.write(welcomeBytes);
    await clock.until(edge.greeting);
    peer.write(encodeFrame(frameTypes.ack, payload));
    await clock.advance(0);
    t.deepEqual(side.log, ['closed link-protocol']);
  }
});

test('messages that are not as they should be do not cost the acknowledgement they ride with', async (t) => {
  const ack = encodeAck({ stream: 'readings', sequence: 1, hash: new Uint8Array(32), messages: [] });
  for (const wrong of [
    '[{"type":"forecast","sequence":1.5}]',
    '[{}]',
    '[1,null,{"type":5}]',
    '{}',
    '',
    '\xff',
    `[${'1,'.repeat(2_000)}1]`,
    '['.repeat(900_000),
  ]) {
    const { clock, edge, side, peer } = edgeAgainstBytes();
    peer.write(welcomeBytes);
    await clock.until(edge.greeting);
    const rest = Buffer.from(wrong, 'latin1');
    peer.write(encodeFrame(frameTypes.ack, Buffer.concat([ack.subarray(0, -2), rest])));
    await clock.advance(0);
    t.deepEqual(side.log, ['ack readings/1'], wrong.slice(0, 40));
    t.deepEqual(side.acks[0]!.messages, []);
  }
});

test('an edge that never reads its answers is read no further, and given up', async (t) => {
  const { clock, cloud, side, peer } = cloudAgainstBytes({ bufferBytes: 300 });
  peer.write(greetingBytes);
  await clock.until(cloud.hello);
  cloud.welcome({ ...welcome, windowSegments: 1_000 });
  await clock.advance(0);
  peer.pause();
  for (let i = 1; i <= 40; i++) {
    peer.write(segmentBytes(segment(i)));
    await clock.advance(1);
    for (const { header } of side.segments.slice(-1)) {
      cloud.acknowledge('readings', header.sequence, header.hash, []);
    }
  }
  t.true(side.segments.length < 10);
  await clock.advance(60_000);
  t.is(side.closes[0]?.code, 'deadline-missed');
  t.regex(side.closes[0]!.message, /took none of its answers/);
});

test('what waits for an edge that does not read is bounded', async (t) => {
  const { clock, cloud, side, peer } = await welcomedBytes();
  peer.pause();
  const message = {
    type: 'forecast' as const,
    stream: 'readings',
    sequence: 1,
    forecast: {
      sensor: 'pressure',
      readings: 1,
      mean: 1,
      unit: 'hPa',
      tendency: null,
      tendencyWord: null,
      spanMs: 0,
      text: 'x'.repeat(1_000),
    },
  };
  for (let i = 0; i < 10_000 && side.closes.length === 0; i++) cloud.message(message);
  await clock.advance(0);
  t.regex(side.closes[0]!.message, /does not read/);
});
