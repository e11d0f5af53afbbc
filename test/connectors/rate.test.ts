import test from 'ava';
import { dial, reading } from './fixtures.ts';
import { ndjson, post, run as runHttp } from './http-fixtures.ts';
import { run, someTurns } from './tcp-fixtures.ts';

const rate = { bytes: '64KiB', burst: '64KiB' };
const block = (from: number, bytes: number) => {
  const count = Math.ceil(bytes / reading(from).length);
  return { text: Array.from({ length: count }, (_, i) => reading(from + i)).join(''), count };
};

test('a device that floods a tcp-source is read at its rate, another one does not notice, and nothing is dropped', async (t) => {
  const source = await run(t, { rate });
  const flood = block(0, 512 * 1024);
  const flooding = dial(t, source.port);
  flooding.end(flood.text);
  while (source.clock.pending === 0) await source.clock.flush();
  await someTurns(source.clock);
  const before = source.store.count();
  t.true(before < flood.count, 'held back');
  const other = dial(t, source.port);
  other.end(reading(9));
  await other.until(() => other.seen.ended);
  t.is(source.store.count(), before + 1);
  let seconds = 0;
  for (; source.store.count() < flood.count + 1; seconds++) {
    t.true(seconds < 30);
    await source.clock.advance(1_000);
    await someTurns(source.clock);
  }
  t.true(seconds >= 4, `512 KiB at 64 KiB a second took ${seconds} s`);
  await flooding.until(() => flooding.seen.ended);
});

test('without `rate` a tcp-source holds nobody back', async (t) => {
  const source = await run(t);
  const flood = block(0, 512 * 1024);
  const flooding = dial(t, source.port);
  flooding.end(flood.text);
  await flooding.until(() => flooding.seen.ended);
  t.is(source.store.count(), flood.count);
});

test('a large request to an http-source is read at its rate, and answered as any other', async (t) => {
  const source = await runHttp(t, { rate, 'request-timeout': '1m' });
  const large = block(0, 256 * 1024);
  let isAnswered = false;
  const answer = post(source.port, large.text, ndjson).then((reply) => {
    isAnswered = true;
    return reply;
  });
  while (source.clock.pending === 0) await source.clock.flush();
  const other = await post(source.port, reading(9), ndjson);
  t.is(other.status, 200, 'another connection is not held back');
  t.false(isAnswered);
  let seconds = 0;
  for (; !isAnswered; seconds++) {
    t.true(seconds < 30);
    await source.clock.advance(1_000);
    await someTurns(source.clock);
  }
  t.is((await answer).status, 200);
  t.true(seconds >= 2, `256 KiB at 64 KiB a second took ${seconds} s`);
  t.is(source.store.count(), large.count + 1);
});
