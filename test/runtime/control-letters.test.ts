import test from 'ava';
import type { LetterInfo } from '../../src/contract/control.ts';
import { FogrunError } from '../../src/contract/errors.ts';
import type { EdgeStore } from '../../src/contract/store.ts';
import { FakeControl, startControl } from '../helpers/fake-control.ts';
import { by, linkKind } from './control-fixtures.ts';
import { actorPlan, fakeStore, planOf, startPipeline, storePlan } from './pipeline-fixtures.ts';

const letter = (id: number): LetterInfo => ({
  ...{ id, reason: 'refused', text: 'no', stream: 'readings', epoch: 'ab', sequence: 3 },
  ...{ fromSeq: 21, toSeq: 30, count: 10, bytes: 100, refusals: 5, sinceMs: 1, atMs: 2, settled: true },
});

async function start(letters: object) {
  const { store } = fakeStore();
  Object.assign(store, { letters });
  const plan = planOf([actorPlan('up', { ...linkKind(), name: 'uploader' })], storePlan);
  return startPipeline(plan, {}, { store: store as EdgeStore });
}

test('whoever requeues or discards dead letters is in the audit log, whatever came of it', async (t) => {
  const requeue = async () => ({ letters: 2, readings: 30 });
  const discard = async () => {
    throw new FogrunError('letter-unknown', 'there is no dead letter 9: there are none');
  };
  const { pipeline, clock, audited } = await start({ requeue, discard });
  t.deepEqual(await clock.until(pipeline.control.letters.requeue([1, 2], by)), { letters: 2, readings: 30 });
  await t.throwsAsync(pipeline.control.letters.discard([9], by), { code: 'letter-unknown' });
  const [done, refused] = audited;
  t.like(done, {
    action: 'requeue',
    target: 'tested dead letters 1, 2',
    outcome: 'done',
    detail: '2 dead letters, 30 readings',
  });
  t.like(refused, { action: 'discard', target: 'tested dead letters 9', outcome: 'letter-unknown' });
});

test('a pipeline that is ending gives no dead letters away', async (t) => {
  const { pipeline, clock } = await start({ list: () => [] });
  t.deepEqual(await pipeline.control.letters.list(), []);
  await clock.until(pipeline.control.stop(by));
  await t.throwsAsync(pipeline.control.letters.list(), { code: 'control-refused' });
});

test('over the control socket they are listed, read, requeued and discarded as in the process itself', async (t) => {
  const control = new FakeControl();
  // More than one page and more than one slice.
  control.dead = Array.from({ length: 2_500 }, (_, i) => letter(i + 1));
  control.bodies.set('letter 7', Buffer.alloc(100_000, 'x'));
  const { connect } = await startControl(t, { control });
  const remote = await connect();
  t.deepEqual(await remote.letters.list(), control.dead);
  t.is((await remote.letters.body(7)).length, 100_000);
  await t.throwsAsync(remote.letters.body(8), { code: 'letter-unknown' });
  const ids = control.dead.map(({ id }) => id);
  t.deepEqual(await remote.letters.requeue(ids, by), { letters: 2_500, readings: 30 });
  t.deepEqual(await remote.letters.discard([4], by), { letters: 1, readings: 10 });
  t.deepEqual(
    control.calls.filter(([what]) => what === 'requeue').flatMap(([, some]) => some),
    ids,
  );
});
