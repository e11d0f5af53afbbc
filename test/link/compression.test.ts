import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { frameTypes, preamble } from '../../src/link/frames.ts';
import { encodeSegmentHead } from '../../src/link/payloads.ts';
import { maySendFrame, zstdCompress, zstdCompressAtOnce, zstdDecompress } from '../../src/link/zstd.ts';
import { createWorld, cursor } from '../helpers/two-sides.ts';
import {
  causes,
  isDrained,
  moved,
  range,
  segment as segmentReport,
  storedValues,
} from '../helpers/two-sides-facts.ts';
import {
  cloudAgainstBytes,
  edgeAgainstBytes,
  greetedEnds,
  greetingBytes,
  json,
  packedBytes,
  segment,
  segmentBytes,
  welcome,
} from './fixtures.ts';

/** Lines as a source sends them. */
function lines(count: number): Buffer {
  const one = (seq: number) =>
    `{"seq":${seq},"device":"qBz","sensor":"pressure","time":"2026-01-01T00:00:00.000Z","value":${1000 + (seq % 97)},"unit":"hPa"}\n`;
  return Buffer.from(range(1, count).map(one).join(''));
}

const body = lines(50);
const own = segment(1, { body });
const packed = zlib.zstdCompressSync(body);
/** A body that no compression makes shorter. */
const noise = Buffer.from(range(0, 999).map((i) => (i * i * 7919 + (i >> 3) * 104_729) & 0xff));

async function welcomed(compression: 'none' | 'zstd' = 'zstd', frameBytesMax = welcome.frameBytesMax) {
  const ends = cloudAgainstBytes();
  ends.peer.write(greetingBytes);
  await ends.clock.until(ends.cloud.hello);
  ends.cloud.welcome({ ...welcome, compression, frameBytesMax });
  return ends;
}

test('a compressed segment arrives plain, under the hash of its plain body', async (t) => {
  const { clock, edge, cloudSide, pair } = await greetedEnds({
    hello: { compression: ['zstd'] },
    welcome: { compression: 'zstd' },
  });
  const before = pair.arrived.far;
  await clock.until(edge.send(own.header, await zstdCompressAtOnce(body, 1), 'zstd'));
  await clock.advance(1);
  t.true(pair.arrived.far - before < body.length / 3);
  t.deepEqual(Buffer.from(cloudSide.segments[0]!.body), body);
  t.deepEqual(Buffer.from(cloudSide.segments[0]!.header.hash), Buffer.from(own.header.hash));
  t.is(cloudSide.segments[0]!.header.bytes, body.length);
});

test('the window counts plain bytes, whatever travels', async (t) => {
  const { clock, edge, cloud, cloudSide } = await greetedEnds({
    hello: { compression: ['zstd'] },
    welcome: { compression: 'zstd', windowBytes: body.length + 10 },
  });
  void edge.send(own.header, packed, 'zstd').catch(() => {});
  void edge.send(segment(2, { body }).header, packed, 'zstd').catch(() => {});
  await clock.advance(1);
  t.deepEqual(edge.unanswered, { segments: 1, bytes: body.length });
  t.deepEqual(cloud.unanswered, edge.unanswered);
  cloud.acknowledge('readings', 1, own.header.hash, []);
  await clock.advance(1);
  t.is(cloudSide.segments.length, 2);
});

test('a plain body is taken where compression was agreed, and a compressed one nowhere else', async (t) => {
  const agreed = await welcomed();
  agreed.peer.write(segmentBytes(own));
  await agreed.clock.advance(1);
  t.is(agreed.side.segments.length, 1);
  const plain = await welcomed('none');
  plain.peer.write(packedBytes(own.header, packed));
  await plain.clock.advance(3_000);
  t.regex(plain.side.closes[0]!.message, /has compression 1, but none was agreed/);
});

test('an edge does not compress unless that was agreed, and not into something longer', async (t) => {
  const { clock, edge } = await greetedEnds({ hello: { compression: ['zstd'] } });
  await t.throwsAsync(clock.until(edge.send(own.header, packed, 'zstd')), { code: 'internal' });
  const agreed = await greetedEnds({
    hello: { compression: ['zstd'] },
    welcome: { compression: 'zstd' },
  });
  const longer = segment(1, { body: noise });
  await t.throwsAsync(
    agreed.clock.until(agreed.edge.send(longer.header, zlib.zstdCompressSync(noise), 'zstd')),
    { code: 'internal' },
  );
});

test('a cloud that chooses what was not offered is left', async (t) => {
  const { clock, edge, peer } = edgeAgainstBytes();
  peer.write(Buffer.concat([preamble, json(frameTypes.welcome, { ...welcome, compression: 'zstd' })]));
  await t.throwsAsync(clock.until(edge.greeting), { code: 'link-protocol', message: /zstd.*not offered/ });
});

/** A frame that says its content has so many bytes, in one block that repeats a byte. */
function bomb(bytes: number, blockBytes: number): Buffer {
  const frame = Buffer.from('28b52ffda00000000003000061', 'hex');
  frame.writeUInt32LE(bytes, 5);
  frame.writeUIntLE((blockBytes << 3) | (1 << 1) | 1, 9, 3);
  return frame;
}

/** A frame that declares so many bytes, and goes on for 400 blocks of 128 KiB. */
function swelling(bytes: number): Buffer {
  const count = 400;
  const frame = Buffer.alloc(10 + 4 * count, 0x61);
  frame.write('28b52ffd8068', 'hex');
  frame.writeUInt32LE(bytes, 6);
  for (let block = 1; block <= count; block++) {
    frame.writeUIntLE(((2 ** 17) << 3) | (1 << 1) | (block === count ? 1 : 0), 6 + 4 * block, 3);
  }
  return frame;
}

const dictionary = Buffer.concat([packed.subarray(0, 4), Buffer.of(packed[4]! | 1, 7), packed.subarray(5)]);
const wideWindow = Buffer.from('28b52ffd80880000000001000061', 'hex');
wideWindow.writeUInt32LE(body.length, 6);
const hostile: [string, Buffer, RegExp][] = [
  ['that is none', Buffer.from('hello'), /does not begin as a zstd frame/],
  ['of nothing', Buffer.alloc(0), /is cut off/],
  ['that is cut off', packed.subarray(0, -4), /is cut off/],
  ['cut off in its header', packed.subarray(0, 6), /is cut off/],
  ['followed by something', Buffer.concat([packed, Buffer.of(0)]), /followed by something else/],
  ['followed by another one', Buffer.concat([packed, packed]), /followed by something else/],
  ['behind a skippable frame', Buffer.concat([Buffer.from('502a4d180100000061', 'hex'), packed]), /begin/],
  ['that needs a dictionary', dictionary, /needs a dictionary/],
  ['that wants 128 MiB of memory', wideWindow, /needs a window of 134217728 bytes/],
  ['of another size', zlib.zstdCompressSync(lines(49)), /declares \d+ bytes instead of/],
  ['that holds more than it declares', bomb(body.length, 100_000), /is not valid|holds/],
  ['that holds far more than it declares', swelling(body.length), /is not valid|holds/],
  ['that holds less than it declares', bomb(body.length, 100), /is not valid|holds/],
  ['that is a bomb', bomb(2 ** 31, 2 ** 17), /declares 2147483648 bytes/],
];
for (const [what, frame, message] of hostile) {
  test(`a compressed body ${what} ends the link as invalid, without a crash or its memory`, async (t) => {
    const { clock, side, peer } = await welcomed();
    const before = process.memoryUsage().arrayBuffers;
    peer.write(packedBytes(own.header, frame));
    await clock.advance(0);
    t.true(process.memoryUsage().arrayBuffers - before < 4 * 1024 * 1024);
    await clock.advance(3_000);
    t.is(side.segments.length, 0);
    t.is(side.closes[0]?.code, 'link-protocol');
    t.regex(side.closes[0]!.message, message);
    t.regex(side.closes[0]!.message, /readings\/1/);
    t.true(peer.received().includes('"code":"invalid"'));
  });
}

test('a compressed body that would become more than 256 times as long is refused before it is looked into', async (t) => {
  const plain = Buffer.alloc(2 ** 23, 0x61);
  const { header } = segment(1, { body: plain });
  const frame = zlib.zstdCompressSync(plain);
  const { clock, side, peer } = await welcomed('zstd', 2 ** 24);
  const before = process.memoryUsage().arrayBuffers;
  peer.write(packedBytes(header, frame));
  await clock.advance(0);
  t.true(process.memoryUsage().arrayBuffers - before < plain.length / 2);
  await clock.advance(3_000);
  const wanted = `would become 8388608 bytes, at most ${frame.length * 256 + 4096} are allowed for one of ${frame.length}`;
  t.true(side.closes[0]!.message.includes(wanted), side.closes[0]!.message);
  t.deepEqual(side.segments, []);
});

test('what may become 256 times as long and 4 KiB more is exactly that, on both sides', (t) => {
  const most = (frameBytes: number) => frameBytes * 256 + 4096;
  t.true(maySendFrame(100, most(100)));
  t.false(maySendFrame(100, most(100) + 1));
  t.false(maySendFrame(100, 100));
  const plain = (bytes: number) => Buffer.alloc(bytes, 0x61);
  const frameBytes = zlib.zstdCompressSync(plain(9_000)).length;
  for (const [bytes, refused] of [
    [most(frameBytes), false],
    [most(frameBytes) + 1, true],
  ] as const) {
    const frame = zlib.zstdCompressSync(plain(bytes));
    t.is(frame.length, frameBytes);
    if (refused) t.throws(() => zstdDecompress(frame, bytes), { message: /would become/ });
    else t.deepEqual(Buffer.from(zstdDecompress(frame, bytes)), plain(bytes));
  }
});

test('an edge does not send what its cloud would refuse as a bomb', async (t) => {
  const { clock, edge } = await greetedEnds({
    hello: { compression: ['zstd'] },
    welcome: { compression: 'zstd' },
  });
  const plain = Buffer.alloc(100_000, 0x61);
  const sending = edge.send(segment(1, { body: plain }).header, zlib.zstdCompressSync(plain), 'zstd');
  await t.throwsAsync(clock.until(sending), { code: 'internal' });
});

test('a compressed body that is honest about its size is refused by the bounds of a plain segment', async (t) => {
  const large = Buffer.concat([randomBytes(3_000), Buffer.alloc(297_000)]);
  const { header } = segment(1, { body: large });
  const { clock, side, peer } = await welcomed();
  peer.write(packedBytes(header, zlib.zstdCompressSync(large)));
  await clock.advance(3_000);
  t.regex(side.closes[0]!.message, /would need a frame of 300107 bytes.*262144 are allowed/);
  const window = await welcomed('zstd', 2 ** 24);
  for (const sequence of range(1, 5)) {
    const next = segment(sequence, { body: large }).header;
    window.peer.write(packedBytes(next, zlib.zstdCompressSync(large)));
  }
  await window.clock.advance(3_000);
  t.is(window.side.segments.length, 3);
  t.regex(window.side.closes[0]!.message, /readings\/4 exceeds the window/);
});

test('whatever a compressed body is changed into, no other segment comes out of it', async (t) => {
  const mutation = fc.record({
    at: fc.integer({ min: 0, max: packed.length - 1 }),
    value: fc.integer({ min: 0, max: 255 }),
    how: fc.constantFrom('set', 'insert', 'remove'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { maxLength: 3 }), async (mutations) => {
      const bytes = [...packed];
      for (const { at, value, how } of mutations) {
        if (how === 'set') bytes[at] = value;
        else bytes.splice(at, how === 'remove' ? 1 : 0, ...(how === 'insert' ? [value] : []));
      }
      const { clock, side, peer, cloud } = await welcomed();
      peer.write(packedBytes(own.header, Buffer.from(bytes)));
      await clock.advance(0);
      for (const got of side.segments) {
        if (Buffer.compare(got.body, body) !== 0) throw new Error('another body was handed on');
      }
      if (side.closes[0]?.code === 'internal') throw new Error(side.closes[0].message);
      cloud.destroy();
    }),
    { numRuns: 400 },
  );
  t.pass();
});

test('every body comes back as it was, at any level', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 2_000 }),
      fc.integer({ min: 1, max: 19 }),
      async (bytes, level) => {
        const doubled = Buffer.concat([bytes, bytes]);
        for (const compress of [zstdCompress, zstdCompressAtOnce]) {
          const frame = await compress(doubled, level);
          if (Buffer.compare(zstdDecompress(frame, doubled.length), doubled) !== 0)
            throw new Error('changed');
        }
      },
    ),
    { numRuns: 50 },
  );
  t.pass();
});

test('a compressed segment has the head of a plain one, but for the flag', (t) => {
  const [plain, zstd] = [encodeSegmentHead(own.header), encodeSegmentHead(own.header, 'zstd')];
  t.deepEqual([plain[0], zstd[0]], [0x00, 0x10]);
  t.deepEqual(plain.subarray(1), zstd.subarray(1));
});

for (const [edgeWants, cloudAllows, shrinks] of [
  ['zstd', 'true', true],
  ['zstd', 'false', false],
  ['none', 'true', false],
] as const) {
  test(`an edge that wants ${edgeWants} and a cloud that says ${cloudAllows} get everything across`, async (t) => {
    const world = createWorld();
    const cloud = await world.cloud({ receiver: { compression: cloudAllows } });
    const edge = await world.edge({ uploader: { compression: edgeWants } });
    await edge.until(moved(cursor, 'idle'));
    const before = world.network.pairs[0]!.arrived.far;
    for (const first of range(0, 9))
      await world.clock.until(edge.append(...range(first * 100, first * 100 + 99)));
    await edge.until(segmentReport('deleted', edge.store.head(cursor, 'readings').sealed + 1));
    await world.clock.advance(5_000);
    t.true(isDrained(edge));
    t.deepEqual(await storedValues(cloud.disk), range(0, 999));
    t.deepEqual(causes(edge.lines, cursor), []);
    const wire = world.network.pairs[0]!.arrived.far - before;
    t.is(wire < 30_000, shrinks, `${wire} bytes`);
  });
}
