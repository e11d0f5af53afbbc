import test from 'ava';
import { sleep } from '../../src/contract/clock.ts';
import { processClock } from '../../src/sim/process-clock.ts';
import { createVirtualClock } from '../../src/sim/virtual-clock.ts';

for (const promisesOnly of [false, true]) {
  const how = promisesOnly ? 'with promises only' : 'with a turn of the event loop a timer';

  test(`${how}: timers fire in the order of their times, and those of one time in the order they were made`, async (t) => {
    const clock = createVirtualClock({ promisesOnly });
    const fired: string[] = [];
    const at = (ms: number, name: string) => clock.setTimeout(() => fired.push(name), ms);
    const gone = at(5, 'gone');
    for (let i = 0; i < 50; i++) at(50 - (i % 10), `${50 - (i % 10)}/${i}`);
    clock.clearTimeout(gone);
    clock.clearTimeout(gone);
    clock.clearTimeout(undefined);
    await clock.advance(100);
    const byTime = fired.map((name) => name.split('/').map(Number));
    t.deepEqual(
      byTime,
      [...byTime].sort(([a, i], [b, j]) => a! - b! || i! - j!),
    );
    t.is(fired.length, 50);
    t.is(clock.monotonic(), 100);
    t.is(clock.pending, 0);
  });

  test(`${how}: everything that can run has run before time moves`, async (t) => {
    const clock = createVirtualClock({ promisesOnly });
    const seen: number[] = [];
    const chain = async () => {
      for (let i = 0; i < 20; i++) {
        await null;
        await new Promise<void>((resolve) => process.nextTick(resolve));
      }
      seen.push(clock.monotonic());
    };
    for (let ms = 1; ms <= 600; ms++) clock.setTimeout(chain, ms);
    await clock.advance(601);
    t.deepEqual(
      seen,
      Array.from({ length: 600 }, (_, i) => i + 1),
    );
  });

  test(`${how}: timers made on the way fire at their own time`, async (t) => {
    const clock = createVirtualClock({ promisesOnly });
    const seen: number[] = [];
    const run = async () => {
      for (let i = 0; i < 5; i++) {
        await sleep(clock, 7);
        seen.push(clock.monotonic());
      }
      return 'done';
    };
    t.is(await clock.until(run()), 'done');
    t.deepEqual(seen, [7, 14, 21, 28, 35]);
    t.is(clock.monotonic(), 35);
  });

  test(`${how}: what never settles, what takes too long and what turns in a circle is an error`, async (t) => {
    const clock = createVirtualClock({ promisesOnly });
    await t.throwsAsync(clock.until(new Promise(() => {})), { message: /no timer is left/ });
    await t.throwsAsync(clock.until(sleep(clock, 2_000), 1_000), { message: /not settled within 1000 ms/ });
    await t.throwsAsync(clock.until(Promise.reject(new Error('own'))), { message: 'own' });
    const again = () => void clock.setTimeout(again, 0);
    again();
    await t.throwsAsync(clock.advance(10_000), { message: /an endless loop/ });
  });
}

test('a day of timers takes seconds', async (t) => {
  const clock = createVirtualClock({ promisesOnly: true });
  const process = processClock(clock);
  let turns = 0;
  const poll = async () => {
    for (;;) {
      const deadline = process.setTimeout(() => t.fail(), 30_000);
      await sleep(process, 1_000);
      process.clearTimeout(deadline);
      turns += 1;
    }
  };
  void poll();
  const startedMs = performance.now();
  await clock.advance(86_400_000);
  t.is(turns, 86_400);
  t.is(clock.pending, 2);
  t.true(performance.now() - startedMs < 20_000);
});

test('a process has a wall clock of its own, in whole ms, and its timers end with it', async (t) => {
  const clock = createVirtualClock(Date.UTC(2026, 0, 1));
  const [one, other] = [processClock(clock), processClock(clock, -60_000)];
  let fired = 0;
  for (const process of [one, other]) process.setTimeout(() => fired++, 10);
  await clock.advance(0.5);
  t.is(other.now(), Date.UTC(2026, 0, 1) - 60_000);
  one.jump(3_600_000);
  t.is(one.now(), Date.UTC(2026, 0, 1, 1));
  t.is(one.monotonic(), 0.5);
  t.deepEqual([one.pending, other.pending], [1, 1]);
  other.die();
  t.is(
    other.setTimeout(() => fired++, 1),
    undefined,
  );
  await clock.advance(20);
  t.is(fired, 1);
  t.deepEqual([one.pending, other.pending, clock.pending], [0, 0, 0]);
});
