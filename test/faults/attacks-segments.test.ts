/** Attacks with segments and names on a real receiver, by somebody who knows the protocol's page and nothing of fogrun. */
import { setTimeout as wait } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import test from 'ava';
import { again, besieged, edgesOf, memoryMiB, someone } from '../helpers/besieged.ts';
import { filedUpTo } from '../helpers/load.ts';
import {
  call,
  greet,
  hello,
  preamble,
  segmentFrame,
  segmentOf,
  types,
  type Who,
} from '../helpers/stranger.ts';

const { attacking, ending } = besieged(test);

test.serial(
  'a segment sent again is acknowledged again and stored once; the same place with another hash is refused and told',
  async (t) => {
    await attacking(t, async (port, cloud, env) => {
      const who = someone();
      const one = segmentOf(who, { sequence: 1, fromSeq: 1 });
      const first = await greet(port, who);
      first.say(segmentFrame(one));
      const { payload } = await first.hear(types.ack);
      first.say(segmentFrame(one));
      for (
        const late = Date.now() + 5_000;
        first.heard.filter(({ type }) => type === types.ack).length < 2;
      ) {
        if (Date.now() > late) return t.fail('not acknowledged twice');
        await wait(10);
      }
      first.hangUp();
      const replayed = await greet(port, who, again(first, one));
      replayed.say(segmentFrame(one));
      t.deepEqual((await replayed.hear(types.ack)).payload.subarray(0, 49), payload.subarray(0, 49));

      const lie = segmentOf(who, { sequence: 1, fromSeq: 1, lines: ['{"seq":1,"value":999}'] });
      replayed.say(segmentFrame(lie));
      t.is((await replayed.hear(types.refuse)).json.code, 'forked');
      await replayed.closed();
      const greeted = await call(port);
      greeted.say(preamble, hello(who, again(replayed, lie)));
      t.is((await greeted.hear(types.refuse)).json.code, 'forked');
      await greeted.closed();
      await cloud.line((line) => /warn|error/.test(line.level) && JSON.stringify(line).includes(who.edge));
      const [readings] = await filedUpTo(env.FOGRUN_STATE!, who.edge, 1);
      t.deepEqual(
        readings!.map(({ value }) => value),
        [1],
      );
    });
  },
);

test.serial(
  'a jump in the sequence, up to 2^53 and beyond, is refused, and the next segment in order is taken',
  async (t) => {
    await attacking(t, async (port, _, env) => {
      const who = someone();
      const one = segmentOf(who, { sequence: 1, fromSeq: 1 });
      const start = await greet(port, who);
      start.say(segmentFrame(one));
      await start.hear(types.ack);
      start.hangUp();
      let last = start;
      const come = async () => {
        last = await greet(port, who, again(last, one));
        return last;
      };
      const sequences = [3, 2 ** 32, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER];
      for (const [sequence, fromSeq] of sequences.flatMap((each) => [
        [each, each] as const,
        // All else continues what is stored.
        [each, 2] as const,
      ])) {
        const jump = await come();
        const lines = [`{"seq":${fromSeq},"device":"x","sensor":"s","value":2}`];
        jump.say(segmentFrame(segmentOf(who, { sequence, fromSeq, previousHash: one.hash, lines })));
        const { code } = (await jump.hear(types.refuse)).json;
        t.true(code === 'invalid' || code === 'forked', `${sequence} ${code}`);
        await jump.closed();
      }
      for (const patch of [
        { sequence: 2n ** 53n },
        { sequence: 2n ** 64n - 1n },
        { fromSeq: 2n ** 53n },
        { sequence: 0n },
      ]) {
        const jump = await come();
        jump.say(segmentFrame(one, patch));
        t.is((await jump.hear(types.refuse)).json.code, 'invalid');
        await jump.closed();
      }
      const next = await come();
      const lines = ['{"seq":2,"device":"x","sensor":"s","value":2}'];
      next.say(segmentFrame(segmentOf(who, { sequence: 2, fromSeq: 2, previousHash: one.hash, lines })));
      await next.hear(types.ack);
      next.hangUp();
      const [readings] = await filedUpTo(env.FOGRUN_STATE!, who.edge, 2);
      t.deepEqual(
        readings!.map(({ seq }) => seq),
        [1, 2],
      );
    });
  },
);

test.serial(
  'names that lead out of the directory, or are no names, are refused, and no file appears anywhere',
  async (t) => {
    await attacking(t, async (port, _, env) => {
      const before = await edgesOf(env);
      for (const edge of [
        '../../etc/x',
        '/etc/passwd',
        'a\0b',
        '..',
        '',
        'a/b',
        '.hidden',
        'x'.repeat(65),
        '\u001b[31m',
        'ä',
      ]) {
        const thief = await call(port);
        thief.say(preamble, hello({ ...someone(), edge }));
        t.is((await thief.hear(types.refuse)).json.code, 'invalid', edge);
        await thief.closed();
      }
      for (const stream of ['../x', 'a\0b', '/x', '__proto__/..']) {
        const who = someone();
        const thief = await greet(port, who);
        thief.say(segmentFrame(segmentOf(who, { sequence: 1, fromSeq: 1, stream }), { stream }));
        t.is((await thief.hear(types.refuse)).json.code, 'invalid', stream);
        await thief.closed();
      }
      t.deepEqual(await edgesOf(env), before);
    });
  },
);

test.serial(
  'bodies that are not readings are refused by their place, and nothing of them is stored',
  async (t) => {
    await attacking(t, async (port, _, env) => {
      const reading = (rest: string) => `{"seq":1,${rest}}`;
      const bodies: Record<string, Buffer> = {
        'a wrong number': Buffer.from('{"seq":7,"value":1}\n'),
        'no number': Buffer.from('{"value":1}\n'),
        'no newline': Buffer.from(reading('"value":1')),
        'two lines that are said to be one': Buffer.from(`${reading('"value":1')}\n{"seq":2,"value":1}\n`),
        'a zero byte': Buffer.from(`${reading('"value":"\0"')}\n`),
        'an escape sequence': Buffer.from(`${reading('"device":"\u001b[2J"')}\n`),
        'no end': Buffer.from('{"seq":1,"value":1\n'),
        'nothing but newlines': Buffer.from('\n'),
      };
      const thieves: Who[] = [];
      for (const [what, body] of Object.entries(bodies)) {
        const who = someone();
        thieves.push(who);
        const thief = await greet(port, who);
        thief.say(segmentFrame(segmentOf(who, { sequence: 1, fromSeq: 1, lines: [''], body })));
        t.like((await thief.hear(types.refuse)).json, { code: 'invalid', sequence: 1 }, what);
        thief.hangUp();
      }
      const edges = await edgesOf(env);
      t.deepEqual(
        thieves.filter(({ edge }) => edges.includes(edge)),
        [],
      );
    });
  },
);

test.serial(
  'a decompression bomb is refused, before the greeting and after, and takes no memory',
  async (t) => {
    await attacking(t, async (port, cloud) => {
      const before = await memoryMiB(cloud);
      const plain = Buffer.alloc(15 * 2 ** 20, 0x20);
      for (const bytes of [plain.length, 2 ** 31, 1_024]) {
        const who = someone();
        const thief = await greet(port, who, { compression: ['zstd'] });
        t.is(thief.heard[0]!.json.compression, 'zstd');
        const bomb = segmentOf(who, { sequence: 1, fromSeq: 1, lines: [''], body: plain });
        thief.say(segmentFrame(bomb, { flags: 0x10, bytes, sent: zstdCompressSync(plain) }));
        t.is((await thief.hear(types.refuse)).json.code, 'invalid');
        await thief.closed();
      }
      const unasked = await greet(port, someone());
      const who = someone();
      unasked.say(segmentFrame(segmentOf(who, { sequence: 1, fromSeq: 1 }), { flags: 0x10 }));
      t.is((await unasked.hear(types.refuse)).json.code, 'invalid');
      t.true((await memoryMiB(cloud)) - before < 96);
    });
  },
);

test.serial(
  'after attacks with segments everything of the honest edge is there, and both end in order',
  ending,
);
