import test from 'ava';
import type { Mean } from '../../src/contract/store.ts';
import { MeansCache } from '../../src/store/means-cache.ts';

const mean = (timeMs: number, value = timeMs): Mean => ({ timeMs, mean: value, readings: 1 });

/** A cache over a list that stands for the store, and how often that was read. */
function cached(stored: Mean[]) {
  const cache = new MeansCache();
  let reads = 0;
  return {
    stored,
    get reads() {
      return reads;
    },
    read: (sinceMs: number, edge = 'e1') =>
      cache
        .read(edge, 'pressure', sinceMs, () => {
          reads += 1;
          return stored.filter(({ timeMs }) => timeMs >= sinceMs).toSorted((a, b) => a.timeMs - b.timeMs);
        })
        .map(({ timeMs }) => timeMs),
    add(one: Mean) {
      stored.push(one);
      cache.add('e1', 'pressure', one);
    },
  };
}

test('means are read from the store once, then followed as they come', (t) => {
  const store = cached([mean(1), mean(2), mean(3)]);
  t.deepEqual(store.read(1), [1, 2, 3]);
  store.add(mean(4));
  t.deepEqual(store.read(2), [2, 3, 4]);
  store.add(mean(5));
  t.deepEqual(store.read(4), [4, 5]);
  t.is(store.reads, 1);
});

test('whoever asks for an earlier time, or for what came out of order, gets what the store has', (t) => {
  const store = cached([mean(5), mean(9)]);
  t.deepEqual(store.read(6), [9]);
  t.deepEqual(store.read(1), [5, 9]);
  store.add(mean(7));
  t.deepEqual(store.read(1), [5, 7, 9]);
  t.is(store.reads, 3);
});

test('sensors beyond a bound are read anew, those asked for last are kept', (t) => {
  const store = cached([mean(1)]);
  store.read(0);
  for (let edge = 0; edge < 63; edge++) store.read(0, `other-${edge}`);
  store.read(0);
  const before = store.reads;
  store.read(0, 'one more');
  t.deepEqual(store.read(0), [1]);
  t.is(store.reads, before + 1);
});

test('means that nobody asks for are let go after two days', (t) => {
  const day = 86_400_000;
  const store = cached([mean(1)]);
  store.read(0);
  for (let n = 1; n <= 5; n++) store.add(mean(n * day));
  t.deepEqual(store.read(3 * day), [3 * day, 4 * day, 5 * day]);
  t.is(store.reads, 1);
  t.deepEqual(store.read(0), [1, day, 2 * day, 3 * day, 4 * day, 5 * day]);
  t.is(store.reads, 2, 'the cache has only what it may keep');
});
