import test from 'ava';
import { FogrunError } from '../../src/contract/errors.ts';
import type { EdgeSummary } from '../../src/contract/fleet.ts';
import type { InspectFrame, StepFrame } from '../../src/contract/inspect.ts';
import type { Weather } from '../../src/contract/weather.ts';
import { controlVersion } from '../../src/runtime/ipc-control.ts';
import { by, startControl } from '../helpers/fake-control.ts';
import { inspecting } from './inspect-fixtures.ts';
import { closed, frame, rawConnection } from './ipc-fixtures.ts';

const step = (id: number, more: Partial<StepFrame> = {}): StepFrame => ({
  ...{
    type: 'step',
    id,
    timeMs: id,
    actor: 'uploader',
    source: 'uploader#link',
    from: 'idle',
    to: 'sending',
  },
  ...{ value: 'sending', event: { type: 'BACKLOG', name: 'BACKLOG', payload: { waiting: 3 } } },
  ...{ taken: ['idle|BACKLOG|0'], refused: [], sent: [] },
  ...more,
});
const begun: InspectFrame = {
  ...{ type: 'actor', id: 1, timeMs: 1, actor: 'uploader', kind: 'uploader', parent: null, state: 'a.b' },
  ...{ value: { a: 'b' }, context: { attempt: 0 }, known: true },
  timers: [{ event: 'xstate.after.retry.uploader.waitingToRetry', startedMs: 1, delayMs: 2 }],
};
const ended: InspectFrame = { type: 'end', id: 3, timeMs: 3, actor: 'uploader', how: 'stopped', cause: null };
const sample: InspectFrame = {
  ...{ type: 'sample', id: 4, timeMs: 4, actor: 'rotator', device: 'bAr', sensor: 'pressure', unit: null },
  ...{ value: 1_013, readingTimeMs: 4, edge: null },
};

/** Somebody who inspects through a socket, until it is known on the other side. */
async function remotely(t: Parameters<typeof startControl>[0]) {
  const { control, connect, ...more } = await startControl(t);
  const remote = await connect();
  const seen = inspecting((watcher) => remote.inspect(watcher));
  await remote.status();
  return { control, remote, seen, watcher: [...control.inspectors][0]!, ...more };
}

test('frames arrive through a socket as they were', async (t) => {
  const { control, remote, seen, watcher } = await remotely(t);
  const frames = [begun, step(2, { skipped: 4, timers: [], context: { x: 1 } }), ended, sample];
  watcher.frames(frames);
  await remote.status();
  t.deepEqual(seen.frames, frames);
  seen.end();
  await remote.status();
  t.is(control.inspectors.size, 0);
});

test('many frames at a time arrive whole and in order', async (t) => {
  const { remote, seen, watcher } = await remotely(t);
  const frames = Array.from({ length: 1_000 }, (_, i) => step(i, { context: { text: '測定'.repeat(100) } }));
  watcher.frames(frames);
  await remote.status();
  t.deepEqual(seen.frames, frames);
});

test('what is no frame that can be shown is left out', async (t) => {
  const { remote, seen, watcher } = await remotely(t);
  const deep = JSON.parse(`${'{"a":'.repeat(5_000)}"b"${'}'.repeat(5_000)}`);
  const wrong = [
    ...[null, 7, [], { type: 'step' }, { ...step(1), taken: [3] }, { ...step(1), event: 'x' }],
    ...[
      { ...begun, value: [1] },
      { ...begun, value: deep },
      { ...ended, actor: 7 },
      { ...begun, type: 'newer' },
    ],
    ...[
      { ...begun, type: '__proto__' },
      { ...sample, value: '1' },
    ],
  ];
  watcher.frames([...wrong, step(5)] as InspectFrame[]);
  watcher.frames('nothing' as never);
  await remote.status();
  t.deepEqual(seen.frames, [step(5)]);
});

test('the end of a pipeline, and of a connection, is told to who inspects, once', async (t) => {
  const { remote, seen, watcher, server, control } = await remotely(t);
  const other = inspecting((one) => remote.inspect(one));
  await remote.status();
  watcher.over(null);
  await remote.status();
  t.deepEqual(seen.overs, [null]);
  await server.close();
  await remote.gone;
  t.is(seen.overs.length, 1);
  t.like(other.overs, [{ code: 'control-lost' }]);
  t.is(control.inspectors.size, 1, 'only the one that the fake was told to end');
});

test('one that throws is dropped, on both sides', async (t) => {
  const { control, connect } = await startControl(t);
  const remote = await connect();
  let told = 0;
  remote.inspect({
    frames: () => {
      told += 1;
      throw new Error('broken');
    },
    over: () => t.fail(),
  });
  await remote.status();
  for (const { frames } of control.inspectors) frames([begun]);
  await remote.status();
  await remote.status();
  t.is(told, 1);
  t.is(control.inspectors.size, 0);
});

test('an older pipeline is told apart, once, and goes on answering', async (t) => {
  const { control, connect } = await startControl(t);
  const unknown = (name: string) => () => {
    throw new FogrunError('control-refused', `this pipeline cannot be asked \`${name}\``);
  };
  control.inspect = unknown('inspect');
  control.weather = unknown('weather');
  control.fleet.edges = unknown('edges');
  const remote = await connect();
  const seen = inspecting((watcher) => remote.inspect(watcher));
  await remote.status();
  t.is(seen.overs.length, 1);
  t.like(seen.overs[0], { code: 'control-version' });
  t.regex(seen.overs[0]!.message, /pipeline edge .* is of an older fogrun/);
  await t.throwsAsync(remote.weather(0), { code: 'control-version' } as object);
  await t.throwsAsync(remote.fleet.edges(), { code: 'control-version' } as object);
  t.deepEqual(await remote.act('uploader', 'pause', by), { from: 'idle', to: 'paused' });
});

test('to one that does not read nothing more is handed at the source', async (t) => {
  const { socketPath, control, connect } = await startControl(t);
  const friend = await connect();
  const socket = await rawConnection(t, socketPath);
  socket.pause();
  socket.write(
    frame('hello', { control: controlVersion, agent: 'x', pid: 1 }) +
      frame('message', { id: 1, ask: 'inspect' }),
  );
  while (control.inspectors.size < 1) await new Promise(setImmediate);
  const [deaf] = control.inspectors;
  t.false(deaf!.isBehind!());
  const frames = Array.from({ length: 500 }, (_, i) => step(i));
  let handed = 0;
  while (!deaf!.isBehind!()) {
    deaf!.frames(frames);
    handed += 1;
    await friend.status();
  }
  t.true(handed < 100, `${handed}`);
  t.is(control.inspectors.size, 1);
  socket.resume();
  while (deaf!.isBehind!()) await friend.status();
  socket.destroy();
  await closed(socket);
  while (control.inspectors.size > 0) await friend.status();
  t.pass();
});

const edge = (i: number): EdgeSummary => ({
  ...{ edge: `hut-${i}`, epoch: 'ab', session: null, sessionState: null, connectedMs: 1, lastWordMs: null },
  ...{
    agent: 'fogrun/0.1.0',
    clockOffsetMs: -3,
    certificateUntilMs: null,
    readings: 7,
    lost: { discarded: 3 },
  },
  backlog: { readings: 1, bytes: 2, oldestMs: null, atMs: 4 },
  actors: [{ actor: 'uploader', state: 'idle', health: 'well', sinceMs: 1, cause: null }],
});

test('edges, their past and the weather arrive through a socket, however many they are', async (t) => {
  const { control, connect } = await startControl(t);
  control.summaries = Array.from({ length: 3_000 }, (_, i) => edge(i));
  control.transitions = Array.from({ length: 500 }, (_, i) => ({
    ...{ seq: i, epoch: 'ab', timeMs: i, actor: 'uploader', from: 'idle', to: 'sending', event: 'BACKLOG' },
    ...{ health: 'well' as const, cause: null, attempt: null, retryInMs: 3, storedMs: i },
  }));
  const weather: Weather = {
    series: Array.from({ length: 20 }, (_, i) => ({
      ...{ edge: `hut-${i}`, sensor: 'pressure', unit: 'hPa' },
      means: Array.from({ length: 2_000 }, (_, j) => ({ timeMs: j, mean: 1_013.25, readings: 900 })),
    })),
    gaps: [{ edge: 'hut-1', fromMs: 1, toMs: 2, reason: 'no-space', count: null }],
    forecasts: [],
  };
  control.known = weather;
  const remote = await connect();
  const [edges, history, known, again] = await Promise.all([
    remote.fleet.edges(),
    remote.fleet.history('hut-1'),
    remote.weather(0),
    remote.fleet.edges(),
  ]);
  t.deepEqual(edges, control.summaries);
  t.deepEqual(again, control.summaries);
  t.deepEqual(history, { edge: 'hut-1', transitions: control.transitions, before: null });
  t.deepEqual(known, weather);
  const one = await remote.weather(5, 'hut-1');
  t.deepEqual(control.calls.at(-1), ['weather', 5, 'hut-1']);
  t.true(one.series.length > 0);
  for (const { edge } of [...one.series, ...one.gaps]) t.is(edge, 'hut-1', 'also of one that tells of all');
});

test('what changed in a fleet is told through a socket; an older pipeline tells all of it', async (t) => {
  const { control, connect } = await startControl(t);
  control.summaries = Array.from({ length: 300 }, (_, i) => edge(i));
  control.heardMs = { 'hut-7': 5_000 };
  const remote = await connect();
  const first = await remote.fleet.changes();
  t.deepEqual(first, { mark: 'one.1', whole: true, edges: control.summaries, heardMs: {} });
  const next = await remote.fleet.changes('one.1');
  t.deepEqual(next, { mark: 'one.1', whole: false, edges: [], heardMs: { 'hut-7': 5_000 } });
  t.deepEqual(
    control.calls.filter(([what]) => what === 'changes'),
    [
      ['changes', ''],
      ['changes', 'one.1'],
    ],
  );
  control.fleet.changes = (async () => control.summaries) as never;
  const old = await remote.fleet.changes('one.1');
  t.deepEqual(old, { mark: null, whole: true, edges: control.summaries, heardMs: {} });
  for (const odd of [
    {},
    null,
    { ...next, heardMs: { x: 'now' } },
    { ...next, edges: [7] },
    { ...next, mark: 1 },
  ]) {
    control.fleet.changes = (async () => odd) as never;
    await t.throwsAsync(remote.fleet.changes('one.1'), { code: 'control-lost' } as object);
  }
});

test('what is asked of the past is handed on, within bounds', async (t) => {
  const { control, connect } = await startControl(t);
  const asked: unknown[] = [];
  control.fleet.history = async (edge, options) => {
    asked.push([edge, options]);
    return { edge, transitions: [], before: 'x' };
  };
  const remote = await connect();
  t.like(await remote.fleet.history('hut', { before: 'y', countMax: 5_000 }), { before: 'x' });
  await remote.fleet.history('hut');
  t.deepEqual(asked, [
    ['hut', { before: 'y', countMax: 1_000 }],
    ['hut', {}],
  ]);
  await t.throwsAsync(remote.weather(Number.NaN), { code: 'control-refused' } as object);
});

test('an answer that makes no sense is none', async (t) => {
  const { control, connect } = await startControl(t);
  const remote = await connect();
  control.summaries = [{ ...edge(1), actors: [{}] }] as never;
  await t.throwsAsync(remote.fleet.edges(), { code: 'control-lost' } as object);
  control.known = { series: 'x' } as never;
  await t.throwsAsync(remote.weather(0), { code: 'control-lost' } as object);
  control.transitions = [1] as never;
  await t.throwsAsync(remote.fleet.history('hut'), { code: 'control-lost' } as object);
});
