import test from 'ava';
import { builtInKinds } from '../../machines/index.ts';
import type { InspectFrame, StepFrame } from '../../src/contract/inspect.ts';
import { definitionText, StatelyTranslator } from '../../src/inspect/stately.ts';

const timeMs = 1_000;
const uploader: InspectFrame = {
  ...{ type: 'actor', id: 1, timeMs, actor: 'uploader', kind: 'uploader', parent: null, state: 'connecting' },
  ...{ value: 'connecting', context: { attempt: 0 }, timers: [], known: true },
};
const step = (over: Partial<StepFrame> = {}): StepFrame => ({
  ...{ type: 'step', id: 2, timeMs, actor: 'uploader', source: 'uploader#link', from: 'connecting' },
  ...{ to: 'greeting', value: 'greeting', taken: [], refused: [], sent: [] },
  event: { type: 'CONNECTED', name: 'CONNECTED', payload: { remote: '127.0.0.1:7070' } },
  ...over,
});
const translator = () =>
  new StatelyTranslator('edge', (kind) => (kind === 'uploader' ? '{"id":"uploader"}' : null));

test('a live actor is introduced with its statechart and the state it is in', (t) => {
  t.deepEqual(translator().translate(uploader), [
    {
      type: '@xstate.actor',
      name: 'uploader',
      sessionId: 'edge/uploader',
      rootId: 'edge/uploader',
      parentId: undefined,
      createdAt: '1000',
      id: null,
      _version: '0.7.2',
      definition: '{"id":"uploader"}',
      snapshot: {
        ...{ status: 'active', value: 'connecting', context: { attempt: 0 }, children: {} },
        ...{ historyValue: {}, tags: [] },
      },
    },
  ]);
});

test('a step is the event with its source, then the snapshot; an effect that speaks first is introduced before', (t) => {
  const stately = translator();
  stately.translate(uploader);
  const first = stately.translate(step());
  t.deepEqual(
    first.map(({ type, sessionId }) => [type, sessionId]),
    [
      ['@xstate.actor', 'edge/uploader#link'],
      ['@xstate.event', 'edge/uploader'],
      ['@xstate.snapshot', 'edge/uploader'],
    ],
  );
  const event = first[1] as { event: unknown; sourceId: unknown };
  t.deepEqual(event.event, { remote: '127.0.0.1:7070', type: 'CONNECTED' });
  t.is(event.sourceId, 'edge/uploader#link');
  t.is(stately.translate(step()).length, 2);
});

test('a context that did not change is said again all the same', (t) => {
  const stately = translator();
  stately.translate(uploader);
  const contextAfter = (frame: StepFrame) =>
    (stately.translate(frame).at(-1) as { snapshot: { context: unknown } }).snapshot.context;
  t.deepEqual(contextAfter(step()), { attempt: 0 });
  t.deepEqual(contextAfter(step({ context: { attempt: 2 } })), { attempt: 2 });
  t.deepEqual(contextAfter(step()), { attempt: 2 });
});

test('what an event carries cannot take the place of its type', (t) => {
  const frame = step({ event: { type: 'LOST', name: 'LOST', payload: { type: 'other', list: [1] } } });
  const told = translator().translate(frame).at(-2) as { event: unknown };
  t.deepEqual(told.event, { type: 'LOST', list: [1] });
  const bare = step({ event: { type: 'LOST', name: 'LOST', payload: 'why' } });
  t.deepEqual((translator().translate(bare).at(-2) as { event: unknown }).event, {
    payload: 'why',
    type: 'LOST',
  });
});

test('an actor that belongs to another has it for parent and root, and ends with its last snapshot', (t) => {
  const stately = translator();
  const session: InspectFrame = {
    ...uploader,
    actor: 'receiver/[::1]:9',
    kind: 'cloud-session',
    parent: 'receiver',
  };
  const [actor] = stately.translate(session) as unknown as [
    { rootId: string; parentId: string; definition: string },
  ];
  t.is(actor.rootId, 'edge/receiver');
  t.is(actor.parentId, 'edge/receiver');
  t.is(actor.definition, '{"id":"cloud-session"}');
  const cause = { code: 'link-lost', message: 'gone', advice: 'wait' } as const;
  const end: InspectFrame = { type: 'end', id: 9, timeMs, actor: 'receiver/[::1]:9', how: 'threw', cause };
  const [last] = stately.translate(end) as unknown as [
    { snapshot: { status: string; value: unknown; error: unknown } },
  ];
  t.is(last.snapshot.status, 'error');
  t.is(last.snapshot.value, 'connecting');
  t.deepEqual(last.snapshot.error, cause);
});

test('readings are not for Stately', (t) => {
  const sample: InspectFrame = {
    ...{ type: 'sample', id: 1, timeMs, actor: 'rotator', device: 'b', sensor: 'p', unit: null, value: 1 },
    ...{ readingTimeMs: 1, edge: null },
  };
  t.deepEqual(translator().translate(sample), []);
});

test('the statechart of every kind can be said as JSON, with its states and without its functions', (t) => {
  const anyEffects = new Proxy({}, { get: () => () => {} });
  for (const kind of builtInKinds) {
    const text = definitionText(kind.statechart(anyEffects as never).config);
    const { id, states } = JSON.parse(text) as { id: string; states: object };
    t.is(id, kind.name);
    t.true(Object.keys(states).length > 1, kind.name);
  }
  const loop: Record<string, unknown> = { id: 'x', run: () => {}, big: 1n, twice: [{ a: 1 }] };
  loop.self = loop;
  t.deepEqual(JSON.parse(definitionText(loop)), { id: 'x', twice: [{ a: 1 }] });
});
