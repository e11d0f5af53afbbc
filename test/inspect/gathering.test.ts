import test from 'ava';
import type { InspectFrame, StepFrame } from '../../src/contract/inspect.ts';
import { bytesMax, framesMax, Gathering } from '../../src/inspect/gathering.ts';

let id = 0;
const base = (actor: string) => ({ id: ++id, timeMs: id, actor });
const begun = (actor: string, parent: string | null = null): InspectFrame => ({
  ...{ ...base(actor), type: 'actor', kind: 'uploader', parent, state: 'idle', value: 'idle', context: {} },
  ...{ timers: [], known: false },
});
const step = (actor: string, more: Partial<StepFrame> = {}): StepFrame => ({
  ...{ ...base(actor), type: 'step', source: null, from: 'idle', to: 'idle', value: 'idle' },
  ...{ event: { type: 'TICK', name: 'TICK', payload: null }, taken: [], refused: [], sent: [] },
  ...more,
});
const ended = (actor: string): InspectFrame => ({ ...base(actor), type: 'end', how: 'stopped', cause: null });
const flood = (gathering: Gathering, actor: string, count = framesMax) => {
  for (let i = 0; i < count; i += 1) gathering.add(step(actor), 300);
};

test('what fits is handed out as it came', (t) => {
  const gathering = new Gathering();
  const frames = [begun('a'), step('a'), step('a'), ended('a')];
  for (const frame of frames) gathering.add(frame, 300);
  t.deepEqual(gathering.take(), frames);
  t.true(gathering.isEmpty);
});

test('beyond the bounds the newest step of each actor stays as it was, and tells how many were left out', (t) => {
  const gathering = new Gathering();
  gathering.add(begun('a'), 300);
  flood(gathering, 'a', 250);
  flood(gathering, 'b', 249);
  const last = step('a', { from: 'sending', to: 'idle', taken: ['sending|DONE|0'] });
  gathering.add(last, 300);
  const frames = gathering.take();
  t.deepEqual(
    frames.map(({ type, actor }) => [type, actor]),
    [
      ['actor', 'a'],
      ['step', 'b'],
      ['step', 'a'],
    ],
  );
  t.like(frames[1], { skipped: 248 });
  t.deepEqual(frames[2], { ...last, skipped: 250 });
});

test('no step is uncounted, however often it is thinned out', (t) => {
  const gathering = new Gathering();
  flood(gathering, 'a', 12_345);
  const frames = gathering.take() as StepFrame[];
  t.is(
    frames.reduce((sum, { skipped = 0 }) => sum + 1 + skipped, 0),
    12_345,
  );
});

test('a step takes over the context and the timers of those left out before it', (t) => {
  const gathering = new Gathering();
  const timers = [{ event: 'xstate.after.retry.a', startedMs: 1, delayMs: 2 }];
  gathering.add(step('a', { context: { attempt: 1 }, timers }), 300);
  gathering.add(step('a', { context: { attempt: 2 } }), 300);
  flood(gathering, 'a', framesMax - 1);
  t.like(gathering.take()[0], { context: { attempt: 2 }, timers });
});

test('beginnings and ends of lives stay, also of one whose beginning was handed out before', (t) => {
  const gathering = new Gathering();
  gathering.add(ended('uploader'), 300);
  flood(gathering, 'uploader', 3);
  gathering.add(begun('uploader'), 300);
  flood(gathering, 'uploader', framesMax - 4);
  const types = gathering.take().map(({ type }) => type);
  t.deepEqual(types, ['end', 'step', 'actor', 'step']);
});

test('a whole life that came and went unseen is left out, when it was a session or another followed', (t) => {
  const gathering = new Gathering();
  for (const name of ['receiver/1', 'receiver/2']) {
    for (const frame of [begun(name, 'receiver'), step(name), ended(name)]) gathering.add(frame, 300);
  }
  gathering.add(begun('receiver/3', 'receiver'), 300);
  for (const frame of [begun('uploader'), step('uploader'), ended('uploader')]) gathering.add(frame, 300);
  for (const frame of [begun('uploader'), step('uploader'), ended('uploader')]) gathering.add(frame, 300);
  flood(gathering, 'a');
  const told = gathering.take().map(({ type, actor }) => `${type} ${actor}`);
  t.deepEqual(told.slice(0, 4), ['actor receiver/3', 'actor uploader', 'step uploader', 'end uploader']);
});

test('a step that others were handed too is not changed', (t) => {
  const gathering = new Gathering();
  const last = step('a');
  flood(gathering, 'a');
  gathering.add(last, 300);
  gathering.take();
  t.is(last.skipped, undefined);
});

test('it is bounded in bytes as well', (t) => {
  const gathering = new Gathering();
  for (let i = 0; i < 400; i += 1) gathering.add(step('a', { context: { i } }), 4_000);
  t.true(gathering.size.bytes <= bytesMax);
});

test('of samples the newest of each sensor stays', (t) => {
  const gathering = new Gathering();
  for (let value = 0; value <= framesMax; value += 1) {
    gathering.add(
      {
        ...{
          ...base('rotator'),
          type: 'sample',
          device: 'bAr',
          sensor: value % 2 ? 'pressure' : 'temperature',
        },
        ...{ unit: null, value, readingTimeMs: value, edge: null },
      },
      300,
    );
  }
  t.deepEqual(
    gathering.take().map((frame) => (frame as { value?: number }).value),
    [499, 500],
  );
});
