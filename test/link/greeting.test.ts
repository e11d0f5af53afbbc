import test from 'ava';
import { encodeFrame, frameTypes, preamble } from '../../src/link/frames.ts';
import { LinkRefusedError } from '../../src/link/refused.ts';
import {
  bothEnds,
  cloudAgainstBytes,
  edgeAgainstBytes,
  framesIn,
  greetedEnds,
  greetingBytes,
  hello,
  json,
  welcome,
  zeros,
} from './fixtures.ts';

test('an edge greets and is welcomed', async (t) => {
  const { clock, edge, cloud } = bothEnds({ latencyMs: 40 });
  const heard = await clock.until(cloud.hello);
  t.is(heard.edge, 'attic');
  t.deepEqual({ ...heard.streams }, { ...hello.streams });
  cloud.welcome(welcome);
  const answered = await clock.until(edge.greeting);
  t.is(answered.token, 1);
  t.is(clock.monotonic(), 80);
});

test('a stream may bear the name of something every object has', async (t) => {
  const { clock, cloud, peer } = cloudAgainstBytes();
  const head = { sealed: 1, sealedHash: zeros, acknowledged: 0, acknowledgedHash: zeros };
  peer.write(Buffer.concat([preamble, json(frameTypes.hello, { ...hello, streams: { constructor: head } })]));
  const { streams } = await clock.until(cloud.hello);
  t.deepEqual(streams.constructor, head);
  t.false('toString' in streams);
});

test('keys that are not known are ignored, for newer versions', async (t) => {
  const { clock, cloud, peer } = cloudAgainstBytes();
  peer.write(Buffer.concat([preamble, json(frameTypes.hello, { ...hello, colour: 'blue' })]));
  const heard = await clock.until(cloud.hello);
  t.false('colour' in heard);
});

test('a greeting with 32 streams of the longest names fits, and one more is refused', async (t) => {
  const streams = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [
        `s${String(i).padStart(2, '0')}`.padEnd(64, 'x'),
        {
          sealed: Number.MAX_SAFE_INTEGER,
          sealedHash: zeros,
          acknowledged: Number.MAX_SAFE_INTEGER,
          acknowledgedHash: zeros,
        },
      ]),
    );
  const fits = cloudAgainstBytes();
  fits.peer.write(Buffer.concat([preamble, json(frameTypes.hello, { ...hello, streams: streams(32) })]));
  t.is(Object.keys((await fits.clock.until(fits.cloud.hello)).streams).length, 32);
  const more = cloudAgainstBytes();
  more.peer.write(Buffer.concat([preamble, json(frameTypes.hello, { ...hello, streams: streams(33) })]));
  await t.throwsAsync(more.clock.until(more.cloud.hello), { message: /at most 32 streams/ });
});

const wrongHellos: [string, unknown, RegExp][] = [
  ['a name that climbs', { ...hello, edge: '../../etc/passwd' }, /`edge`/],
  ['a name with NUL', { ...hello, edge: 'a\0b' }, /`edge`/],
  ['a name that is too long', { ...hello, edge: 'x'.repeat(65) }, /`edge`/],
  ['an epoch in capitals', { ...hello, epoch: hello.epoch.toUpperCase() }, /`epoch`/],
  ['a token beyond the safe integers', { ...hello, token: 2 ** 53 }, /`token`/],
  ['a broken number', { ...hello, timeMs: 1.5 }, /`timeMs`/],
  [
    'a short hash',
    { ...hello, streams: { a: { ...hello.streams.readings, sealedHash: 'ab' } } },
    /sealedHash/,
  ],
  ['a stream called __proto__', JSON.parse(`{"edge":"a","streams":{"__proto__":{"sealed":1}}}`), /HELLO/],
  ['a list in place of an object', [], /expected object/],
  ['null', null, /expected object/],
  ['a missing field', { ...hello, cloudEpoch: undefined }, /`cloudEpoch`/],
];
for (const [what, value, message] of wrongHellos) {
  test(`a greeting with ${what} is told so and closed`, async (t) => {
    const { clock, cloud, side, peer } = cloudAgainstBytes();
    peer.write(Buffer.concat([preamble, json(frameTypes.hello, value)]));
    await t.throwsAsync(clock.until(cloud.hello), { code: 'link-protocol', message });
    await clock.advance(3_000);
    t.deepEqual(side.log, ['closed link-protocol']);
    const [answer] = framesIn(peer.received());
    t.is(answer?.type, frameTypes.refuse);
    t.regex(answer!.text, /"code":"invalid"/);
    t.true(peer.closed);
    t.is(clock.pending, 0);
  });
}

for (const [what, bytes] of [
  ['no JSON', Buffer.from('{"edge":')],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['a byte order mark', Buffer.from('\ufeff{}')],
  ['8,000 nested brackets', Buffer.from('['.repeat(8_000))],
  ['nothing', Buffer.alloc(0)],
] as const) {
  test(`a greeting that is ${what} is closed`, async (t) => {
    const { clock, cloud, peer } = cloudAgainstBytes();
    peer.write(Buffer.concat([preamble, encodeFrame(frameTypes.hello, bytes)]));
    await t.throwsAsync(clock.until(cloud.hello), { code: 'link-protocol' });
    await clock.advance(3_000);
    t.true(peer.closed);
  });
}

test('an edge that finds a web server says so, with its first bytes', async (t) => {
  const { clock, edge, side, peer } = edgeAgainstBytes();
  peer.write(Buffer.from('HTTP/1.1 400 Bad\r\n'));
  await t.throwsAsync(clock.until(edge.greeting), {
    code: 'link-foreign',
    message: /cloud\.test:7070.*`HTTP\/1\.1 400 Bad`/,
  });
  t.deepEqual(side.log, ['closed link-foreign']);
});

test('first bytes of a stranger are escaped', async (t) => {
  const { clock, edge, peer } = edgeAgainstBytes();
  peer.write(Buffer.from('\x1b[2J\x15\x03`'));
  await t.throwsAsync(clock.until(edge.greeting), { message: /`\\x1b\[2J\\x15\\x03`/ });
});

test('a stranger gets no answer from the cloud', async (t) => {
  const { clock, cloud, side, peer } = cloudAgainstBytes();
  peer.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  await t.throwsAsync(clock.until(cloud.hello), { code: 'link-foreign', message: /`GET \/ HTTP\/1\.1/ });
  await clock.advance(0);
  t.is(peer.received().length, 0);
  t.true(peer.closed);
  t.deepEqual(side.log, ['closed link-foreign']);
});

test('another version is told so by the cloud, and noticed by the edge', async (t) => {
  const other = Buffer.from(preamble);
  other[7] = 2;
  const newer = cloudAgainstBytes();
  newer.peer.write(Buffer.concat([other, Buffer.from('whatever version 2 may say')]));
  await t.throwsAsync(newer.clock.until(newer.cloud.hello), {
    code: 'link-version',
    message: /version 2.*version 1/,
  });
  await newer.clock.advance(3_000);
  t.regex(framesIn(newer.peer.received())[0]!.text, /"code":"version"/);
  const older = edgeAgainstBytes();
  older.peer.write(other);
  await t.throwsAsync(older.clock.until(older.edge.greeting), { code: 'link-version' });
});

test('HELLO and WELCOME must be of the version of the preamble', async (t) => {
  const { clock, cloud, peer } = cloudAgainstBytes();
  peer.write(Buffer.concat([preamble, json(frameTypes.hello, { ...hello, protocol: 9 })]));
  await t.throwsAsync(clock.until(cloud.hello), { code: 'link-version' });
  const other = edgeAgainstBytes();
  other.peer.write(Buffer.concat([preamble, json(frameTypes.welcome, { ...welcome, protocol: 9 })]));
  await t.throwsAsync(other.clock.until(other.edge.greeting), { code: 'link-version' });
});

for (const [code, expected] of [
  ['version', 'link-version'],
  ['busy', 'link-refused'],
  ['superseded', 'link-superseded'],
  ['forked', 'edge-forked'],
  ['denied', 'link-refused'],
  ['invalid', 'link-refused'],
  ['full', 'link-refused'],
  ['failed', 'link-refused'],
] as const) {
  test(`a greeting refused with ${code} rejects with ${expected} and carries the refusal`, async (t) => {
    const { clock, edge, cloud, edgeSide, cloudSide } = bothEnds();
    await clock.until(cloud.hello);
    cloud.refuse({ code, reason: 'because\u001b[31m', retryAfterMs: 700 });
    const error = await t.throwsAsync(clock.until(edge.greeting), { instanceOf: LinkRefusedError });
    t.like(error, { code: expected, refusal: { code, reason: 'because\\u001b[31m', retryAfterMs: 700 } });
    await clock.advance(3_000);
    t.deepEqual(edgeSide.log, [`refused ${code}`, `closed ${expected}`]);
    t.deepEqual(cloudSide.log, ['closed in order']);
    t.is(clock.pending, 0);
  });
}

test('a refused edge that does not go away is closed all the same', async (t) => {
  const { clock, cloud, side, peer } = cloudAgainstBytes();
  peer.write(greetingBytes);
  await clock.until(cloud.hello);
  peer.pause();
  cloud.refuse({ code: 'denied', reason: 'not known here' });
  await clock.advance(2_999);
  t.false(peer.closed);
  await clock.advance(1);
  t.true(peer.closed);
  t.deepEqual(side.log, ['closed in order']);
});

test('a reason without end is cut, not refused', async (t) => {
  const { clock, edge, cloud } = bothEnds();
  await clock.until(cloud.hello);
  cloud.refuse({ code: 'failed', reason: '😀'.repeat(10_000) });
  const error = await t.throwsAsync(clock.until(edge.greeting), { code: 'link-refused' });
  t.true(error!.message.length < 700);
});

test('the cloud may refuse before it was greeted', async (t) => {
  const { clock, edge, cloud } = bothEnds();
  cloud.refuse({ code: 'busy', reason: 'too many edges', retryAfterMs: 5_000 });
  await t.throwsAsync(clock.until(edge.greeting), { code: 'link-refused' });
});

test('a mute cloud costs the edge ten seconds', async (t) => {
  const { clock, edge, side } = edgeAgainstBytes();
  await t.throwsAsync(clock.until(edge.greeting), { code: 'deadline-missed', message: /10000 ms/ });
  t.is(clock.monotonic(), 10_000);
  await clock.advance(0);
  t.deepEqual(side.log, ['closed deadline-missed']);
  t.is(clock.pending, 0);
});

test('heartbeats do not prolong the greeting', async (t) => {
  const { clock, edge, peer } = edgeAgainstBytes();
  peer.write(preamble);
  for (let i = 0; i < 9; i++) {
    await clock.advance(1_000);
    peer.write(encodeFrame(frameTypes.heartbeat));
  }
  await t.throwsAsync(clock.until(edge.greeting), { code: 'deadline-missed' });
  t.is(clock.monotonic(), 10_000);
});

test('a connection that is lost before the greeting rejects it', async (t) => {
  const { clock, pair, edge, cloud, edgeSide, cloudSide } = bothEnds({ latencyMs: 10 });
  pair.cut();
  await t.throwsAsync(clock.until(edge.greeting), { code: 'link-lost' });
  await t.throwsAsync(clock.until(cloud.hello), { code: 'link-lost' });
  // The cloud has heard nothing yet, and misses nobody.
  t.deepEqual([...edgeSide.log, ...cloudSide.log], ['closed link-lost', 'closed in order']);
  await clock.advance(10);
  t.is(clock.pending, 0);
});

test('a greeting that was answered cannot be answered again', async (t) => {
  const { cloud } = await greetedEnds();
  t.throws(() => cloud.welcome(welcome), { code: 'internal' });
});

test('a WELCOME out of bounds is a programming error here and a broken protocol there', async (t) => {
  const { clock, cloud } = bothEnds();
  await clock.until(cloud.hello);
  t.throws(() => cloud.welcome({ ...welcome, heartbeatMs: 0 }), { code: 'internal', message: /heartbeatMs/ });
  for (const wrong of [
    { heartbeatMs: 0 },
    { windowSegments: 0 },
    { frameBytesMax: 1 },
    { compression: 'zstd' },
  ]) {
    const { clock: other, edge, peer } = edgeAgainstBytes();
    peer.write(Buffer.concat([preamble, json(frameTypes.welcome, { ...welcome, ...wrong })]));
    await t.throwsAsync(other.until(edge.greeting), { code: 'link-protocol' });
  }
});
