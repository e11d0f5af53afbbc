import test from 'ava';
import { chances } from '../helpers/chance.ts';
import { batch, untilAborted } from './pipeline-fixtures.ts';
import { counting, otherKind, sink, source, startPlaced } from './placed-fixtures.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const killed = { signal: 'SIGKILL', killed: true };

test('an actor moves into a process and out again, and the process ends with its last actor', async (t) => {
  const { reload, clock, moves, all, pipeline } = await startPlaced([source('a', 'p'), source('b', 'p')], {});
  await clock.advance(10);
  await reload([source('a', null), source('b', 'p'), sink]);
  t.is(pipeline.actors.get('a')!.process, undefined);
  t.is(all.length, 1);
  t.is(moves('process/p').at(-1), 'alive.starting → alive.running');
  await reload([source('a', null), source('b', 'q'), sink]);
  t.is(moves('process/p').at(-1), 'alive.draining → stopped');
  t.like(pipeline.actors.get('b')!.process, { name: 'q', pid: 2 });
  await reload([source('a', 'q'), sink]);
  t.is(all.length, 2, 'the process that runs takes one more');
  t.is(moves('a').at(-1), 'stopped → running');
  t.deepEqual(moves('b').slice(-2), ['running → stopped', 'stopped → off']);
  await clock.until(pipeline.drain(4_500));
});

test('those that stay in a process hear nothing of another that changes there, also of a kind that is new to it', async (t) => {
  const { reload, clock, moves, all, loaded, pipeline } = await startPlaced(
    [source('a', 'p'), source('b', 'p')],
    {},
  );
  await clock.advance(10);
  const before = pipeline.actors.get('b');
  await reload([{ ...source('a', 'p'), config: { n: 2 } }, source('b', 'p'), sink]);
  t.is(pipeline.actors.get('b'), before);
  t.deepEqual(moves('b'), ['off → running']);
  t.deepEqual(moves('a'), ['off → running', 'running → stopped', 'stopped → running']);
  await reload([source('b', 'p'), { ...source('c', 'p'), kind: otherKind }, sink]);
  t.is(pipeline.actors.get('c')!.state(), 'running');
  t.deepEqual(loaded, [['source'], ['source', 'other']]);
  t.deepEqual(moves('b'), ['off → running']);
  t.is(all.length, 1);
  await clock.until(pipeline.drain(4_500));
});

test('a late word of acceptance for the life before is not taken for one of the next', async (t) => {
  let life = 0;
  const accepted: string[] = [];
  const {
    reload,
    clock,
    pipeline,
    numbers: stored,
  } = await startPlaced(
    [source('a', 'p')],
    {
      a: ({ output }) => {
        const own = ++life;
        return async ({ signal }) => {
          for (const n of [1, 2]) output.send(batch(own * 10 + n)).then(() => accepted.push(`${own}: ${n}`));
          await untilAborted(signal);
        };
      },
    },
    { storeMs: () => 400 },
  );
  await clock.advance(20);
  await reload([{ ...source('a', 'p'), config: { n: 2 } }, sink]);
  await clock.advance(450);
  t.deepEqual(stored, [11]);
  t.deepEqual(accepted, [], 'the first life is gone, and what the second sent is not accepted yet');
  await clock.advance(2_000);
  t.deepEqual(stored, [11, 12, 21, 22]);
  t.deepEqual(accepted, ['2: 1', '2: 2']);
  await clock.until(pipeline.drain(4_500));
});

const places = [null, 'p', 'q'];

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`whatever is reloaded and dies when, under flow nothing is lost, repeated or out of order (seed ${seed})`, async (t) => {
    const chance = chances(seed * 104_729);
    const total = 1_500;
    const pick = <T>(from: readonly T[]): T => from[chance(from.length)]!;
    const weather = {
      delayMs: () => chance(4),
      twice: () => chance(5) === 0,
      late: () => chance(3) === 0,
      lastWordsMs: () => chance(6),
    };
    const work = { a: counting(total, () => chance(3)), b: evens(total, () => chance(4)) };
    const started = await startPlaced([source('a', 'p'), source('b', null)], work, {
      weather,
      storeMs: () => (chance(20) === 0 ? 700 : chance(12)),
    });
    const { clock, pipeline, numbers: stored, all, reload } = started;
    let sinkName = 'sink';
    let reloads = 0;
    for (let step = 0; step < 40; step++) {
      await clock.advance(chance(120));
      if (chance(3) === 0) all.at(-1)!.end(killed);
      if (chance(4) === 0) sinkName = `sink${step}`;
      const withB = chance(4) > 0;
      const actors = ['a', ...(withB ? ['b'] : [])].map((name) => ({
        ...source(name, pick(places)),
        to: sinkName,
        config: { n: chance(3) },
      }));
      const done = await reload([...actors, { ...sink, name: sinkName, config: { n: chance(2) } }]);
      if (done.changed.length + done.added.length + done.removed.length > 0) reloads += 1;
    }
    t.true(reloads > 25);
    await reload([
      { ...source('a', null), to: sinkName },
      { ...source('b', null), to: sinkName },
      { ...sink, name: sinkName },
    ]);
    for (let step = 0; step < 4_000 && stored.length < 2 * total; step++) await clock.advance(50);
    await clock.until(pipeline.drain(4_500));
    t.deepEqual(
      stored.filter((n) => n < 100_000),
      numbers(total),
    );
    t.deepEqual(
      stored.filter((n) => n > 100_000),
      numbers(total).map((n) => n + 100_000),
    );
  });
}

/** As `counting`, but its numbers are those of another source. */
function evens(count: number, paceMs: () => number): ReturnType<typeof counting> {
  const work = counting(count, paceMs);
  return (env) =>
    work({
      ...env,
      output: {
        send: (one, signal) => {
          const lines =
            one.count === 0 ? one.lines : Buffer.from(`${Number(Buffer.from(one.lines)) + 100_000}\n`);
          return env.output.send({ ...one, lines }, signal);
        },
        get blocked() {
          return env.output.blocked;
        },
        flush: () => env.output.flush(),
      },
    });
}
