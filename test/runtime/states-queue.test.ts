/** What waits for the store while an edge tells of itself. */
import test from 'ava';
import type { Batch } from '../../src/contract/port.ts';
import { lineRate, StatesQueue, waitingMax } from '../../src/runtime/states-queue.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

/** A queue with as many lines as may wait, numbered from 1. */
async function fullQueue(more = 0) {
  const clock = createVirtualClock();
  const queue = new StatesQueue(clock);
  let last = 0;
  const push = async (count: number) => {
    for (let i = 0; i < count; i++) {
      await clock.advance(1_000 / lineRate.perSecond);
      queue.push(`${++last}\n`, clock.now());
    }
  };
  await push(waitingMax.lines + more);
  return { clock, queue, push };
}

const numbersIn = (batch: Batch | null) =>
  Buffer.from(batch!.lines).toString().trim().split('\n').map(Number);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test('what comes while a commit is slow is written next, or counted: nothing of it twice, nothing without a word', async (t) => {
  const { clock, queue, push } = await fullQueue();
  const first = queue.batch(false)!;
  queue.taken(first);
  // The commit is under way.
  await push(30);
  t.deepEqual(numbersIn(first), range(1, 500));
  await clock.advance(40_000);
  const second = queue.batch(false)!;
  queue.taken(second);
  t.deepEqual(numbersIn(second).at(-1), 530);
  t.is(second.count + (second.missed?.count ?? 0), 30);
  t.true(queue.isEmpty);
  t.is(queue.batch(false, true), null);
});

test('what is left out while the gap of what was left out before is written is told by the next one', async (t) => {
  const { clock, queue, push } = await fullQueue(5);
  await clock.advance(40_000);
  const first = queue.batch(false)!;
  t.is(first.missed?.count, 5);
  queue.taken(first);
  await push(10);
  const second = queue.batch(false, true)!;
  t.is(second.count + (second.missed?.count ?? 0), 10);
});
