import test from 'ava';
import { oneAtATime } from '../../src/cli/hang-up.ts';

test('what is asked for again while it is done is done once more, however often that was', async (t) => {
  const ends: PromiseWithResolvers<void>[] = [];
  const ask = oneAtATime(() => {
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return end.promise;
  });
  const flush = () => new Promise(setImmediate);
  ask();
  for (let i = 0; i < 5; i++) ask();
  await flush();
  t.is(ends.length, 1);
  ends[0]!.reject(new Error('told elsewhere'));
  await flush();
  t.is(ends.length, 2);
  ends[1]!.resolve();
  await flush();
  t.is(ends.length, 2);
  ask();
  t.is(ends.length, 3);
});
