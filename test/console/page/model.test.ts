import test from 'ava';
import { createModel } from '../../../src/console/page/model/model.ts';
import { createPast, liveLimits } from '../../../src/console/page/model/past.ts';
import { createRecording, momentBeside, readRecording } from '../../../src/console/page/model/replay.ts';
import { emptyWorld, fold } from '../../../src/console/page/model/world.ts';
import { flowOf } from '../../../src/console/page/overview/flows.ts';
import type { ConsoleEvent, HelloEvent } from '../../../src/console/wire.ts';
import type { StepFrame } from '../../../src/contract/inspect.ts';
import { actorStatus, pipelineStatus } from '../../helpers/fake-control.ts';

type Draft<E = ConsoleEvent> = E extends ConsoleEvent ? Omit<E, 'id' | 'timeMs'> : never;

const hello = (life: string): HelloEvent => ({
  ...{ type: 'hello', version: '0.1.0', life, nowMs: 2_000, mode: 'live', key: 'k' },
});
const attached: Draft = { type: 'pipeline', pipeline: 'edge', attached: true, cause: null, actors: [] };
const step = (id: number, from: string, to: string, over: Partial<StepFrame> = {}): StepFrame => ({
  ...{
    type: 'step',
    id,
    timeMs: id * 1_000,
    actor: 'uploader',
    source: 'uploader#link',
    from,
    to,
    value: to,
  },
  ...{ event: { type: 'LOST', name: 'LOST', payload: null }, taken: [], refused: [], sent: [] },
  ...over,
});
const frames = (...all: StepFrame[]): Draft => ({ type: 'frames', pipeline: 'edge', frames: all });
const status = (over = {}): Draft => ({ type: 'status', status: pipelineStatus(over) });

/** Event n comes at second n. */
function numbered(drafts: readonly Draft[], from = 1): ConsoleEvent[] {
  return drafts.map((draft, i) => ({ ...draft, id: from + i, timeMs: (from + i) * 1_000 }) as ConsoleEvent);
}

function live(drafts: readonly Draft[] = [attached, status()]) {
  const feed = createModel(0);
  feed.hello(hello('one'));
  feed.connect({ state: 'live', retryAtMs: null, reason: null });
  feed.tick(0);
  feed.take(numbered(drafts));
  return feed;
}

test('a frame moves its actor ahead of the status, and leaves the others as they are', (t) => {
  const [first, second, third] = numbered([attached, status(), frames(step(1, 'sending', 'waitingToRetry'))]);
  const before = fold(fold(emptyWorld, first!), second!);
  const after = fold(before, third!);
  const [edge, old] = [after.pipelines.get('edge')!, before.pipelines.get('edge')!];
  t.is(edge.actors.get('uploader')!.live!.state, 'waitingToRetry');
  t.is(edge.actors.get('uploader')!.live!.sinceMs, 1_000);
  t.is(edge.actors.get('rotator'), old.actors.get('rotator'));
  t.is(old.actors.get('uploader')!.live, null);
});

test('what flows along a wire is a mean over ten seconds, as on the cards beside it', (t) => {
  const wire = { from: 'rotator', to: 'uploader', type: 'batches', items: 0, bytes: 0, blocked: false };
  // Two statuses a second; now and then a reading is a little late.
  const statuses = Array.from({ length: 60 }, (_, i) => {
    const total = Math.floor((i * 500 - (i % 3) * 300) / 1_000);
    const counts = { bytesMax: 1_024, itemsTotal: total, readingsTotal: total };
    return status({ nowMs: i * 500, wires: [{ ...wire, ...counts }] });
  });
  let world = emptyWorld;
  const rates: (number | null)[] = [];
  for (const event of numbered([attached, ...statuses])) {
    world = fold(world, event);
    const edge = world.pipelines.get('edge')!;
    if (!edge.status?.wires?.[0]) continue;
    rates.push(flowOf(edge.status.wires[0], edge.status, edge.earlier[0] ?? null).perSecond);
  }
  for (const rate of rates.slice(25)) t.true(rate! >= 0.9 && rate! <= 1.1, `${rate}`);
});

test('countdowns of an actor stay until a frame says otherwise', (t) => {
  const timers = [{ event: 'xstate.after.retry.uploader.waitingToRetry', startedMs: 1_000, delayMs: 4_000 }];
  const feed = live([
    attached,
    status(),
    frames(step(1, 'sending', 'waitingToRetry', { timers })),
    frames(step(2, 'waitingToRetry', 'waitingToRetry')),
  ]);
  const actor = feed.model.pipeline('edge')!.actor('uploader')!;
  t.deepEqual(actor.known.value.live!.timers, timers);
  t.is(actor.known.value.live!.sinceMs, 1_000);
  feed.take(numbered([frames(step(3, 'waitingToRetry', 'connecting', { timers: [] }))], 5));
  t.deepEqual(actor.known.value.live!.timers, []);
});

test('only signals of what an event is about change', (t) => {
  const feed = live();
  const edge = feed.model.pipeline('edge')!;
  const [rotator, uploader] = [edge.actor('rotator')!, edge.actor('uploader')!];
  const heard: string[] = [];
  rotator.known.subscribe(() => heard.push('rotator'));
  uploader.known.subscribe(() => heard.push('uploader'));
  feed.take(numbered([frames(step(1, 'idle', 'sending'))], 3));
  t.deepEqual(heard, ['rotator', 'uploader', 'uploader']);
});

test('sessions come and go with the status', (t) => {
  const session = actorStatus('receiver/127.0.0.1:4');
  const feed = live([attached, status({ actors: [actorStatus('receiver'), session] })]);
  const names = () => feed.model.pipeline('edge')!.actors.value.map(({ name }) => name);
  t.deepEqual(names(), ['receiver', 'receiver/127.0.0.1:4']);
  feed.take(numbered([status({ actors: [actorStatus('receiver')] })], 3));
  t.deepEqual(names(), ['receiver']);
});

test('while the console is not heard, the shown time stands still and everything is old', (t) => {
  const feed = live();
  const edge = feed.model.pipeline('edge')!;
  t.is(edge.stale.value, null);
  feed.tick(1_000);
  const asOf = feed.model.nowMs.value;
  feed.connect({ state: 'lost', retryAtMs: 52_000, reason: 'nobody answers' });
  feed.tick(25_000);
  t.is(feed.model.nowMs.value, asOf);
  t.is(feed.model.clockMs.value - asOf, 24_000);
  t.is(edge.stale.value!.why, 'console');
  feed.connect({ state: 'live', retryAtMs: null, reason: null });
  feed.tick(25_100);
  feed.take(numbered([status()], 75));
  t.is(edge.stale.value, null);
});

test('a pipeline that the console cannot reach is old, with the cause; one that ended in order has ended', (t) => {
  const feed = live();
  const edge = feed.model.pipeline('edge')!;
  const cause = { code: 'control-lost', message: 'the connection ended', advice: '' } as const;
  feed.take(numbered([{ ...attached, attached: false, cause } as Draft], 3));
  t.deepEqual(edge.stale.value, { asOfMs: 2_000, why: 'pipeline', cause });
  t.is(edge.nowMs.value, 2_000);
  feed.take(numbered([{ ...attached, attached: false, cause: null } as Draft], 4));
  t.is(edge.stale.value!.why, 'ended');
});

test('what statecharts did before a pipeline was lost is not shown as what they do once it is back', (t) => {
  const feed = live([attached, status(), frames(step(1, 'idle', 'sending'))]);
  const uploader = feed.model.pipeline('edge')!.actor('uploader')!;
  t.is(uploader.known.value.live!.state, 'sending');
  feed.take(numbered([{ ...attached, attached: false, cause: null } as Draft], 4));
  t.is(uploader.known.value.live!.state, 'sending');
  feed.take(numbered([attached], 5));
  t.is(uploader.known.value.live, null);
});

test('a pipeline that is reached and says nothing for long is not shown as live', (t) => {
  const feed = live();
  feed.take(numbered([status()], 3));
  const edge = feed.model.pipeline('edge')!;
  feed.tick(5_000);
  t.is(edge.stale.value, null);
  feed.tick(8_000);
  t.is(edge.stale.value!.why, 'silent');
});

test('another life of the console forgets everything', (t) => {
  const feed = live([attached, status(), frames(step(1, 'idle', 'sending'))]);
  t.is(feed.model.past.value.items.length, 1);
  feed.hello(hello('one'));
  t.is(feed.model.pipelines.value.length, 1);
  feed.hello(hello('two'));
  t.deepEqual(feed.model.pipelines.value, []);
  t.deepEqual(feed.model.past.value.items, []);
});

test('the past of a live page is bounded, and a quiet actor keeps its own', (t) => {
  const past = createPast({ ...liveLimits, itemsMax: 100, actorItemsMax: 50 });
  const [quiet] = numbered([frames(step(1, 'a', 'b', { actor: 'acks' }))]);
  past.add(quiet!);
  for (const event of numbered(
    Array.from({ length: 1_000 }, (_, i) => frames(step(i, 'a', 'b'))),
    2,
  ))
    past.add(event);
  t.true(past.view().items.length <= 125);
  t.true(past.view().ofActor('edge', 'uploader').length <= 63);
  t.is(past.view().ofActor('edge', 'acks').length, 1);
});

test('many busy actors share a bound, so that a page can stay open for a day', (t) => {
  const past = createPast(liveLimits);
  const names = Array.from({ length: 200 }, (_, i) => `actor-${i}`);
  for (const event of numbered(
    Array.from({ length: 1_000 }, (_, i) => frames(...names.map((actor) => step(i, 'a', 'b', { actor })))),
  ))
    past.add(event);
  const view = past.view();
  const kept = names.map((actor) => view.ofActor('edge', actor).length);
  t.true(kept.reduce((sum, each) => sum + each) <= 1.25 * liveLimits.actorsItemsMax);
  t.true(Math.min(...kept) >= 250, 'each has its share');
});

test('a recording shows the same world at a moment, whichever way it is reached', (t) => {
  const states = ['idle', 'sending', 'awaitingAck'];
  const drafts = Array.from({ length: 1_000 }, (_, i) =>
    frames(step(i, states[i % 3]!, states[(i + 1) % 3]!)),
  );
  const header = { recording: 1, version: '0.1.0', startedMs: 0 } as const;
  const recording = createRecording(header, numbered([attached, status(), ...drafts]));
  const stateAt = (timeMs: number) => {
    const { world, past } = recording.at(timeMs);
    return [world.pipelines.get('edge')!.actors.get('uploader')!.live?.state, past.items.length];
  };
  const forward = [500_000, 500_500, 900_000, 1_002_000].map(stateAt);
  const back = [1_002_000, 900_000, 500_500, 500_000].map(stateAt).reverse();
  t.deepEqual(forward, back);
  t.deepEqual(forward[0], ['idle', 498]);
  t.is(momentBeside(recording, 500_000, 1)!.timeMs, 501_000);
  t.is(momentBeside(recording, 500_000, -1)!.timeMs, 499_000);
  t.is(momentBeside(recording, 2_000_000, 1), null);
});

test('a recording during which the clock was put back goes on where it was, and ends with all of it', (t) => {
  const header = { recording: 1, version: '0.1.0', startedMs: 0 } as const;
  const events = numbered([attached, status(), frames(step(1, 'idle', 'sending'))]).concat(
    numbered([frames(step(2, 'sending', 'waitingToRetry')), status()], 1),
  );
  const recording = createRecording(header, events);
  t.is(recording.toMs, 3_000);
  t.is(recording.at(2_900).past.items.length, 0);
  t.is(recording.at(3_000).past.items.length, 2);
});

test('a recording has the figures of each status, and so never an older backlog than it shows elsewhere', (t) => {
  const header = { recording: 1, version: '0.1.0', startedMs: 0 } as const;
  const every = [0, 500, 1_000, 1_500].map((nowMs) => status({ nowMs }));
  const events = numbered([attached, ...every]);
  t.is(createRecording(header, events).at(5_000).past.figures.length, 4);
  t.is(live([attached, ...every]).model.past.value.figures.length, 1);
});

test('a recording that was cut off, or holds lines that are no events, is read as far as it goes', async (t) => {
  const lines = [{ recording: 1, version: '0.1.0', startedMs: 0 }, ...numbered([attached, status()])];
  const text = `${lines.map((line) => JSON.stringify(line)).join('\n')}\nnonsense\n{"type":"sta`;
  async function* pieces() {
    for (let i = 0; i < text.length; i += 100) yield text.slice(i, i + 100);
  }
  const recording = await readRecording(pieces());
  t.is(recording.at(10_000).world.pipelines.get('edge')!.status!.pipeline, 'edge');
  await t.throwsAsync(readRecording((async function* () {})()), {
    message: 'this is no recording of fogrun',
  });
});
