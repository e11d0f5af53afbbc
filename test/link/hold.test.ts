/** What a cloud that holds back does with what it has read already. */
import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import test from 'ava';
import type { Problem } from '../../src/contract/errors.ts';
import type { Connection } from '../../src/contract/transport.ts';
import type { SegmentHeader } from '../../src/domain/segment.ts';
import { Budget } from '../../src/link/budget.ts';
import { openCloudLink } from '../../src/link/cloud-link.ts';
import { encodeFrame, frameTypes } from '../../src/link/frames.ts';
import { range } from '../helpers/two-sides-facts.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import {
  cloudAgainstBytes,
  greetingBytes,
  json,
  packedBytes,
  recorder,
  segment,
  segmentBytes,
  welcome,
} from './fixtures.ts';
import { connected, clock as tcpClock, watch } from './tcp-fixtures.ts';

/** A cloud that has welcomed the hand-written edge. */
async function welcomed(limits: Partial<typeof welcome> = {}) {
  const all = cloudAgainstBytes();
  all.peer.write(greetingBytes);
  await all.clock.until(all.cloud.hello);
  all.cloud.welcome({ ...welcome, ...limits });
  await all.clock.advance(0);
  return all;
}

const goodbye = json(frameTypes.goodbye, { reason: 'x' });
const names = (from: number, to: number) => range(from, to).map((sequence) => `segment readings/${sequence}`);

/** Holds the cloud back at every segment from now on. */
function holdAtEach({ cloud, side }: Awaited<ReturnType<typeof welcomed>>): void {
  const { segment: record } = side.on;
  side.on.segment = (header, body) => {
    record(header, body);
    cloud.holdBack(true);
  };
}

test('a cloud that holds back hands on nothing more, also of what came together, and goes on in order', async (t) => {
  const ends = await welcomed();
  holdAtEach(ends);
  const { clock, cloud, side, peer } = ends;
  peer.write(Buffer.concat(range(1, 3).map((sequence) => segmentBytes(segment(sequence)))));
  peer.write(Buffer.concat([segmentBytes(segment(4)), goodbye]));
  for (const sequence of range(1, 3)) {
    await clock.advance(60_000);
    t.deepEqual(side.log, names(1, sequence));
    cloud.holdBack(false);
  }
  await clock.advance(0);
  t.deepEqual(side.log, names(1, 4));
  cloud.holdBack(false);
  t.deepEqual(side.log, [...names(1, 4), 'goodbye x']);
  cloud.goodbye('bye');
  await clock.advance(3_000);
  t.is(side.log.at(-1), 'closed in order');
  t.is(clock.pending, 0);
});

test('what an edge sent before it ended the connection is handed on, to its goodbye, although the cloud held back', async (t) => {
  const { listener, near, far } = await connected();
  const side = recorder();
  const closed = Promise.withResolvers<void>();
  const on = {
    ...side.on,
    segment(header: SegmentHeader, body: Uint8Array) {
      side.on.segment(header, body);
      cloud.holdBack(true);
    },
    closed(problem?: Problem) {
      side.on.closed(problem);
      closed.resolve();
    },
  };
  const cloud = openCloudLink(far, { clock: tcpClock, on });
  watch(near);
  near.write(greetingBytes);
  await cloud.hello;
  cloud.welcome(welcome);
  near.write(Buffer.concat([segmentBytes(segment(1)), segmentBytes(segment(2)), goodbye]));
  near.end();
  await closed.promise;
  t.deepEqual(side.log, [...names(1, 2), 'goodbye x', 'closed link-lost']);
  await listener.close();
});

test('a frame of which a part was read before a hold keeps its deadline afterwards', async (t) => {
  const ends = await welcomed();
  holdAtEach(ends);
  const { clock, cloud, side, peer } = ends;
  const second = segmentBytes(segment(2));
  peer.write(Buffer.concat([segmentBytes(segment(1)), second.subarray(0, 50)]));
  await clock.advance(100_000);
  cloud.holdBack(false);
  await clock.advance(1_000);
  peer.write(second.subarray(50));
  await clock.advance(1);
  t.deepEqual(side.log, names(1, 2));
  cloud.holdBack(false);
  peer.write(second.subarray(0, 50));
  for (const _ of range(1, 29)) {
    await clock.advance(1_000);
    t.deepEqual(side.closes, []);
    peer.write(Buffer.of(0));
  }
  await clock.advance(2_000);
  t.is(side.closes[0]?.code, 'deadline-missed');
});

test('what is wrong in what was kept is said when the cloud goes on, and closes', async (t) => {
  const ends = await welcomed();
  holdAtEach(ends);
  const { clock, cloud, side, peer } = ends;
  peer.write(Buffer.concat([segmentBytes(segment(1)), encodeFrame(frameTypes.ack)]));
  await clock.advance(1_000);
  t.deepEqual(side.closes, []);
  cloud.holdBack(false);
  await clock.advance(10);
  t.true(peer.closed);
  t.deepEqual(side.log, [...names(1, 1), 'closed link-protocol']);
  t.is(clock.pending, 0);
});

test('what was kept is forgotten when the cloud ends the link before', async (t) => {
  for (const end of ['goodbye', 'destroy'] as const) {
    const ends = await welcomed();
    holdAtEach(ends);
    const { clock, cloud, side, peer } = ends;
    peer.write(Buffer.concat(range(1, 3).map((sequence) => segmentBytes(segment(sequence)))));
    await clock.advance(10);
    cloud[end]('x');
    cloud.holdBack(false);
    await clock.advance(3_000);
    t.deepEqual(side.segments.length, 1);
    t.is(side.closes.length, 1);
    t.is(clock.pending, 0);
  }
});

test('what was kept comes before anything newer, however soon the connection goes on', async (t) => {
  const side = recorder();
  let onData: (bytes: Uint8Array) => void = () => {};
  const newer = segmentBytes(segment(3));
  const connection: Connection = {
    remote: 'edge.test:50000',
    write: () => true,
    listen: (handlers) => (onData = handlers.onData),
    pause() {},
    resume: () => onData(newer),
    end() {},
    destroy() {},
    reset() {},
  };
  const cloud = openCloudLink(connection, { clock: createVirtualClock(), on: side.on });
  onData(greetingBytes);
  await cloud.hello;
  cloud.welcome(welcome);
  side.on.segment = ((record) => (header, body) => {
    record(header, body);
    if (header.sequence === 1) cloud.holdBack(true);
  })(side.on.segment);
  onData(Buffer.concat([segmentBytes(segment(1)), segmentBytes(segment(2))]));
  t.deepEqual(side.log, names(1, 1));
  cloud.holdBack(false);
  t.deepEqual(side.log, names(1, 3));
  cloud.destroy();
});

test('a connection that was held back ends at once when what was kept ends it', async (t) => {
  // Were it not read any more, only a deadline would end it.
  const patient = { ...tcpClock, setTimeout: () => 0, clearTimeout() {} };
  const { listener, near, far } = await connected({ clock: patient });
  t.timeout(20_000);
  const side = recorder();
  const closed = Promise.withResolvers<void>();
  const on = {
    ...side.on,
    closed(problem?: Problem) {
      side.on.closed(problem);
      closed.resolve();
    },
  };
  const cloud = openCloudLink(far, { clock: patient, on });
  const edge = watch(near);
  near.write(greetingBytes);
  await cloud.hello;
  cloud.welcome(welcome);
  const held = Promise.withResolvers<void>();
  on.segment = (header, body) => {
    side.on.segment(header, body);
    cloud.holdBack(true);
    held.resolve();
  };
  near.write(Buffer.concat([segmentBytes(segment(1)), encodeFrame(frameTypes.ack)]));
  await held.promise;
  near.write(Buffer.alloc(2 ** 20));
  cloud.holdBack(false);
  await Promise.all([closed.promise, edge.closed()]);
  t.deepEqual(side.log, [...names(1, 1), 'closed link-protocol']);
  await listener.close();
});

test('what is wrong in what was kept ends the link also when the connection is gone', async (t) => {
  const ends = await welcomed();
  holdAtEach(ends);
  const { clock, side, peer, pair } = ends;
  peer.write(Buffer.concat([segmentBytes(segment(1)), encodeFrame(frameTypes.ack), goodbye]));
  await clock.advance(10);
  pair.cut();
  await clock.advance(1);
  t.deepEqual(side.log, [...names(1, 1), 'closed link-protocol']);
  t.is(clock.pending, 0);
});

test('small frames that become large ones, all at once, take no more than the budget and one of them', async (t) => {
  const bytes = 2 ** 20;
  const budget = new Budget(2 * bytes);
  const ends = await welcomed({
    compression: 'zstd',
    windowSegments: 1_000,
    windowBytes: 2 ** 30,
    frameBytesMax: 2 ** 21,
  });
  const { clock, cloud, side, peer } = ends;
  const share = budget.join((on) => cloud.holdBack(on));
  const { segment: record } = side.on;
  side.on.segment = (header, body) => {
    record(header, body);
    share.take(body.length);
  };
  // 1 MiB in about 5 KB.
  const body = Buffer.concat([randomBytes(5_000), Buffer.alloc(bytes - 5_000)]);
  const packed = zlib.zstdCompressSync(body);
  t.true(packed.length < bytes / 100);
  const frames = range(1, 16).map((sequence) => {
    const { header } = segment(sequence, { body });
    return packedBytes(header, packed);
  });
  peer.write(Buffer.concat(frames));
  await clock.advance(0);
  t.is(side.segments.length, 2);
  for (let given = 0; given < 16; given++) {
    t.true(budget.bytes <= 3 * (bytes + 1024), `${budget.bytes}`);
    share.give(bytes);
    await clock.advance(1);
  }
  t.is(side.segments.length, 16);
  t.is(budget.bytes, 0);
});
