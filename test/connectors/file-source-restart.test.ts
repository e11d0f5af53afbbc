import { appendFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { lines, range, type Source, startSource, temporaryDir } from './file-source-fixtures.ts';

test('after a restart reading goes on where the store says it stopped, also in the middle of a file', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(...range(10_001, 30_000)));
  const config = { path, 'read-max': '4KiB' };
  const first = await startSource(config);
  while (first.batches.length < 3) await first.clock.flush();
  const disk = await first.kill();
  const second = await startSource(config, { disk });
  const taken = (await second.values()).length;
  t.true(taken > 0 && taken < 20_000, `${taken} before the end`);
  await second.advance(1_000);
  t.deepEqual(await second.values(), range(10_001, 30_000));
  await appendFile(path, 'x\n');
  await second.advance(1_000);
  t.regex(second.notes()[0]!, /^line 20001 of /, 'the number of the line is known too');
  await second.stop();
});

test('what was rotated away while nobody read is finished first', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(1, 2));
  const first = await startSource({ path });
  await first.advance(1_000);
  const disk = await first.kill();
  await appendFile(path, lines(3));
  await rename(path, `${path}.1`);
  await writeFile(path, lines(4));
  const second = await startSource({ path }, { disk });
  await second.advance(20_000);
  t.deepEqual(await second.values(), range(1, 4));
  t.deepEqual(second.notes(), []);
  await second.stop();
});

test('a file that is gone after a restart is told of, and the new one is read from its start', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(1, 2));
  const first = await startSource({ path });
  await first.advance(1_000);
  const disk = await first.kill();
  await rename(path, `${path}.1`);
  await writeFile(path, lines(3));
  await unlink(`${path}.1`);
  const second = await startSource({ path, from: 'end' }, { disk });
  await second.advance(20_000);
  t.deepEqual(await second.values(), [1, 2, 3]);
  t.regex(second.notes()[0]!, /read up to line 3 as .*a\.log is gone/);
  await second.stop();
});

test('a file that was written anew while nobody read it is read from its start', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(1, 2));
  const first = await startSource({ path });
  await first.advance(1_000);
  const disk = await first.kill();
  await writeFile(path, lines(3, 4, 5));
  const second = await startSource({ path }, { disk });
  await second.advance(1_000);
  t.deepEqual(await second.values(), range(1, 5));
  t.regex(second.notes()[0]!, /written anew while nobody read it/);
  await second.stop();
});

test('the end that reading began from is remembered before a line comes', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(1, 2));
  const first = await startSource({ path, from: 'end' });
  await first.advance(1_000);
  const disk = await first.kill();
  await appendFile(path, lines(3));
  const second = await startSource({ path, from: 'end' }, { disk });
  await second.advance(1_000);
  t.deepEqual(await second.values(), [3]);
  await second.stop();
});

test('a file that was read once is not read again, but what was added to it is', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(1, 2));
  const config = { path, mode: 'once' };
  const first = await startSource(config);
  await first.until(() => first.state() === 'done');
  const second = await startSource(config, { disk: await first.kill() });
  await second.until(() => second.state() === 'done');
  t.deepEqual(await second.values(), [1, 2]);
  await appendFile(path, lines(3));
  const third = await startSource(config, { disk: await second.kill() });
  await third.until(() => third.state() === 'done');
  t.deepEqual(await third.values(), [1, 2, 3]);
});

test('another path in the pipeline file is another file', async (t) => {
  const dir = await temporaryDir(t);
  await writeFile(join(dir, 'a.log'), lines(1));
  await writeFile(join(dir, 'b.log'), lines(2));
  const first = await startSource({ path: join(dir, 'a.log') });
  await first.advance(1_000);
  const disk = await first.kill();
  await appendFile(join(dir, 'a.log'), lines(9));
  const second = await startSource({ path: join(dir, 'b.log') }, { disk });
  await second.advance(20_000);
  t.deepEqual(await second.values(), [1, 2]);
  t.deepEqual(second.notes(), []);
  await second.stop();
});

test('a position that a newer fogrun wrote is not guessed at', async (t) => {
  const path = join(await temporaryDir(t), 'a.log');
  await writeFile(path, lines(1));
  const first = await startSource({ path });
  const position = { source: 'log', value: '{"version":2}' };
  await first.advance(1_000);
  await first.store.append([{ stream: 'readings', lines: new Uint8Array(), count: 0, position }]);
  const second = await startSource({ path }, { disk: await first.kill() });
  await second.until(() => second.state() === 'failed');
  t.like(second.last(), { cause: { code: 'store-version' } });
});

type Step =
  | { readonly do: 'write'; readonly count: number; readonly torn: boolean }
  | { readonly do: 'rotate'; readonly late: number; readonly seen: boolean }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'operations'; readonly count: number }
  | { readonly do: 'hold' }
  | { readonly do: 'release' }
  | { readonly do: 'pause' }
  | { readonly do: 'kill' };

test('whatever is written, rotated, held back and killed, every line is in the store exactly once, in order', async (t) => {
  const dir = await temporaryDir(t);
  let run = 0;
  let kills = 0;
  const bare = fc.constantFrom(
    { do: 'hold' as const },
    { do: 'release' as const },
    { do: 'pause' as const },
    { do: 'kill' as const },
  );
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('write' as const),
        count: fc.nat(400),
        torn: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('rotate' as const), late: fc.nat(3), seen: fc.boolean() }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(3_000) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('operations' as const), count: fc.nat(12) }) },
    { weight: 4, arbitrary: bare },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async (steps) => {
      run += 1;
      const path = join(dir, `${run}.log`);
      const config = { path, 'read-max': '4KiB', 'rotation-grace': '1s' };
      let source: Source = await startSource(config);
      let written = 0;
      let rotations = 0;
      let torn = '';
      const write = async (file: string, count: number, leaveTorn: boolean) => {
        let text = torn === '' ? '' : `${torn.slice(3)}\n`;
        for (const n of range(1, count)) text += `${1_000_000 + written + n}\n`;
        written += count;
        torn = leaveTorn ? String(1_000_000 + written + 1) : '';
        if (leaveTorn) written += 1;
        await appendFile(file, text + torn.slice(0, 3));
      };
      for (const now of steps) {
        if (now.do === 'write') await write(path, now.count, now.torn);
        else if (now.do === 'wait') await source.advance(now.ms);
        else if (now.do === 'hold' || now.do === 'release') source.hold(now.do === 'hold');
        else if (now.do === 'operations') {
          // Stops anywhere between two operations of the disk.
          for (let i = 0; i < now.count; i++) await source.clock.flush();
        } else if (now.do === 'pause') {
          await source.send('PAUSE');
          await source.send('RESUME');
        } else if (now.do !== 'rotate') {
          kills += 1;
          source = await startSource(config, { disk: await source.kill(), clock: source.clock });
        } else {
          // Of a file that the store knows nothing of, nothing can be found again.
          const isSeen = now.seen || source.store.position('log') === undefined;
          if (isSeen) source.hold(false);
          await write(path, 1, false);
          if (isSeen) await source.until(() => source.state() === 'tailing');
          await source.advance(isSeen ? 5_000 : 500);
          rotations += 1;
          await rename(path, `${path}.${rotations}`);
          await write(`${path}.${rotations}`, now.late, false);
          // The clock of a file system, which tells which file is older, ticks every few milliseconds.
          await sleep(5);
          await write(path, 1, false);
        }
      }
      source.hold(false);
      await write(path, 1, false);
      await source.advance(60_000);
      const values = (await source.values()) as number[];
      const wrong = values.findIndex((value, i) => value !== 1_000_001 + i);
      if (wrong >= 0 || values.length !== written) {
        throw new Error(`${values.length} of ${written}, wrong from ${wrong}: ${JSON.stringify(steps)}`);
      }
      const alarms = source.notes().filter((note) => !/waiting for it$|read in their turn$/.test(note));
      if (alarms.length > 0) throw new Error(`${alarms}: ${JSON.stringify(steps)}`);
      await source.stop();
      t.is(source.files.isOpen, 0);
    }),
    { numRuns: 60 },
  );
  t.true(kills > 5, `${kills} kills`);
});
