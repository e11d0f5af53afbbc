import test from 'ava';
import type { Discarded } from '../../src/contract/control.ts';
import type { EdgeStore } from '../../src/contract/store.ts';
import { failure } from '../helpers/statechart.ts';
import { by, linkKind } from './control-fixtures.ts';
import { actorPlan, fakeStore, planOf, startPipeline, storePlan } from './pipeline-fixtures.ts';

const freed: Discarded = { segments: 2, readings: 30, bytes: 900 };
const seqs = { from: 41, to: 70 };
const range = { stream: 'readings', from: 3, to: 4, seqs };

/** A pipeline whose store gives up segments as it is told. */
async function start(discard: (uploader: string) => Promise<Discarded>) {
  const { store } = fakeStore();
  const asked: unknown[][] = [];
  let state = () => '';
  Object.assign(store, {
    discard: (...args: unknown[]) => {
      asked.push(args);
      return discard(state());
    },
  });
  const kind = { ...linkKind(), name: 'uploader' };
  const plan = planOf([actorPlan('up', kind)], storePlan);
  const { pipeline, clock, audited } = await startPipeline(plan, {}, { store: store as EdgeStore });
  const up = pipeline.actors.get('up')!;
  state = up.state;
  return {
    pipeline,
    clock,
    audited,
    up,
    asked,
    discard: () => clock.until(pipeline.control.discard(range, by, 'too hot')),
  };
}

test('while segments are given up the uploader is paused, and goes on afterwards', async (t) => {
  const states: string[] = [];
  const { clock, audited, up, asked, discard } = await start(async (state) => {
    states.push(state);
    return freed;
  });
  t.deepEqual(await discard(), freed);
  t.deepEqual(states, ['paused']);
  t.deepEqual(asked, [['readings', 3, 4, 'too hot', seqs]]);
  t.is(up.state(), 'dialling');
  t.like(audited[0], {
    action: 'discard',
    target: 'tested readings 3 to 4',
    outcome: 'done',
    detail: '2 segments, 30 readings, 900 bytes',
  });
  await clock.advance(1_000);
  t.is(up.state(), 'idle');
});

test('an uploader that somebody has paused, or that has failed, stays so', async (t) => {
  for (const [type, state] of [
    ['PAUSE', 'paused'],
    ['GIVE_UP', 'failed'],
  ] as const) {
    const { clock, up, discard } = await start(async () => freed);
    up.send({ type });
    await discard();
    await clock.advance(10_000);
    t.is(up.state(), state);
  }
});

test('a store that refuses is heard, and the uploader goes on all the same', async (t) => {
  const { clock, audited, up, discard } = await start(async () => {
    throw failure('control-unknown', 'segment 4 is not held');
  });
  await t.throwsAsync(discard(), { code: 'control-unknown', message: 'segment 4 is not held' });
  t.is(audited[0]!.outcome, 'control-unknown');
  await clock.advance(1_000);
  t.is(up.state(), 'idle');
});

test('what is still open stands behind what was sealed, and is not there while it is empty', async (t) => {
  const { store } = fakeStore();
  let count = 4;
  const sealed = { stream: 'readings', sequence: 1, type: 'readings', fromSeq: 1, count: 9 };
  Object.assign(store, {
    streams: () => ['readings'],
    held: () => [sealed],
    openSegment: () => ({ sequence: 2, fromSeq: 10, count, bytes: 80, sinceMs: 7 }),
  });
  const { pipeline } = await startPipeline(
    planOf([actorPlan('up', linkKind())], storePlan),
    {},
    { store: store as EdgeStore },
  );
  const listed = await pipeline.control.segments();
  t.is(listed.length, 2);
  t.like(listed[1], { sequence: 2, fromSeq: 10, count: 4, bytes: 80, sealedAtMs: 7, open: true });
  count = 0;
  t.is((await pipeline.control.segments()).length, 1);
});
