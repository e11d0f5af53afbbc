/** Attacks on the port of a real receiver, by somebody who knows the protocol's page and nothing of fogrun. */
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import { besieged, edgesOf, memoryMiB, noHash, someone } from '../helpers/besieged.ts';
import { call, frame, greet, hello, preamble, segmentFrame, segmentOf, types } from '../helpers/stranger.ts';

const lengthOf = (bytes: number) => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes);
  return head;
};
const { attacking, ending } = besieged(test);

test.serial(
  "huge lengths, frames before the greeting and frames that are not an edge's are closed at once, and take no memory",
  async (t) => {
    await attacking(t, async (port, cloud, env) => {
      const before = await memoryMiB(cloud);
      const bytes: Record<string, Buffer> = {
        'a length of 4 GiB': Buffer.concat([preamble, lengthOf(0xffff_ffff), Buffer.from([types.hello])]),
        'a length of 16 KiB and a byte': Buffer.concat([
          preamble,
          lengthOf(16_385),
          Buffer.from([types.hello]),
        ]),
        'a length of 0': Buffer.concat([preamble, lengthOf(0)]),
        'a segment before the greeting': Buffer.concat([
          preamble,
          segmentFrame(segmentOf(someone(), { sequence: 1, fromSeq: 1 })),
        ]),
        'a heartbeat before the greeting': Buffer.concat([preamble, frame(0x20)]),
        'a frame that only a cloud sends': Buffer.concat([preamble, frame(types.welcome, '{}')]),
        'a reserved frame': Buffer.concat([preamble, frame(0x02, '{}')]),
        'a web browser': Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
        'no JSON': Buffer.concat([preamble, frame(types.hello, '{"protocol":1')]),
      };
      for (const [what, said] of Object.entries(bytes)) {
        const thief = await call(port);
        thief.say(said);
        t.true((await thief.closed()) < 4_000, what);
        t.false(
          thief.heard.some(({ type }) => type === types.welcome),
          what,
        );
      }
      for (const type of [types.welcome, types.ack, types.message, types.hello, 0x02, 0x3f, 0x80]) {
        const thief = await greet(port, someone());
        thief.say(frame(type, '{}'));
        t.is((await thief.hear(types.refuse)).json.code, 'invalid', `${type}`);
        await thief.closed();
      }
      const early = await call(port);
      const who = someone();
      early.say(preamble, hello(who), segmentFrame(segmentOf(who, { sequence: 1, fromSeq: 1 })));
      await early.closed();
      t.false((await edgesOf(env)).includes(who.edge), 'nothing of it is stored');
      t.true((await memoryMiB(cloud)) - before < 64);
    });
  },
);

test.serial(
  'connections that say nothing, too little, or a byte at a time are closed at the deadline, and others are served meanwhile',
  async (t) => {
    await attacking(t, async (port) => {
      const mute = await Promise.all(Array.from({ length: 20 }, () => call(port)));
      const half = await call(port);
      half.say(preamble, lengthOf(1_000), Buffer.from([types.hello]));
      const slow = await call(port);
      const greeting = Buffer.concat([preamble, hello(someone())]);
      let at = 0;
      const dripping = setInterval(() => slow.say(greeting.subarray(at, ++at)), 200);
      t.teardown(() => clearInterval(dripping));
      const served = await greet(port, someone());
      const tookMs = await Promise.all([...mute, half, slow].map((each) => each.closed(14_000)));
      t.true(Math.max(...tookMs) > 5_000 && Math.max(...tookMs) < 12_500, `${Math.max(...tookMs)}`);
      t.false(served.isClosed());
      served.hangUp();
    });
  },
);

test.serial('whoever is refused is hung up on, whether it goes or stays', async (t) => {
  await attacking(t, async (port) => {
    const later = await call(port);
    later.say(Buffer.from('FOGRUN\0\x02', 'latin1'), hello(someone(), { protocol: 2 }));
    t.is((await later.hear(types.refuse)).json.code, 'version');
    await later.closed();
    const forked = await call(port);
    const streams = {
      readings: { sealed: 5, sealedHash: noHash, acknowledged: 5, acknowledgedHash: noHash },
    };
    forked.say(preamble, hello(someone(), { token: 9, streams }));
    t.is((await forked.hear(types.refuse)).json.code, 'forked');
    await forked.closed();
  });
});

test.serial(
  'what strangers call themselves cannot steer a terminal or begin a line of the log',
  async (t) => {
    await attacking(t, async (port, cloud) => {
      const agent = '\u001b[2J\u001b]0;x\u0007\nfake line\u009b31m\u202e';
      const who = someone();
      const thief = await greet(port, who, { agent });
      thief.say(frame(types.goodbye, JSON.stringify({ reason: agent })));
      await thief.closed();
      const loud = await call(port);
      loud.say(Buffer.from('\u001b[2J\u001b[31mSSH-2.0\r\n'));
      await loud.closed();
      await wait(200);
      const steering = /[\u0000-\u001f\u007f-\u009f\u202e]/;
      const texts = cloud.lines.flatMap((line) =>
        Object.values(line).filter((value) => typeof value === 'string'),
      );
      t.deepEqual(
        texts.filter((text) => steering.test(text)),
        [],
      );
    });
  },
);

test.serial(
  'an edge that sends more than its window is hung up on, and a flood of connections does not shut the honest one out',
  async (t) => {
    await attacking(t, async (port) => {
      const who = someone();
      const thief = await greet(port, who);
      const { windowSegments } = thief.heard[0]!.json;
      const jump = segmentFrame(segmentOf(who, { sequence: 2, fromSeq: 2 }));
      for (let sent = 0; sent <= windowSegments && !thief.isClosed(); sent++) thief.say(jump);
      await thief.closed();
      const flood = await Promise.all(Array.from({ length: 400 }, () => call(port).catch(() => null)));
      const served = await greet(port, someone()).catch(() => null);
      for (const each of [...flood, served]) each?.hangUp();
    });
  },
);

test.serial(
  'after attacks by connections everything of the honest edge is there, and both end in order',
  ending,
);
