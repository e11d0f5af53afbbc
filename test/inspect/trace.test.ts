import test from 'ava';
import { lost, start, startMs } from './traced.ts';

test('who begins to watch first gets what is alive, then what happens', async (t) => {
  const { clock, begin, watch } = start();
  const actor = begin();
  actor.send({ type: 'LOST' });
  const seen = watch();
  t.deepEqual(seen.frames, [], 'not before it has what ends it');
  await clock.advance(0);
  t.like(seen.frames[0], { type: 'actor', actor: 'tried', kind: 'tested', known: true, state: 'waiting' });
  t.deepEqual(seen.actors()[0]!.context, { cause: { ...lost }, attempt: 2, retryInMs: 1_500, turns: 0 });
  t.like(seen.actors()[0]!.timers[0], { event: 'xstate.after.retry.tested.waiting', delayMs: 1_500 });
  await clock.advance(2_000);
  t.deepEqual(
    seen.steps().map(({ from, to, source }) => [from, to, source]),
    [['waiting', 'dialling', 'tried']],
  );
  t.like(seen.steps()[0], {
    event: { type: 'xstate.after.retry.tested.waiting', name: 'after retry', payload: null },
    taken: ['waiting|xstate.after.retry.tested.waiting|0'],
    sent: [{ to: 'tried#link', event: 'DIAL' }],
    timers: [],
    timeMs: startMs + 1_500,
  });
  seen.end();
});

test('a life that begins while somebody watches is told at its beginning and at its end', async (t) => {
  const { clock, begin, watch } = start();
  const seen = watch();
  const actor = begin();
  await clock.advance(100);
  t.like(seen.frames[0], { type: 'actor', known: false, state: 'well.resting', parent: null });
  actor.send({ type: 'END' });
  await clock.advance(100);
  t.deepEqual(
    seen.frames.map(({ type }) => type),
    ['actor', 'step', 'end'],
  );
  t.like(seen.ends()[0], { how: 'stopped', cause: null });
  const late = watch();
  await clock.advance(100);
  t.deepEqual(late.frames, []);
});

test('the effect that sent an event is named, and what it carried', async (t) => {
  const { clock, link, begin, watch } = start();
  begin();
  const seen = watch();
  link.emit({ type: 'LOST', cause: lost } as never);
  await clock.advance(100);
  t.like(seen.steps()[0], { source: 'tried#link', from: 'well.resting', to: 'waiting', cause: { ...lost } });
  t.deepEqual(seen.steps()[0]!.event, { type: 'LOST', name: 'LOST', payload: { cause: { ...lost } } });
  t.deepEqual(seen.steps()[0]!.timers, [
    { event: 'xstate.after.retry.tested.waiting', startedMs: startMs, delayMs: 1_500 },
  ]);
});

test('what is wrong is told with the step that it went wrong in, not with those that lead out of it again', async (t) => {
  const { clock, link, begin, watch } = start();
  const actor = begin();
  const seen = watch();
  link.emit({ type: 'LOST', cause: lost } as never);
  for (const type of ['RETRY', 'CONNECTED', 'LOST', 'END']) actor.send({ type });
  await clock.advance(100);
  t.deepEqual(
    seen.steps().map(({ event, to, cause }) => [event.name, to, cause?.code]),
    [
      ['LOST', 'waiting', 'link-lost'],
      ['RETRY', 'dialling', undefined],
      ['CONNECTED', 'well.resting', undefined],
      ['LOST', 'waiting', 'link-lost'],
      ['END', 'stopped', undefined],
    ],
  );
});

test('a new cause is told in whichever state it leaves the actor, and again only when there is another', async (t) => {
  const { clock, begin, watch } = start();
  const actor = begin();
  const seen = watch();
  for (const type of ['NOTE', 'TURN', 'NOTE']) actor.send({ type });
  await clock.advance(100);
  t.deepEqual(
    seen.steps().map(({ event, cause }) => [event.name, cause?.code]),
    [
      ['NOTE', 'link-lost'],
      ['TURN', undefined],
      ['NOTE', 'link-lost'],
    ],
  );
});

test('guards that said no are told in the order in which they were asked', async (t) => {
  const { clock, begin, watch } = start();
  const actor = begin();
  const seen = watch();
  for (let i = 0; i < 3; i += 1) actor.send({ type: 'TURN' });
  actor.send({ type: 'LOST' });
  await clock.advance(100);
  const said = seen.steps().map(({ taken, refused }) => ({
    taken,
    refused: refused.map(({ transition, guard }) => `${transition} ${guard}`),
  }));
  const early = { taken: ['well|TURN|1'], refused: ['well.resting|TURN|0 guard', 'well|TURN|0 isThird'] };
  t.deepEqual(said, [
    early,
    early,
    {
      taken: ['well|TURN|0', 'passing||1'],
      refused: ['well.resting|TURN|0 guard', 'passing||0 never'],
    },
    { taken: ['|LOST|1'], refused: ['|LOST|0 never'] },
  ]);
});

test('an event that nobody wanted is a step to nowhere, with the guards that did not let it pass', async (t) => {
  const { clock, begin, watch } = start();
  const actor = begin();
  actor.send({ type: 'LOST' });
  const seen = watch();
  actor.send({ type: 'TURN' });
  actor.send({ type: 'UNHEARD' });
  await clock.advance(100);
  t.like(seen.steps()[0], {
    from: 'waiting',
    to: 'waiting',
    taken: [],
    refused: [{ transition: '|TURN|0', guard: 'never' }],
  });
  t.like(seen.steps()[1], { from: 'waiting', to: 'waiting', taken: [], refused: [] });
});

test('a context is told when it changes, and timers when one begins or ends', async (t) => {
  const { clock, begin, watch } = start();
  const actor = begin();
  const seen = watch();
  for (const type of ['TURN', 'UNHEARD', 'LOST', 'UNHEARD', 'RETRY']) actor.send({ type });
  await clock.advance(100);
  t.deepEqual(
    seen.steps().map((step) => ['context' in step, step.timers?.length]),
    [
      [true, undefined],
      [false, undefined],
      [true, 1],
      [false, undefined],
      [false, 0],
    ],
  );
});

test('an exception in a statechart is told with the event that brought it', async (t) => {
  const { clock, begin, watch } = start();
  const actor = begin();
  const seen = watch();
  actor.send({ type: 'BUG' });
  await clock.advance(100);
  t.like(seen.steps()[0], { event: { type: 'BUG' }, to: 'well.resting', cause: { code: 'internal' } });
  t.like(seen.ends()[0], { how: 'threw', cause: { code: 'internal' } });
});

test('an actor that gives up ends as failed, with why', async (t) => {
  const { clock, begin, watch } = start();
  const actor = begin();
  const seen = watch();
  actor.send({ type: 'GIVE_UP' });
  await clock.advance(100);
  t.like(seen.ends()[0], { how: 'failed', cause: { code: 'link-lost' } });
});

test('numbers rise over all actors, and two who watch see the same', async (t) => {
  const { clock, begin, watch } = start();
  const actor = begin();
  const [a, b] = [watch(), watch()];
  for (let i = 0; i < 20; i += 1) actor.send({ type: 'LOST' });
  await clock.advance(100);
  t.deepEqual(a.steps(), b.steps());
  const ids = b.frames.map(({ id }) => id);
  t.deepEqual(
    ids,
    ids.toSorted((x, y) => x - y),
  );
  t.is(new Set(ids).size, ids.length);
});

test('nothing is followed before anybody watches or after, and who comes back begins anew', async (t) => {
  const { clock, inspection, begin, watch } = start();
  const actor = begin();
  const first = watch();
  actor.send({ type: 'LOST' });
  await clock.advance(100);
  first.end();
  t.false(inspection.active);
  actor.send({ type: 'RETRY' });
  const second = watch();
  actor.send({ type: 'CONNECTED' });
  await clock.advance(100);
  t.is(first.steps().length, 1);
  t.like(second.actors()[0], { state: 'dialling', timers: [] });
  t.deepEqual(
    second.steps().map(({ from, to }) => [from, to]),
    [['dialling', 'well.resting']],
  );
});
