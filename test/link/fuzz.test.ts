/** Whatever arrives, however it is cut: the same frames or one clear end. */
import test from 'ava';
import fc from 'fast-check';
import { sumBytes } from '../../src/link/checks.ts';
import { encodeFrame, FrameReader, framePieces, frameTypes, preamble } from '../../src/link/frames.ts';
import {
  cloudAgainstBytes,
  edgeAgainstBytes,
  greetedEnds,
  greetingBytes,
  json,
  segment,
  segmentBytes,
  welcome,
  welcomeBytes,
} from './fixtures.ts';

/** Cuts bytes at the sizes given, again and again. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
const frame = fc.record({
  type: fc.integer({ min: 0, max: 255 }),
  payload: fc.uint8Array({ maxLength: 300 }),
});

test('any fragmentation gives the same frames', (t) => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), sizes, (frames, cuts) => {
      const bytes = Buffer.concat([
        preamble,
        ...frames.map(({ type, payload }) => encodeFrame(type, payload)),
      ]);
      const found: { type: number; payload: Uint8Array }[] = [];
      const reader = new FrameReader((type, payload) => found.push({ type, payload }));
      for (const piece of cut(bytes, cuts)) reader.push(piece);
      t.deepEqual(
        found.map(({ type, payload }) => ({ type, payload: [...payload] })),
        frames.map(({ type, payload }) => ({ type, payload: [...payload] })),
      );
      t.is(reader.partialBytes, 0);
    }),
    { numRuns: 300 },
  );
});

test('a reader that is told to pause, at any frame and in any chunk, hands out nothing then, and the same frames in the end', (t) => {
  const pauses = fc.array(fc.boolean(), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), sizes, pauses, fc.nat(3), (frames, cuts, at, resumes) => {
      const bytes = Buffer.concat([
        preamble,
        ...frames.map(({ type, payload }) => encodeFrame(type, payload)),
      ]);
      const found: { type: number; payload: Uint8Array }[] = [];
      let paused = false;
      const reader = new FrameReader((type, payload) => {
        if (paused) throw new Error('a frame came during a pause');
        found.push({ type, payload });
        paused = at[found.length % at.length]!;
        if (paused) reader.pause();
      });
      const goOn = () => {
        paused = false;
        reader.resume();
      };
      // As chunks whose sizes the cuts give, several of which may come before the reader goes on.
      for (const [i, piece] of cut(
        bytes,
        cuts.map((size) => size * 7),
      ).entries()) {
        reader.push(piece);
        if (i % (resumes + 1) === 0) goOn();
      }
      while (paused) goOn();
      t.deepEqual(
        found.map(({ type, payload }) => ({ type, payload: [...payload] })),
        frames.map(({ type, payload }) => ({ type, payload: [...payload] })),
      );
      t.is(reader.partialBytes, 0);
    }),
    { numRuns: 300 },
  );
});

test('a frame in pieces to be written is the frame, and a long body in it is not copied', (t) => {
  for (const bytes of [0, 1, 1_000, 32_767, 32_768, 100_000]) {
    const head = Buffer.from('head');
    const body = Buffer.alloc(bytes, 0x61);
    const pieces = framePieces(frameTypes.segment, [head, body]);
    t.deepEqual(Buffer.concat(pieces), Buffer.from(encodeFrame(frameTypes.segment, head, body)));
    t.is(pieces.includes(body), bytes >= 32_768);
  }
  t.deepEqual(framePieces(frameTypes.heartbeat, []), [encodeFrame(frameTypes.heartbeat)]);
});

test('a frame that has only begun takes the memory of what has come, and its whole place from an eighth on', (t) => {
  const length = 1024 * 1024;
  const readers = Array.from({ length: 20 }, () => new FrameReader(() => {}));
  const eighth = Buffer.alloc(length / 8);
  eighth.writeUInt32BE(length, 0);
  const grown = (bytes: Uint8Array) => {
    const before = process.memoryUsage().arrayBuffers;
    for (const reader of readers) reader.push(bytes);
    return (process.memoryUsage().arrayBuffers - before) / readers.length;
  };
  for (const reader of readers) {
    reader.lengthMax = length;
    reader.push(preamble);
  }
  t.true(grown(eighth.subarray(0, 100)) < 32 * 1024);
  t.true(grown(eighth.subarray(100)) < 256 * 1024);
  t.true(grown(Buffer.alloc(4)) > 512 * 1024);
});

test('a frame in many pieces costs time in proportion, and memory as bytes arrive', (t) => {
  const length = 8 * 1024 * 1024;
  const body = Buffer.alloc(length - 1, 0x61);
  const bytes = encodeFrame(frameTypes.segment, body);
  let found: Uint8Array | undefined;
  const reader = new FrameReader((_, payload) => {
    found = payload;
  });
  reader.lengthMax = length;
  reader.push(preamble);
  const before = process.memoryUsage().arrayBuffers;
  reader.push(bytes.subarray(0, 100));
  t.true(process.memoryUsage().arrayBuffers - before < 1024 * 1024, 'an announced length allocates nothing');
  const from = performance.now();
  for (const piece of cut(bytes.subarray(100), [64])) reader.push(piece);
  t.true(performance.now() - from < 10_000);
  t.is(Buffer.compare(found!, body), 0);
});

/** Bytes that look like the protocol more often than chance would. */
const hostile = fc.oneof(
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  fc
    .array(frame, { maxLength: 6 })
    .map((frames) => Buffer.concat(frames.map(({ type, payload }) => encodeFrame(type, payload)))),
  fc
    .tuple(fc.constantFrom(0x01, 0x03, 0x04, 0x10, 0x11, 0x12, 0x20, 0x21, 0x40), fc.json())
    .map(([type, text]) => Buffer.from(encodeFrame(type, Buffer.from(text)))),
);

test('random bytes never get out of either end, and both are closed within their deadlines', async (t) => {
  await fc.assert(
    fc.asyncProperty(hostile, sizes, fc.integer({ min: 0, max: 2 }), async (bytes, cuts, stage) => {
      for (const side of ['cloud', 'edge'] as const) {
        const ends = side === 'cloud' ? cloudAgainstBytes() : edgeAgainstBytes();
        const { clock, peer, side: record } = ends;
        if (stage === 1) peer.write(preamble);
        if (stage === 2) peer.write(side === 'cloud' ? greetingBytes : welcomeBytes);
        await clock.advance(0);
        if (stage === 2 && 'cloud' in ends) ends.cloud.welcome(welcome);
        for (const piece of cut(bytes, cuts)) peer.write(piece);
        await clock.advance(120_000);
        if (record.closes.length !== 1) throw new Error(`${side} was closed ${record.closes.length} times`);
        if (record.closes[0]?.code === 'internal') throw new Error(record.closes[0].message);
        if (clock.pending !== 0) throw new Error(`${side} left ${clock.pending} timers`);
      }
    }),
    { numRuns: 150 },
  );
  t.pass();
});

test('a session with some bytes changed hands on nothing that was not sent', async (t) => {
  const sent = [1, 2, 3].map((sequence) => segment(sequence));
  const bytes = Buffer.concat([
    greetingBytes,
    ...sent.map(segmentBytes),
    json(frameTypes.goodbye, { reason: 'x' }),
  ]);
  const mutation = fc.record({
    at: fc.integer({ min: greetingBytes.length, max: bytes.length - 1 }),
    value: fc.integer({ min: 0, max: 255 }),
    how: fc.constantFrom('set', 'insert', 'remove'),
  });
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), sizes, async (mutations, cuts) => {
      const mutated = [...bytes];
      for (const { at, value, how } of mutations) {
        if (how === 'set') mutated[at] = value;
        else mutated.splice(at, how === 'remove' ? 1 : 0, ...(how === 'insert' ? [value] : []));
      }
      const { clock, cloud, side, peer } = cloudAgainstBytes();
      const all = Buffer.from(mutated);
      peer.write(all.subarray(0, greetingBytes.length));
      await clock.until(cloud.hello);
      cloud.welcome(welcome);
      for (const piece of cut(all.subarray(greetingBytes.length), cuts)) peer.write(piece);
      await clock.advance(120_000);
      for (const { header, body } of side.segments) {
        const original = sent[header.sequence - 1];
        if (!original || Buffer.compare(original.body, body) !== 0) throw new Error('a segment was changed');
        if (Buffer.compare(original.header.hash, header.hash) !== 0) throw new Error('a hash was changed');
      }
      refused += side.refusals.length;
      if (side.closes.length !== 1) throw new Error(`closed ${side.closes.length} times`);
      if (side.closes[0]?.code === 'internal') throw new Error(side.closes[0].message);
    }),
    { numRuns: 200 },
  );
  t.true(refused > 0);
});

test('a connection cut at any byte: what arrived whole was handed on, in order, and nothing else', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 900 }), sizes, async (bytes, cuts) => {
      let i = 0;
      const ends = await greetedEnds({ piece: () => cuts[i++ % cuts.length]! });
      ends.pair.cutAfter(bytes);
      const sends = [1, 2, 3, 4].map((sequence) => {
        const { header, body } = segment(sequence);
        return ends.edge.send(header, body).catch(() => {});
      });
      await ends.clock.advance(1_000);
      await Promise.all(sends);
      const whole = Math.min(4, Math.floor(bytes / (segmentBytes(segment(1)).length + sumBytes)));
      const got = ends.cloudSide.segments.map(({ header }) => header.sequence);
      if (got.length !== whole || got.some((sequence, at) => sequence !== at + 1)) {
        throw new Error(`got ${got.join(',')} of ${whole}`);
      }
      ends.edge.destroy();
      await ends.clock.advance(10);
      if (ends.edgeSide.closes.length !== 1) throw new Error('the edge was not closed once');
    }),
    { numRuns: 100 },
  );
  t.pass();
});
