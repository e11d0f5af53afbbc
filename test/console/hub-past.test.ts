/** What a page that is opened late is told of before. */
import test from 'ava';
import { createHub } from '../../src/console/hub.ts';
import { createPast } from '../../src/console/page/model/past.ts';
import { marksOf, turnsOf } from '../../src/console/page/weather/marks.ts';
import type { Problem } from '../../src/contract/errors.ts';
import type { LogEntry, Report } from '../../src/contract/report.ts';
import { actorStatus, entry, FakeControl, pipelineStatus } from '../helpers/fake-control.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

function setup() {
  const clock = createVirtualClock();
  const hub = createHub(clock);
  const control = new FakeControl('edge');
  hub.attach(control);
  return { clock, hub, control };
}

test('what failed before a pipeline was killed is still told to a new page after all that its next life says, with the death', async (t) => {
  const { clock, hub, control } = setup();
  const turn = (time: number, from: string, to: string, cause?: Problem) => {
    const report: Report = { type: 'transition', from, to, event: 'X', ...(cause && { cause }) };
    return entry('', { time, actor: 'uploader', report, level: cause ? 'warn' : 'info' });
  };
  const gone: Problem = { code: 'link-lost', message: 'the cloud is gone', advice: '' };
  const say = (to: FakeControl, ...lines: LogEntry[]) => {
    for (const watcher of to.watchers) for (const line of lines) watcher.entry(line);
  };
  say(
    control,
    turn(1_000, 'idle', 'waitingToRetry', gone),
    turn(2_000, 'waitingToRetry', 'connecting'),
    turn(3_000, 'connecting', 'idle'),
    turn(4_000, 'idle', 'sending'),
  );
  await clock.advance(10_000);
  control.over({ code: 'control-lost', message: 'killed', advice: '' });
  const lostMs = clock.now();
  await clock.advance(5_000);
  const next = new FakeControl('edge');
  hub.attach(next);
  for (let i = 0; i < 2_000; i += 1) {
    say(next, turn(clock.now(), 'idle', 'sending'));
    await clock.advance(20);
  }
  const told = hub.snapshot().flatMap((event) => (event.type === 'entries' ? event.entries : []));
  const turns = told.flatMap(({ report, time, actor }) =>
    report.type === 'transition' ? [[time, actor, report.to] as const] : [],
  );
  t.deepEqual(turns.slice(0, 5), [
    [1_000, 'uploader', 'waitingToRetry'],
    [2_000, 'uploader', 'connecting'],
    [3_000, 'uploader', 'idle'],
    [lostMs, 'process', 'lost'],
    [lostMs + 5_000, 'process', 'reached'],
  ]);
  t.true(told.length <= 505, `${told.length}`);
  const page = createPast();
  for (const event of hub.snapshot()) page.add(event);
  t.deepEqual(
    marksOf(turnsOf(page.view().items, null)).map(({ text }) => text),
    [
      'uploader: the cloud is gone',
      'uploader: well again after 2 s',
      'process: killed',
      'process: well again after 5 s',
    ],
  );
});

test('a new page is told what waited and flowed in the last half hour, and the minute before the console came', async (t) => {
  const { clock, hub, control } = setup();
  const startMs = 1_000_000;
  const waiting = { readings: 7, bytes: 70, bytesMax: null, oldestMs: null };
  const perSecond = Array.from({ length: 60 }, (_, i) => (i < 30 ? 0 : 2));
  const flow = { readings: 60, readingsPerSecond: 2, perSecond, waiting };
  const say = (nowMs: number) => {
    for (const watcher of control.watchers)
      watcher.status(pipelineStatus({ nowMs, actors: [actorStatus('uploader', flow)] }));
  };
  const figures = () => {
    const page = createPast();
    for (const event of hub.snapshot()) page.add(event);
    return page.view().figures;
  };
  say(startMs);
  await clock.advance(1_000);
  const first = figures();
  t.deepEqual(
    first.map(({ timeMs, backlogReadings, readingsPerSecond }) => [
      (timeMs - startMs) / 1_000,
      backlogReadings,
      readingsPerSecond,
    ]),
    [
      ...[-55, -50, -45, -40, -35, -30].map((seconds) => [seconds, null, 0]),
      [-25, null, 1],
      ...[-20, -15, -10, -5].map((seconds) => [seconds, null, 2]),
      [0, 7, 2],
    ],
  );
  for (let second = 1; second <= 3_600; second += 1) {
    say(startMs + second * 1_000);
    await clock.advance(1_000);
  }
  const all = figures();
  t.is(all.length, 360);
  t.deepEqual([all[0]!.timeMs, all.at(-1)!.timeMs], [startMs + 1_805_000, startMs + 3_600_000]);
});
