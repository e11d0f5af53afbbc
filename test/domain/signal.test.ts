import test from 'ava';
import fc from 'fast-check';
import { outageAt, type Signal, signalAt } from '../../src/domain/signal.ts';

const hour = 3_600_000;
const start = Date.UTC(2026, 0, 1);
const plain: Signal = { curve: { curve: 'const', value: 20 }, seed: 1, noise: 0, decimals: 2, faults: {} };
const values = (signal: Signal, everyMs: number, count: number) =>
  Array.from({ length: count }, (_, i) => signalAt(signal, start + i * everyMs));

test('a day is highest at its peak and lowest twelve hours later', (t) => {
  const day: Signal = { ...plain, curve: { curve: 'day', mean: 12, amplitude: 6, peak: 14 * hour } };
  t.is(signalAt(day, start + 14 * hour), 18);
  t.is(signalAt(day, start + 2 * hour), 6);
  t.is(signalAt(day, start + 365 * 24 * hour + 14 * hour), 18);
});

test('a wandering value stays within its bounds, moves, and never leaps', (t) => {
  const wander: Signal = {
    ...plain,
    curve: { curve: 'wander', mean: 1013, amplitude: 15, period: 12 * hour },
  };
  const week = values(wander, 60_000, 7 * 24 * 60) as number[];
  t.true(Math.min(...week) >= 998 && Math.max(...week) <= 1028);
  t.true(Math.max(...week) - Math.min(...week) > 5);
  t.true(week.every((value, i) => i === 0 || Math.abs(value - week[i - 1]!) < 0.5));
});

test('noise has the deviation it was given', (t) => {
  const noisy = values({ ...plain, noise: 2 }, 1_000, 20_000) as number[];
  const mean = noisy.reduce((sum, value) => sum + value, 0) / noisy.length;
  const deviation = Math.sqrt(noisy.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noisy.length);
  t.true(Math.abs(mean - 20) < 0.1, String(mean));
  t.true(Math.abs(deviation - 2) < 0.1, String(deviation));
});

test('each span has one outage of the given length, at a moment of its own', (t) => {
  const faulty: Signal = { ...plain, faults: { outage: { every: hour, for: 60_000 } } };
  const silent = values(faulty, 1_000, 10 * 3_600).flatMap((value, i) => (value === null ? [i] : []));
  t.is(silent.length, 10 * 60);
  const begins = silent.filter((second, i) => i === 0 || silent[i - 1] !== second - 1).map((s) => s % 3_600);
  t.is(begins.length, 10);
  t.true(new Set(begins).size > 5);
  const first = start + silent[0]! * 1_000;
  t.is(outageAt(faulty, first)!.toMs - outageAt(faulty, first)!.fromMs, 60_000);
  t.is(outageAt(faulty, first - 1_000), null);
});

test('a stuck value holds still, and a spike is off by what was asked', (t) => {
  const stuck: Signal = { ...plain, noise: 1, faults: { stuck: { every: 100_000, for: 90_000 } } };
  const held = values(stuck, 1_000, 100);
  t.true(held.length - new Set(held).size >= 80);
  const spiky: Signal = { ...plain, faults: { spike: { every: 100_000, for: 1_000, by: 50 } } };
  const off = values(spiky, 1_000, 1_000).filter((value) => value !== 20);
  t.is(off.length, 10);
  t.deepEqual([...new Set(off)].sort(), [-30, 70]);
});

test('a signal has no memory: whatever was asked before, the same moment has the same value', (t) => {
  const signal: Signal = {
    curve: { curve: 'wander', mean: 0, amplitude: 10, period: hour },
    seed: 7,
    noise: 1,
    decimals: 3,
    faults: { outage: { every: hour, for: 60_000 }, spike: { every: 600_000, for: 2_000, by: 5 } },
  };
  const moment = fc.integer({ min: 0, max: 4e12 });
  fc.assert(
    fc.property(moment, moment, (a, b) => {
      const first = signalAt(signal, a);
      signalAt(signal, b);
      return Object.is(signalAt(signal, a), first);
    }),
  );
  t.notDeepEqual(values(signal, 1_000, 10), values({ ...signal, seed: 8 }, 1_000, 10));
});

test('whatever the numbers, a value is finite or missing', (t) => {
  const number = fc.double({ min: -1e15, max: 1e15, noNaN: true });
  const span = fc.integer({ min: 1_000, max: 1e10 });
  fc.assert(
    fc.property(
      number,
      number,
      span,
      fc.integer(),
      fc.integer({ min: -1e12, max: 1e13 }),
      (mean, amplitude, period, seed, at) => {
        for (const curve of ['sine', 'wander'] as const) {
          const amounts = { noise: Math.abs(amplitude), decimals: 9 };
          const value = signalAt(
            { ...plain, ...amounts, curve: { curve, mean, amplitude, period }, seed },
            at,
          );
          if (value === null || !Number.isFinite(value) || Object.is(value, -0)) return false;
        }
        return true;
      },
    ),
  );
  t.pass();
});
