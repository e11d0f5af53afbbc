import test from 'ava';
import type { Report } from '../../src/contract/report.ts';
import { runPipeline } from '../../src/runtime/pipeline.ts';
import { failure, problem } from '../helpers/statechart.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import {
  actorPlan,
  fakeKind,
  fakeStore,
  planOf,
  startPipeline,
  storeFails,
  storePlan,
  untilAborted,
} from './pipeline-fixtures.ts';

const source = (slow = false) => fakeKind({ emits: 'readings', slow });
const sink = (slow = false) => fakeKind({ accepts: 'readings', slow });

test('a store that fails ends the pipeline within a second, even when it never closes', async (t) => {
  for (const close of [async () => {}, () => new Promise<void>(() => {})]) {
    const { store, tell } = fakeStore(close);
    const plan = planOf(
      [actorPlan('source', source(true), 'sink'), actorPlan('sink', sink(true))],
      storePlan,
    );
    const { pipeline, clock, lines } = await startPipeline(plan, {}, { store });
    tell(storeFails);
    t.like(await clock.until(pipeline.ended), { code: 'store-failed', message: 'no disk' });
    t.true(clock.monotonic() <= 1_000, `${clock.monotonic()} ms`);
    t.like(
      lines.find(({ report }) => report.type === 'transition' && report.to === 'failed'),
      {
        actor: 'store',
        report: { from: 'open', event: 'store-failed', cause: { message: 'no disk' } },
      },
    );
    t.is(clock.pending, 0);
  }
});

test('a store that cannot be closed is told, and decides how the pipeline ended', async (t) => {
  const { store } = fakeStore(async () => {
    throw failure('store-failed', 'the last commit failed');
  });
  const { pipeline, clock, lines } = await startPipeline(planOf([], storePlan), {}, { store });
  await clock.until(pipeline.drain(1_000));
  t.like(await pipeline.ended, { code: 'store-failed', message: 'the last commit failed' });
  t.like(lines.at(-1), { actor: 'store', report: { type: 'problem', code: 'store-failed' } });
});

test('what fails during the drain is not forgotten', async (t) => {
  const { store, tell } = fakeStore();
  const plan = planOf([actorPlan('source', source(true))], storePlan);
  const { pipeline, clock } = await startPipeline(plan, {}, { store });
  const drained = pipeline.drain(2_000);
  tell(storeFails);
  await clock.until(drained);
  t.like(await pipeline.ended, { code: 'store-failed' });
});

test('a store that fails while the actors start still ends all of them', async (t) => {
  const { store, tell } = fakeStore();
  const running = new Set<string>();
  const hold = (name: string) => () => async (io: { signal: AbortSignal }) => {
    running.add(name);
    await untilAborted(io.signal);
    running.delete(name);
  };
  const plan = planOf([actorPlan('one', fakeKind()), actorPlan('two', fakeKind())], storePlan);
  const two = () => {
    tell(storeFails);
    return hold('two')();
  };
  const { pipeline, clock } = await startPipeline(plan, { one: hold('one'), two }, { store });
  t.like(await clock.until(pipeline.ended), { code: 'store-failed' });
  t.deepEqual([...running], []);
});

test('a store tells its state, its recovery and its forks', async (t) => {
  const { store, tell } = fakeStore();
  const recovered = problem('store-corrupt', 'moved aside');
  const plan = planOf([actorPlan('up', { ...fakeKind(), name: 'uploader' })], storePlan);
  const { pipeline, lines, opened } = await startPipeline(
    plan,
    {},
    { store, recovered: { type: 'problem', ...recovered } },
  );
  tell({ type: 'state', from: 'open', to: 'full', cause: problem('store-full', 'no room') });
  tell({ type: 'state', from: 'full', to: 'open' });
  tell({ type: 'forked', fromEpoch: 'aa', toEpoch: 'bb' });
  t.deepEqual(opened, [{ edge: '', cursor: 'up', consumers: [] }]);
  t.like(
    lines.filter(({ actor }) => actor === 'store').map(({ report }) => report),
    [
      { type: 'problem', code: 'store-corrupt' },
      { from: 'off', to: 'open', event: 'start' },
      { from: 'open', to: 'full', event: 'store-full', cause: { code: 'store-full' } },
      { from: 'full', to: 'open', event: 'ROOM' },
      { type: 'note', text: 'new epoch bb after aa' },
    ],
  );
  await pipeline.drain(1_000);
});

test('a store that does not open starts nothing', async (t) => {
  const run = runPipeline({
    plan: planOf([actorPlan('one', fakeKind())], storePlan),
    clock: createVirtualClock(),
    log: { reporter: () => () => t.fail() },
    bindings: {
      openStore: async () => {
        throw failure('store-unwritable', 'nobody may write there');
      },
      effects: () => t.fail() as never,
    },
  });
  await t.throwsAsync(run, { message: 'nobody may write there' });
});

for (const [what, lockedMs] of [
  ['is waited for while its owner ends', 1_000],
  ['is given up when its owner stays', 60_000],
] as const) {
  test(`a store that another process owns ${what}`, async (t) => {
    const clock = createVirtualClock();
    const { store } = fakeStore();
    const reports: Report[] = [];
    const run = runPipeline({
      plan: planOf([actorPlan('one', fakeKind())], storePlan),
      clock,
      log: { reporter: (_, actor) => (report) => void (actor === 'store' && reports.push(report)) },
      bindings: {
        openStore: async () => {
          if (clock.monotonic() < lockedMs) throw failure('store-locked', 'process 7 has it');
          return { edge: store, cloud: null };
        },
        effects: () => ({ work: async () => {} }),
      },
    });
    run.catch(() => {});
    const outcome = clock.until(run);
    if (lockedMs > 10_000) {
      await t.throwsAsync(outcome, { message: 'process 7 has it' });
      t.true(clock.monotonic() < 7_000);
      t.is(reports.length, 1);
    } else {
      const pipeline = await outcome;
      t.like(reports, [
        { from: 'off', to: 'locked', cause: { code: 'store-locked' } },
        { from: 'locked', to: 'open' },
      ]);
      await clock.until(pipeline.drain(1_000));
    }
  });
}
