import test from 'ava';
import { BodyCache } from '../../src/store/body-cache.ts';

const hash = new Uint8Array(32);
const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

function write(cache: BodyCache, stream: string, what: string, seq = 1): Uint8Array {
  const bytes = Buffer.from(what);
  cache.room(stream, bytes.length, seq).set(bytes);
  return cache.add(stream, bytes.length);
}

test('what was written piece by piece is handed out whole, once', (t) => {
  const cache = new BodyCache(1_000);
  t.is(text(write(cache, 's', 'ab')), 'ab');
  t.is(text(write(cache, 's', 'c'.repeat(5_000))), 'c'.repeat(5_000));
  const bytes = 5_002;
  cache.seal('s', 1, { hash, bytes, fromSeq: 1 });
  t.is(cache.take('s', 1), undefined, 'longer than the cache');
  write(cache, 's', 'ab');
  write(cache, 's', 'cd');
  cache.seal('s', 2, { hash, bytes: 4, fromSeq: 1 });
  t.is(text(cache.take('s', 2)?.body), 'abcd');
  t.is(cache.take('s', 2), undefined);
});

test('what is not here whole is not handed out', (t) => {
  const cache = new BodyCache(1_000);
  write(cache, 's', 'the end of a segment begun by an earlier run');
  cache.seal('s', 1, { hash, bytes: 100, fromSeq: 1 });
  t.is(cache.take('s', 1), undefined);
  write(cache, 's', 'as long', 8);
  cache.seal('s', 2, { hash, bytes: 7, fromSeq: 1 });
  t.is(cache.take('s', 2), undefined, 'of the same length by chance');
});

test('what is taken back is not part of the segment', (t) => {
  const cache = new BodyCache(1_000);
  write(cache, 's', 'ab');
  const used = cache.used('s');
  write(cache, 's', 'XY');
  cache.cut('s', used);
  write(cache, 's', 'c');
  cache.seal('s', 1, { hash, bytes: 3, fromSeq: 1 });
  t.is(text(cache.take('s', 1)?.body), 'abc');
});

test('the oldest go when there are more bytes than it may hold; streams are apart', (t) => {
  const cache = new BodyCache(10);
  for (const [stream, sequence] of [
    ['a', 1],
    ['b', 1],
    ['a', 2],
  ] as const) {
    write(cache, stream, `${stream}${sequence}..`);
    cache.seal(stream, sequence, { hash, bytes: 4, fromSeq: 1 });
  }
  t.is(cache.take('a', 1), undefined);
  t.is(text(cache.take('b', 1)?.body), 'b1..');
  t.is(text(cache.take('a', 2)?.body), 'a2..');
  write(cache, 'a', 'a3..');
  cache.clear();
  cache.seal('a', 3, { hash, bytes: 4, fromSeq: 1 });
  t.is(cache.take('a', 3), undefined);
});
