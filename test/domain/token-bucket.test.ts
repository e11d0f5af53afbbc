import test from 'ava';
import { TokenBucket } from '../../src/domain/token-bucket.ts';

test('a burst is free, what goes beyond is owed at the rate, and a pause is credited up to the burst', (t) => {
  const bucket = new TokenBucket({ perSecond: 100, burst: 50 }, 0);
  t.is(bucket.take(50, 0), 0);
  t.is(bucket.take(20, 0), 200);
  t.is(bucket.take(10, 100), 200);
  t.is(bucket.take(0, 300), 0);
  t.is(bucket.take(60, 1_000_000), 100);
});

test('a clock that stands still or goes back earns nothing', (t) => {
  const bucket = new TokenBucket({ perSecond: 100, burst: 10 }, 1_000);
  t.is(bucket.take(20, 500), 100);
  t.is(bucket.take(10, 1_000), 200);
});
