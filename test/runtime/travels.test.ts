import test from 'ava';
import type { SegmentReport } from '../../src/contract/report.ts';
import { Travels } from '../../src/runtime/travels.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const report = (what: SegmentReport['what'], segment: number, more: Partial<SegmentReport> = {}) =>
  ({ type: 'segment', what, segment, readings: 10, stream: 's', ...more }) as const;
const seqs = (segment: number) => ({ fromSeq: 10 * segment - 9, toSeq: 10 * segment });

test('it is known how often and when a segment was sent, and when its readings were acknowledged', async (t) => {
  const clock = createVirtualClock();
  const startMs = clock.now();
  const travels = new Travels(clock);
  travels.see(report('sealed', 1));
  t.deepEqual(travels.of('s', 1), { sent: null, acknowledgedMs: null });
  travels.see(report('sent', 1, seqs(1)));
  await clock.advance(1_000);
  travels.see(report('sent', 1, seqs(1)));
  const sent = { times: 2, firstMs: startMs, lastMs: startMs + 1_000 };
  t.deepEqual(travels.of('s', 1), { sent, acknowledgedMs: null });
  await clock.advance(1_000);
  travels.see(report('acknowledged', 1, seqs(1)));
  t.deepEqual(travels.ofAcknowledged('s', 10), { sent, acknowledgedMs: startMs + 2_000 });
  t.deepEqual(travels.ofAcknowledged('s', 11), { sent: null, acknowledgedMs: null });
  t.is(travels.of('s', 1).sent, null);
});

test('segments acknowledged together are known together, and memory is bounded', (t) => {
  const clock = createVirtualClock();
  const travels = new Travels(clock);
  for (let n = 1; n <= 20_000; n++) travels.see(report('sent', n, seqs(n)));
  t.is(travels.of('s', 1).sent, null);
  t.is(travels.of('s', 20_000).sent?.times, 1);
  travels.see(report('acknowledged', 20_000, { first: 1, fromSeq: 1, toSeq: 200_000 }));
  t.is(travels.ofAcknowledged('s', 77).acknowledgedMs, clock.now());
  for (let n = 20_001; n <= 40_000; n++) travels.see(report('acknowledged', n, seqs(n)));
  t.is(travels.ofAcknowledged('s', 77).acknowledgedMs, null);
  t.is(travels.ofAcknowledged('s', 400_000).acknowledgedMs, clock.now());
});

test('after a fork segments are numbered anew, and readings are not', (t) => {
  const travels = new Travels(createVirtualClock());
  travels.see(report('sent', 1, seqs(1)));
  travels.see(report('acknowledged', 1, seqs(1)));
  travels.see(report('sent', 2, seqs(2)));
  travels.forked();
  t.is(travels.of('s', 2).sent, null);
  t.not(travels.ofAcknowledged('s', 5).acknowledgedMs, null);
});

test('that a segment was sent is known also when it is told after the answer', (t) => {
  const clock = createVirtualClock();
  const travels = new Travels(clock);
  travels.see(report('acknowledged', 1, seqs(1)));
  travels.see(report('sent', 1, seqs(1)));
  t.is(travels.ofAcknowledged('s', 3).sent?.times, 1);
});
