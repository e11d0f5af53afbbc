import test from 'ava';
import { chances } from '../helpers/chance.ts';
import type { batch } from './pipeline-fixtures.ts';
import { counting, measuring, source, startPlaced } from './placed-fixtures.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const killed = { signal: 'SIGKILL', killed: true };

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  test(`whatever dies when, a source that goes back loses and repeats nothing, and a sensor counts what it missed (seed ${seed})`, async (t) => {
    const chance = chances(seed * 7_919);
    const total = 2_000;
    const world = { now: 1 };
    const weather = {
      delayMs: () => chance(4),
      twice: () => chance(5) === 0,
      late: () => chance(3) === 0,
      lastWordsMs: () => chance(6),
    };
    const {
      clock,
      numbers: stored,
      missed,
      current,
      pipeline,
      lines,
    } = await startPlaced(
      [source('file', 'p'), source('sensor', 'p')],
      {
        file: counting(total, () => chance(3)),
        sensor: ({ output, ...env }) =>
          // Numbers of the sensor are negative, so that one store can hold both.
          measuring(
            world,
            5,
          )({
            ...env,
            output: {
              send: (one: ReturnType<typeof batch>, signal?: AbortSignal) =>
                output.send({ ...one, lines: Buffer.from(`-${Buffer.from(one.lines)}`) }, signal),
              get blocked() {
                return output.blocked;
              },
              flush: () => output.flush(),
            } as typeof output,
          }),
      },
      // Now and then a commit outlasts the death of who sent it, and the start of the next one.
      { weather, storeMs: () => (chance(20) === 0 ? 900 : chance(12)) },
    );
    for (let death = 0; death < 25; death++) {
      for (let step = chance(40); step >= 0; step--) {
        await clock.advance(chance(20));
        world.now += 1;
      }
      current().end(killed);
      for (let step = 0; step < 60; step++) {
        await clock.advance(10);
        world.now += 1;
      }
    }
    for (let step = 0; step < 2_000 && stored.filter((n) => n > 0).length < total; step++) {
      await clock.advance(50);
      world.now += 1;
    }
    await clock.until(pipeline.drain(4_500));
    t.deepEqual(
      stored.filter((n) => n > 0),
      numbers(total),
    );
    const read = stored.filter((n) => n < 0).map((n) => -n);
    t.deepEqual(
      read,
      [...new Set(read)].sort((a, b) => a - b),
    );
    t.true(
      lines.filter(({ report }) => report.type === 'transition' && report.to === 'waitingToRestart').length >=
        50,
    );
    t.is(missed.reduce((sum, count) => sum + count, 0) + read.length, read.at(-1)! - read[0]! + 1);
  });
}
