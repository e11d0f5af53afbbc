/** A byte that changed on the way is noticed: what it is in has not come, and the link begins anew. */
import test from 'ava';
import type { Hello, Refusal } from '../../src/contract/link.ts';
import { encodeFrame, frameTypes, preamble } from '../../src/link/frames.ts';
import {
  bothEnds,
  cloudAgainstBytes,
  edgeAgainstBytes,
  greetedEnds,
  greetingBytes,
  hello,
  segment,
  welcome,
} from './fixtures.ts';

const changes = [0x01, 0x20, 0x80];

/** A way on which one byte of what is written next after `begin` changes; without it, of the first. */
function damagedAt(at: number, begun = false) {
  let open = begun;
  const way = {
    /** Bytes of what was damaged. */
    length: at + 1,
    begin() {
      open = true;
    },
    damage(bytes: Uint8Array) {
      if (!open) return;
      open = false;
      way.length = bytes.length;
      bytes[at] = bytes[at]! ^ changes[at % changes.length]!;
    },
  };
  return way;
}

/** Which code a promise rejects with. */
function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (thrown: { code: string }) => thrown.code,
  );
}

const lengthBytes = 4;
/** An edge with a past: every field of its greeting counts. */
const past: Partial<Hello> = {
  token: 3,
  cloudEpoch: welcome.cloudEpoch,
  streams: {
    readings: {
      sealed: 18,
      sealedHash: 'a'.repeat(64),
      acknowledged: 12,
      acknowledgedHash: 'b'.repeat(64),
    },
  },
};

/** Places in what an edge writes first. */
async function lengthOfGreeting(): Promise<number> {
  const { clock, pair } = bothEnds({ hello: past });
  await clock.advance(0);
  return pair.arrived.far;
}

test('whatever byte of HELLO changed on the way: the cloud judges nothing by it, and the edge finds its link lost', async (t) => {
  const length = await lengthOfGreeting();
  t.true(length > 300);
  for (let at = preamble.length + lengthBytes + 1; at < length; at++) {
    const { clock, cloud, edgeSide, cloudSide } = bothEnds({
      hello: past,
      damage: damagedAt(at, true).damage,
    });
    t.is(await clock.until(codeOf(cloud.hello)), 'link-damaged', `byte ${at}`);
    await clock.advance(20_000);
    t.deepEqual([edgeSide.closes[0]?.code, cloudSide.closes[0]?.code], ['link-lost', 'link-damaged']);
    t.deepEqual(edgeSide.refusals, []);
  }
});

const forked: Refusal = { code: 'forked', reason: 'the cloud lost data' };
for (const [name, answer] of [
  ['WELCOME', (ends: ReturnType<typeof bothEnds>) => ends.cloud.welcome(welcome)],
  ['REFUSE', (ends: ReturnType<typeof bothEnds>) => ends.cloud.refuse(forked)],
] as const) {
  test(`whatever byte of ${name} changed on the way: the edge does not go by it, and loses its link`, async (t) => {
    let at = preamble.length + lengthBytes + 1;
    for (let length = at + 1; at < length; at++) {
      const way = damagedAt(at);
      const ends = bothEnds({ damage: way.damage });
      await ends.clock.until(ends.cloud.hello);
      way.begin();
      answer(ends);
      t.is(await ends.clock.until(codeOf(ends.edge.greeting)), 'link-damaged', `byte ${at}`);
      t.deepEqual(ends.edgeSide.refusals, []);
      length = way.length;
    }
    t.true(at > 70);
  });
}

test('whatever byte of an acknowledgement changed on the way: it is not taken, and the link is lost', async (t) => {
  const { header, body } = segment(1);
  let at = lengthBytes;
  for (let length = at + 1; at < length; at++) {
    const way = damagedAt(at);
    const ends = await greetedEnds({ damage: way.damage });
    await ends.clock.until(ends.edge.send(header, body));
    await ends.clock.advance(0);
    way.begin();
    ends.cloud.acknowledge('readings', 1, header.hash, []);
    await ends.clock.advance(0);
    t.deepEqual(ends.edgeSide.acks, [], `byte ${at}`);
    t.is(ends.edgeSide.closes[0]?.code, 'link-damaged');
    length = way.length;
  }
  t.true(at > 50);
});

test('whatever byte of a segment changed on the way: it is not refused, for it is the way that is wrong; the link is lost', async (t) => {
  const { header, body } = segment(1);
  let at = lengthBytes;
  for (let length = at + 1; at < length; at++) {
    const way = damagedAt(at);
    const ends = await greetedEnds({ damage: way.damage });
    way.begin();
    await ends.clock.until(ends.edge.send(header, body));
    await ends.clock.advance(10_000);
    t.deepEqual(ends.cloudSide.segments, [], `byte ${at}`);
    t.deepEqual(ends.edgeSide.refusals, []);
    t.deepEqual(
      [ends.edgeSide.closes[0]?.code, ends.cloudSide.closes[0]?.code],
      ['link-lost', 'link-damaged'],
    );
    length = way.length;
  }
  t.true(at > 200);
});

test('a length that was damaged loses the link, with a word to nobody', async (t) => {
  const { header, body } = segment(1);
  for (let at = 0; at < lengthBytes; at++) {
    const way = damagedAt(at);
    const ends = await greetedEnds({ damage: way.damage });
    way.begin();
    await ends.clock.until(ends.edge.send(header, body));
    await ends.clock.advance(60_000);
    t.deepEqual([ends.cloudSide.segments, ends.edgeSide.refusals], [[], []]);
    t.is(ends.edgeSide.closes[0]?.code, 'link-lost');
  }
});

test('what an edge sent before it knew of checks may come without one, and nothing after its first that has one', async (t) => {
  const ends = bothEnds();
  await ends.clock.until(ends.cloud.hello);
  void ends.edge.goodbye('stopping');
  ends.cloud.welcome(welcome);
  await ends.clock.advance(0);
  t.true(ends.cloudSide.log.includes('goodbye stopping'));
  const { header, body } = segment(1);
  const later = await greetedEnds();
  await later.clock.until(later.edge.send(header, body));
  later.pair.near.write(encodeFrame(frameTypes.heartbeat));
  await later.clock.advance(0);
  t.is(later.cloudSide.closes[0]?.code, 'link-damaged');
});

test('an edge without checks is spoken to without them', async (t) => {
  const { clock, cloud, side, peer } = cloudAgainstBytes();
  peer.write(greetingBytes);
  await clock.until(cloud.hello);
  cloud.welcome(welcome);
  peer.write(encodeFrame(frameTypes.heartbeat));
  await clock.advance(0);
  t.false(peer.received().includes('"check"'));
  t.deepEqual(side.closes, []);
});

test('a cloud without checks is spoken to without them', async (t) => {
  const { clock, edge, side, peer } = edgeAgainstBytes();
  peer.write(
    Buffer.concat([preamble, encodeFrame(frameTypes.welcome, Buffer.from(JSON.stringify(welcome)))]),
  );
  await clock.until(edge.greeting);
  const greeting = peer.received().length;
  const { header, body } = segment(1);
  t.is(header.edge, hello.edge);
  await clock.until(edge.send(header, body));
  await clock.advance(0);
  t.is(peer.received()[greeting + lengthBytes], frameTypes.segment);
  t.deepEqual(side.closes, []);
});
