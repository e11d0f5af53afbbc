import test from 'ava';
import { Pace } from '../../src/link/pace.ts';
import { range } from '../helpers/two-sides-facts.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const MiB = 2 ** 20;
const bounds = { bytesMin: 16 * MiB, bytesMax: 256 * MiB };
const stream = 'readings';
const ascending = (a: number, b: number) => a - b;

interface Way {
  readonly roundTripMs: number;
  readonly MiBPerSecond: number;
}

/**
 * A sender with segments of 1 MiB over a way that carries one after the other: what is more than the way takes queues up.
 * @param sourceMiBPerSecond what there is to send; absent: always enough
 */
function simulate(greetingMs: number, first: Way, sourceMiBPerSecond = Number.POSITIVE_INFINITY) {
  const clock = createVirtualClock();
  const pace = new Pace(clock, bounds, greetingMs);
  let way = first;
  let [sequence, underWay, delivered, freeAtMs, produced] = [0, 0, 0, 0, 0];
  const acknowledge = (which: number) => {
    underWay -= MiB;
    delivered += MiB;
    pace.acknowledged(stream, which, MiB);
    send();
  };
  const send = () => {
    while (produced >= MiB) {
      if (underWay > 0 && underWay + MiB > pace.windowBytes) return pace.limited();
      produced -= MiB;
      underWay += MiB;
      sequence += 1;
      pace.sent(stream, sequence);
      freeAtMs = Math.max(freeAtMs, clock.monotonic()) + 1_000 / way.MiBPerSecond;
      const which = sequence;
      clock.setTimeout(() => acknowledge(which), freeAtMs - clock.monotonic() + way.roundTripMs);
    }
  };
  return {
    pace,
    set way(next: Way) {
      way = next;
    },
    /** Runs for that long; what was delivered meanwhile, in MiB a second. */
    async run(ms: number): Promise<number> {
      const before = delivered;
      const endMs = clock.monotonic() + ms;
      while (clock.monotonic() < endMs) {
        produced = Number.isFinite(sourceMiBPerSecond)
          ? produced + (sourceMiBPerSecond * MiB) / 100
          : Number.POSITIVE_INFINITY;
        send();
        await clock.advance(10);
      }
      return (delivered - before) / MiB / (ms / 1_000);
    },
  };
}

test('a link with a long round trip is full from its first second on', async (t) => {
  const link = simulate(205, { roundTripMs: 200, MiBPerSecond: 120 });
  await link.run(300);
  t.true((await link.run(1_000)) >= 0.9 * 120);
  t.true((await link.run(30_000)) >= 0.9 * 120);
});

test('a short link does not let more queue up than the least window', async (t) => {
  const link = simulate(2, { roundTripMs: 1, MiBPerSecond: 150 });
  t.true((await link.run(25_000)) >= 0.95 * 150);
  t.is(link.pace.windowBytes, bounds.bytesMin);
});

test('while the way is drained a quarter of the window is left, and all of it again as soon as the way is measured', async (t) => {
  const roundTripMs = 20;
  const link = simulate(roundTripMs, { roundTripMs, MiBPerSecond: 150 });
  const windows: number[] = [];
  // Every 10 ms for a minute.
  for (const _ of range(1, 6_000)) {
    await link.run(10);
    windows.push(link.pace.windowBytes);
  }
  t.deepEqual([...new Set(windows)].toSorted(ascending), [bounds.bytesMin / 4, bounds.bytesMin]);
  const drained = windows.filter((bytes) => bytes < bounds.bytesMin).length;
  t.true(drained > 0 && drained * 10 <= 6 * 200, `${drained * 10} ms of 60 s`);
});

test('a window that was always full for minutes stays at about twice what the way holds', async (t) => {
  const link = simulate(100, { roundTripMs: 100, MiBPerSecond: 300 });
  for (const _ of range(1, 6)) {
    t.true((await link.run(20_000)) >= 0.9 * 300);
    t.true(link.pace.windowBytes <= 2.5 * 30 * MiB, `${link.pace.windowBytes / MiB} MiB`);
  }
});

test('a way that becomes longer or wider gets its larger window, one that becomes shorter a smaller one', async (t) => {
  const link = simulate(50, { roundTripMs: 50, MiBPerSecond: 200 });
  await link.run(15_000);
  link.way = { roundTripMs: 200, MiBPerSecond: 200 };
  await link.run(25_000);
  t.true((await link.run(10_000)) >= 0.9 * 200);
  link.way = { roundTripMs: 200, MiBPerSecond: 400 };
  await link.run(25_000);
  t.true((await link.run(10_000)) >= 0.9 * 400);
  link.way = { roundTripMs: 10, MiBPerSecond: 400 };
  await link.run(60_000);
  t.true(link.pace.windowBytes <= 2 * bounds.bytesMin);
});

test('a greeting that was quick does not hold a long link down for more than a few round trips', async (t) => {
  const link = simulate(1, { roundTripMs: 200, MiBPerSecond: 200 });
  await link.run(22_000);
  t.true((await link.run(10_000)) >= 0.9 * 200);
});

test('a source that sends less than the link carries leaves the window as it is', async (t) => {
  const link = simulate(200, { roundTripMs: 200, MiBPerSecond: 100 }, 5);
  const before = link.pace.windowBytes;
  await link.run(60_000);
  t.is(link.pace.windowBytes, before);
});

test('the window never exceeds its bound, however long the greeting took', (t) => {
  const { pace } = simulate(60_000, { roundTripMs: 1, MiBPerSecond: 1 });
  t.is(pace.windowBytes, bounds.bytesMax);
  const small = new Pace(createVirtualClock(), { bytesMin: 16 * MiB, bytesMax: MiB }, 200);
  t.is(small.windowBytes, MiB);
});
