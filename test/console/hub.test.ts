import test from 'ava';
import { createHub } from '../../src/console/hub.ts';
import { keepPast } from '../../src/console/kept.ts';
import { thin } from '../../src/console/thin.ts';
import type { ConsoleEvent, FramesEvent } from '../../src/console/wire.ts';
import type { ActorFrame, InspectFrame, SampleFrame, StepFrame } from '../../src/contract/inspect.ts';
import { entry, FakeControl, pipelineStatus } from '../helpers/fake-control.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const step = (id: number, actor = 'uploader', over: Partial<StepFrame> = {}): StepFrame => ({
  ...{ type: 'step', id, timeMs: id, actor, source: null, from: `s${id - 1}`, to: `s${id}`, value: `s${id}` },
  event: { type: 'GO', name: 'GO', payload: null },
  ...{ taken: [], refused: [], sent: [] },
  ...over,
});
const alive = (id: number, actor = 'uploader'): ActorFrame => ({
  ...{
    type: 'actor',
    id,
    timeMs: id,
    actor,
    kind: actor,
    parent: null,
    state: 's',
    value: 's',
    context: { id },
  },
  ...{ timers: [], known: false },
});
const end = (id: number, actor = 'uploader'): InspectFrame => ({
  ...{ type: 'end', id, timeMs: id, actor, how: 'stopped', cause: null },
});
const sample = (id: number, sensor: string): SampleFrame => ({
  ...{ type: 'sample', id, timeMs: id, actor: 'rotator', device: 'd', sensor, unit: null, value: id },
  ...{ readingTimeMs: id, edge: null },
});

function setup() {
  const clock = createVirtualClock();
  const hub = createHub(clock);
  const control = new FakeControl('edge');
  const heard: ConsoleEvent[] = [];
  hub.subscribe((event) => heard.push(event));
  hub.attach(control);
  const frames = (...all: InspectFrame[]) => {
    for (const watcher of control.inspectors) watcher.frames(all);
  };
  return { clock, hub, control, heard, frames };
}

test('of too many frames the last step of each actor stays, and tells what those before it changed', (t) => {
  const timers = [{ event: 'x', startedMs: 1, delayMs: 2 }];
  const fewer = thin(
    [
      step(1, 'a', { context: { n: 1 } }),
      sample(2, 'p'),
      step(3, 'a', { timers }),
      step(4, 'b', { skipped: 5 }),
      step(5, 'a', { context: { n: 5 } }),
      sample(6, 'p'),
      sample(7, 't'),
      step(8, 'b'),
      step(9, 'a'),
    ],
    4,
  );
  t.deepEqual(
    fewer.map(({ id }) => id),
    [6, 7, 8, 9],
  );
  t.is((fewer[2] as StepFrame).skipped, 6);
  const last = fewer[3] as StepFrame;
  t.is(last.skipped, 3);
  t.deepEqual(last.context, { n: 5 });
  t.deepEqual(last.timers, timers);
});

test('beginnings and ends of actors are never left out, nor the last step of each life', (t) => {
  const fewer = thin([alive(1), step(2), step(3), end(4), alive(5), step(6), step(7)], 1);
  t.deepEqual(
    fewer.map(({ id }) => id),
    [1, 3, 4, 5, 7],
  );
});

test('5,000 steps a second cost a page a bounded amount, and it knows where each actor is', async (t) => {
  const { clock, heard, frames } = setup();
  const actors = Array.from({ length: 200 }, (_, i) => `actor-${i}`);
  let id = 0;
  for (let tick = 0; tick < 50; tick += 1) {
    frames(
      ...Array.from({ length: 500 }, () => {
        id += 1;
        return step(id, actors[id % 200]!);
      }),
    );
    await clock.advance(100);
  }
  await clock.advance(200);
  const told = heard.flatMap((event) => (event.type === 'frames' ? event.frames : [])) as StepFrame[];
  t.true(told.length <= 51 * 250, `${told.length}`);
  t.is(
    told.reduce((sum, { skipped = 0 }) => sum + 1 + skipped, 0),
    25_000,
  );
  for (const actor of actors) {
    const own = told.filter((frame) => frame.actor === actor);
    t.is(own.at(-1)!.id % 200, Number(actor.slice(6)));
    t.true(own.at(-1)!.id > 24_800);
  }
});

test('a busy actor does not push out what a quiet one did', async (t) => {
  const { clock, hub, frames } = setup();
  frames(alive(1, 'quiet'), alive(2, 'busy'), step(3, 'quiet'));
  await clock.advance(200);
  for (let id = 4; id < 5_004; id += 1) {
    frames(step(id, 'busy'));
    if (id % 100 === 0) await clock.advance(100);
  }
  await clock.advance(1_000);
  const past = hub.snapshot().flatMap((event) => (event.type === 'frames' ? event.frames : []));
  t.deepEqual(
    past.filter(({ actor }) => actor === 'quiet').map(({ id }) => id),
    [1, 3],
  );
  t.true(past.filter(({ actor }) => actor === 'busy').length <= 201);
  t.is(past.findLast(({ actor }) => actor === 'busy')!.id, 5_003);
});

test('what no longer fits becomes a picture of how it was, so that the past begins right', (t) => {
  const kept = keepPast('edge', {
    ...{ perActor: 2, perSensor: 2, entries: 3, framesBytes: 10_000, entriesBytes: 10_000, lanes: 3 },
  });
  const add = (id: number, ...frames: InspectFrame[]) => {
    const event: FramesEvent = { type: 'frames', id, timeMs: id, pipeline: 'edge', frames };
    kept.addFrames(
      event,
      frames.map(() => 100),
    );
  };
  const timers = [{ event: 'x', startedMs: 1, delayMs: 2 }];
  add(1, alive(1), step(2, 'uploader', { context: { n: 2 }, timers }));
  t.deepEqual(kept.pictures(), []);
  add(2, step(3), step(4));
  t.deepEqual(kept.pictures(), [
    { ...alive(1), known: true, id: 2, timeMs: 2, state: 's2', value: 's2', context: { n: 2 }, timers },
  ]);
  t.deepEqual(
    kept.past().map(({ id }) => id),
    [2],
  );
  add(3, end(5), alive(6));
  t.deepEqual(
    kept.pictures().map(({ state }) => state),
    ['s4'],
  );
  kept.begin(new Set(['other']));
  t.deepEqual(kept.past(), [], 'an actor that went while nobody looked is not shown as alive');
});

test('what is kept stays within its bytes, and the largest give way first', (t) => {
  const kept = keepPast('edge', {
    ...{ perActor: 1_000, perSensor: 10, entries: 10, framesBytes: 10_000, entriesBytes: 1_000, lanes: 100 },
  });
  const add = (id: number, actor: string) => {
    const event: FramesEvent = {
      type: 'frames',
      id,
      timeMs: id,
      pipeline: 'edge',
      frames: [step(id, actor)],
    };
    kept.addFrames(event, [100]);
  };
  add(1, 'quiet');
  for (let id = 2; id < 2_000; id += 1) add(id, id % 3 === 0 ? 'busy' : 'busier');
  t.true(kept.bytes <= 10_000);
  const ids = kept.past().map(({ id }) => id);
  t.is(ids[0], 1);
  t.is(ids.at(-1), 1_999);
  for (let i = 0; i < 100; i += 1)
    kept.addEntries({ type: 'entries', id: i, timeMs: 1, entries: [entry('x')] }, 50);
  t.true(kept.bytes <= 11_000);
});

test('statuses come at most twice a second, the newest of them in the end', async (t) => {
  const { clock, control, heard } = setup();
  for (let nowMs = 1; nowMs <= 100; nowMs += 1) {
    for (const watcher of control.watchers) watcher.status(pipelineStatus({ nowMs }));
    await clock.advance(20);
  }
  await clock.advance(1_000);
  const statuses = heard.flatMap((event) => (event.type === 'status' ? [event.status.nowMs] : []));
  t.true(statuses.length <= 6, String(statuses.length));
  t.is(statuses[0], 1);
  t.is(statuses.at(-1), 100);
});

test('a pipeline that is lost is told with its cause, after what it said last; attached again it is shown so', async (t) => {
  const { clock, hub, control, heard, frames } = setup();
  frames(step(1));
  control.over({ code: 'control-lost', message: 'gone', advice: '' });
  t.is(hub.control('edge'), undefined);
  const types = heard.map((event) => (event.type === 'pipeline' ? `attached ${event.attached}` : event.type));
  t.deepEqual(types, ['attached true', 'frames', 'entries', 'attached false']);
  t.is((heard.at(-1) as { cause?: { message: string } }).cause?.message, 'gone');
  const next = new FakeControl('edge');
  let found: unknown;
  hub.subscribe((event) => {
    if (event.type === 'pipeline' && event.attached) found = hub.control('edge');
  });
  hub.attach(next);
  t.is(found, next, 'whoever hears of it can ask it at once');
  await clock.advance(200);
});

test('a flood of lines of the log is counted where it is left out', async (t) => {
  const { clock, control, heard } = setup();
  for (const watcher of control.watchers)
    for (let i = 0; i < 1_000; i += 1) watcher.entry(entry(`line ${i}`));
  await clock.advance(200);
  const lines = heard.flatMap((event) => (event.type === 'entries' ? event.entries : []));
  t.is(lines.length, 201);
  t.deepEqual(lines[0]!.report, {
    type: 'note',
    text: '800 lines of the log are left out here: they came too fast',
  });
  t.deepEqual(lines.at(-1)!.report, { type: 'note', text: 'line 999' });
});

test('an actor that a reload brought is among those of its pipeline', async (t) => {
  const { control, hub } = setup();
  for (const watcher of control.watchers) watcher.status(pipelineStatus());
  const said = hub.snapshot().flatMap((event) => (event.type === 'pipeline' ? [event] : []))[0]!;
  t.deepEqual(
    said.actors.map(({ name }) => name),
    ['rotator', 'uploader'],
  );
});

test('actors that rest for days are still known after thousands of sessions came and went', async (t) => {
  const { clock, hub, frames } = setup();
  frames(alive(1, 'receiver'));
  for (let i = 0; i < 5_000; i += 1) {
    const session = `receiver/10.0.0.1:${i}`;
    frames(alive(2 * i + 2, session), end(2 * i + 3, session));
    if (i % 100 === 0) await clock.advance(100);
  }
  await clock.advance(200);
  const told = hub.snapshot().flatMap((event) => (event.type === 'frames' ? event.frames : []));
  t.true(told.some(({ type, actor }) => type === 'actor' && actor === 'receiver'));
  t.true(new Set(told.map(({ actor }) => actor)).size <= 2_000);
});

test('what gathers is handed on before a hub closes, and before another takes the place of a pipeline', async (t) => {
  const { clock, hub, control, heard, frames } = setup();
  frames(step(1));
  const next = new FakeControl('edge');
  hub.attach(next);
  for (const watcher of next.inspectors) watcher.frames([step(1)]);
  for (const watcher of next.watchers) watcher.entry(entry('the last one'));
  hub.close();
  t.is(control.inspectors.size + next.inspectors.size, 0);
  const types = heard.map((event) => (event.type === 'pipeline' ? `attached ${event.attached}` : event.type));
  t.deepEqual(types, ['attached true', 'frames', 'attached false', 'attached true', 'entries', 'frames']);
  await clock.advance(1_000);
  t.is(heard.length, 6);
});

test('numbers of frames go on where those of an earlier life ended: each names one moment', async (t) => {
  const { clock, hub, control, heard, frames } = setup();
  frames(alive(1), step(2), step(3));
  control.over(null);
  const next = new FakeControl('edge');
  hub.attach(next);
  for (const watcher of next.inspectors) watcher.frames([alive(1), step(2)]);
  await clock.advance(200);
  const told = heard.flatMap((event) => (event.type === 'frames' ? event.frames : []));
  t.deepEqual(
    told.map(({ id }) => id),
    [1, 2, 3, 4, 5],
  );
});
