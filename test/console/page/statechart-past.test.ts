import test from 'ava';
import { activeStates, nextSteps, timerProgress } from '../../../src/console/page/statechart/active.ts';
import {
  cycleText,
  frameBeside,
  historyOf,
  lineText,
  missingText,
  momentAt,
} from '../../../src/console/page/statechart/history.ts';
import type { StepFrame } from '../../../src/contract/inspect.ts';
import { knownChart } from '../../../src/inspect/drawing/known-charts.ts';
import { leastMs } from '../../helpers/least-ms.ts';
import { begun, step, stepItem } from './past-items.ts';

const way = (from: string, to: string, more: Partial<StepFrame> = {}) =>
  step({ from, to, value: to, ...more });

test('a state and all around it are active, those of parallel regions too', (t) => {
  t.deepEqual(activeStates('idle'), ['', 'idle']);
  t.deepEqual(activeStates({ serving: { link: 'open', disk: {} } }), [
    '',
    'serving',
    'serving.link',
    'serving.link.open',
    'serving.disk',
  ]);
});

test('what can happen next begins with what comes by itself, and tells which guard chooses', async (t) => {
  const { chart } = (await knownChart('uploader'))!;
  const event = 'xstate.after.retry.uploader.waitingToRetry';
  const timers = [{ event, startedMs: 1_000, delayMs: 4_000 }];
  const steps = nextSteps(chart, activeStates('waitingToRetry'), timers);
  t.is(steps[0]!.label, 'after retry');
  t.deepEqual(steps[0]!.timer, timers[0]);
  t.true(steps.some(({ label, ways }) => label === 'STOP' && ways[0]!.target === 'stopping'));
  const idle = nextSteps(chart, activeStates('greeting'), []);
  const greeted = idle.find(({ label }) => label === 'GREETED')!;
  t.is(greeted.ways[0]!.guard, 'hasBacklog');
  t.true(greeted.ways.length > 1);
});

test('a countdown tells its share and what is left, and stays at its end', (t) => {
  const timer = { event: 'x', startedMs: 1_000, delayMs: 4_000 };
  t.deepEqual(timerProgress(timer, 2_000), { share: 0.25, leftMs: 3_000 });
  t.deepEqual(timerProgress(timer, 9_000), { share: 1, leftMs: 0 });
  t.deepEqual(timerProgress(timer, 500), { share: 0, leftMs: 4_000 });
});

test('a history is newest first, and equal steps in a row are one line with a count', (t) => {
  const items = [begun(), way('idle', 'sending'), way('sending', 'sending'), way('sending', 'sending')].map(
    stepItem,
  );
  const lines = historyOf(items);
  t.deepEqual(
    lines.map(({ count, items }) => [count, items.length]),
    [
      [2, 2],
      [1, 1],
      [1, 1],
    ],
  );
  t.deepEqual(lineText(lines[2]!.items[0]!), { event: 'began', way: 'idle', sort: 'began' });
});

test('a cycle that comes again and again is one line, which names its states', (t) => {
  const turns = Array.from({ length: 500 }, () => [
    way('sending', 'awaitingAck'),
    way('awaitingAck', 'sending'),
  ]).flat();
  const lines = historyOf([way('idle', 'sending'), ...turns, way('sending', 'idle')].map(stepItem));
  t.deepEqual(
    lines.map(({ count }) => count),
    [1, 500, 1],
  );
  t.is(cycleText(lines[1]!.cycle), 'sending ⇄ awaitingAck');
});

test('steps with another cause or other guards that said no are not equal', (t) => {
  const lost = { code: 'link-lost', message: 'gone', advice: '' } as const;
  const refused = [{ transition: 'a|X|0', guard: 'hasBacklog' }];
  const items = [way('a', 'a'), way('a', 'a', { cause: lost }), way('a', 'a', { refused })].map(stepItem);
  t.is(historyOf(items).length, 3);
});

test('a moment shows the actor before and after its step, with the context and timers known then', (t) => {
  const timers = [{ event: 'xstate.after.retry.x', startedMs: 5, delayMs: 9 }];
  const items = [
    begun({ context: { tries: 0 } }),
    way('idle', 'sending', { context: { tries: 1 }, timers }),
    way('sending', 'waiting'),
    way('waiting', 'idle', { context: { tries: 2 }, timers: [] }),
  ].map(stepItem);
  const moment = momentAt(items, items[2]!.frame.id)!;
  t.is(moment.before?.state, 'sending');
  t.is(moment.after?.state, 'waiting');
  t.deepEqual(moment.after?.context, { tries: 1 });
  t.deepEqual(moment.after?.timers, timers);
  t.is(momentAt(items, 99_999_999), null);
  t.is(frameBeside(items, items[2]!.frame.id, 1), items[3]!.frame.id);
  t.is(frameBeside(items, items[3]!.frame.id, 1), null);
});

test('a moment that a recording does not have is not told as one that is to come', (t) => {
  const items = [step(), step()].map(stepItem);
  const [before, after] = [items[0]!.frame.id - 1, items[1]!.frame.id + 1];
  t.regex(missingText(items, before, true), /^This moment is not in this recording\./);
  t.regex(missingText(items, after, true), /^This moment had not come yet\./);
  t.regex(missingText([], after, true), /had not come yet/);
  t.regex(missingText(items, before, false), /is not kept here any more/);
});

test('a history of a thousand steps is read in a few milliseconds', async (t) => {
  const items = Array.from({ length: 1_250 }, (_, i) => way(`s${i % 7}`, `s${(i + 1) % 7}`)).map(stepItem);
  t.true((await leastMs(20, () => historyOf(items))) < 100);
});
