import { join } from 'node:path';
import test from 'ava';
import { FogrunError } from '../../src/contract/errors.ts';
import type { ActorPlan, Plan } from '../../src/contract/plan.ts';
import type { Batch } from '../../src/contract/port.ts';
import type { Report } from '../../src/contract/report.ts';
import { Redactor } from '../../src/inspect/redact.ts';
import { connectControl, serveControl } from '../../src/runtime/ipc-control.ts';
import { withoutSecrets } from '../../src/runtime/secrets.ts';
import { problem } from '../helpers/statechart.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { watching } from './control-fixtures.ts';
import { inspecting } from './inspect-fixtures.ts';
import { privateDirectory } from './ipc-fixtures.ts';
import {
  actorPlan,
  type FakeEnv,
  fakeKind,
  fakeStore,
  planOf,
  startPipeline,
  storePlan,
  untilAborted,
} from './pipeline-fixtures.ts';
import { sink, source, startPlaced } from './placed-fixtures.ts';

const token = 's3cr3t-0f-th1s';
const words = `${token} was refused`;
const shown = '*** was refused';
const secretive = (plan: ActorPlan, own = token): ActorPlan => ({ ...plan, config: { token: own } });
const failing = () => async () => {
  throw new FogrunError('token-unknown', words, { advice: `Ask for another one than ${token}.` });
};
/** Says it in each kind of report that has words, then fails with it. */
const telling =
  ({ report }: FakeEnv) =>
  async () => {
    report({ type: 'note', text: words }, 'warn');
    report({ type: 'alarm', about: 'token', text: words });
    report({ type: 'problem', ...problem('link-lost', words) });
    await failing()();
  };
const holding = (what: unknown, text: string) => JSON.stringify(what).split(text).length - 1;

test('a secret that the message of an effect holds is in no line, no status, no frame and no word on the end', async (t) => {
  const plan = planOf([secretive(actorPlan('a', fakeKind())), actorPlan('b', fakeKind())]);
  const hold = Promise.withResolvers<void>();
  const { pipeline, clock, lines } = await startPipeline(plan, {
    a: (env) => async () => {
      await hold.promise;
      await telling(env)();
    },
  });
  const seen = watching(pipeline.control);
  const frames = inspecting((watcher) => pipeline.control.inspect(watcher));
  hold.resolve();
  await clock.advance(200);
  const status = await pipeline.control.status();
  const late = watching(pipeline.control, { entriesMax: 100 });
  await clock.advance(200);
  const ended = await pipeline.ended;
  for (const told of [lines, status, seen, frames, late, ended]) t.is(holding(told, token), 0);
  t.deepEqual(
    lines.flatMap(({ actor, report }) => (actor === 'a' && holding(report, shown) > 0 ? [report.type] : [])),
    ['note', 'alarm', 'problem', 'transition'],
  );
  const cause = { code: 'token-unknown', message: shown, advice: 'Ask for another one than ***.' };
  t.deepEqual(status.actors[0]!.cause, cause as never);
  t.like(status.actors[0], { lastError: { problem: cause } });
  t.deepEqual(ended, cause as never);
  t.true(holding(seen.entries, shown) > 0 && holding(late.entries, shown) > 0);
});

test('a secret is in no answer of the control socket', async (t) => {
  const plan = planOf([
    secretive(actorPlan('a', fakeKind({ onFailed: 'stay' }))),
    actorPlan('b', fakeKind()),
  ]);
  const { pipeline, clock } = await startPipeline(plan, { a: telling });
  const socketPath = join(await privateDirectory(t), 'control.sock');
  const own = createVirtualClock();
  const server = await serveControl({
    ...{ control: pipeline.control, socketPath, agent: 'fogrun/test', clock: own },
  });
  t.teardown(() => server.close());
  const remote = await connectControl(socketPath, { clock: own, agent: 'fogrun/test', timeoutMs: 30_000 });
  t.teardown(() => remote.close());
  const heard = Promise.withResolvers<void>();
  const entries: unknown[] = [];
  remote.watch(
    {
      entry: (entry) => {
        entries.push(entry);
        if (holding(entry, '"to":"failed"') > 0) heard.resolve();
      },
      status: () => {},
      over: () => {},
    },
    { entriesMax: 100 },
  );
  const status = await remote.status();
  await heard.promise;
  t.is(holding([status, entries], token), 0);
  t.like(status.actors[0], {
    state: 'failed',
    cause: { message: shown },
    lastError: { problem: { message: shown } },
  });
  t.true(holding(entries, shown) > 0);
  await clock.until(pipeline.drain(1_000));
});

test('a secret does not travel in the states that an edge tells its cloud', async (t) => {
  const written: string[] = [];
  const { store } = fakeStore();
  Object.assign(store, {
    append: async (batches: readonly Batch[]) => {
      for (const { lines } of batches) written.push(Buffer.from(lines).toString());
    },
    policies: { spare: () => true, lookForRoom: async () => {} },
    openSegment: () => ({ count: 0, bytes: 0, sinceMs: null }),
  });
  const rotator = { ...fakeKind(), name: 'file-rotator' };
  const uploader = { ...fakeKind({ onFailed: 'stay' }), name: 'uploader' };
  const plan: Plan = {
    ...planOf([actorPlan('rotator', rotator), secretive(actorPlan('uploader', uploader))], storePlan),
    states: 'changes',
  };
  const { pipeline, clock } = await startPipeline(plan, { uploader: failing }, { store });
  await clock.advance(5_000);
  await clock.until(pipeline.drain(1_000));
  t.is(holding(written, token), 0);
  const causes = written.flatMap((text) => text.split('\n')).filter((line) => line.includes(shown));
  t.true(causes.some((line) => line.includes('"state"')) && causes.some((line) => line.includes('"status"')));
});

test('a statechart that throws a secret tells none, neither between its lives nor when it is given up', async (t) => {
  const plan = planOf([
    secretive(actorPlan('a', fakeKind({ onFailed: 'stay' }))),
    actorPlan('b', fakeKind()),
  ]);
  const { pipeline, clock, lines } = await startPipeline(plan);
  const throwIt = () => pipeline.actors.get('a')!.send({ type: 'BUG', words } as never);
  throwIt();
  await clock.advance(10);
  const { actors } = await pipeline.control.status();
  t.like(actors[0], { state: 'waitingToRestart', cause: { message: `TypeError: ${shown}` } });
  for (let i = 0; i < 3; i += 1) {
    await clock.advance(5_000);
    throwIt();
    await clock.advance(10);
  }
  const given = await pipeline.control.status();
  t.like(given.actors[0], { state: 'failed', cause: { code: 'restart-limit' } });
  t.is(holding([lines, actors, given], token), 0);
});

test('an actor that cannot be built tells no secret either', async (t) => {
  const plan = planOf([secretive(actorPlan('a', fakeKind()))]);
  const { pipeline, lines } = await startPipeline(plan, {
    a: () => {
      throw new FogrunError('token-unknown', words);
    },
  });
  t.like(pipeline.actors.get('a')!.condition(), { state: 'failed', cause: { message: shown } });
  t.like(await pipeline.ended, { message: shown });
  t.is(holding(lines, token), 0);
});

test('an actor placed in another process keeps the secrets of its pipeline to itself, and so does that process', async (t) => {
  const plans = [secretive(source('a', 'p')), source('b', 'p'), source('c', null)];
  const hold = Promise.withResolvers<void>();
  const { pipeline, clock, lines, current } = await startPlaced(plans, {
    a: (env) => async () => {
      await hold.promise;
      await telling(env)();
    },
  });
  const frames = inspecting((watcher) => pipeline.control.inspect(watcher));
  await clock.advance(100);
  current().end({ code: 1 }, problem('internal', words));
  await clock.advance(100);
  const died = await pipeline.control.status();
  t.like(
    died.actors.find(({ name }) => name === 'b'),
    { state: 'waitingToRestart', cause: { message: shown } },
  );
  await clock.advance(2_000);
  hold.resolve();
  await clock.advance(200);
  const failed = await pipeline.control.status();
  t.like(failed.actors.find(({ name }) => name === 'a')!.cause, { message: shown });
  const ended = await clock.until(pipeline.ended);
  t.like(ended, { code: 'token-unknown', message: shown });
  t.deepEqual(
    lines.flatMap(({ actor, report }) => (actor === 'a' && holding(report, shown) > 0 ? [report.type] : [])),
    ['transition', 'note', 'alarm', 'problem', 'transition'],
  );
  t.true(lines.some(({ actor, report }) => actor === 'process/p' && holding(report, shown) > 0));
  t.is(holding([lines, died, failed, frames, ended], token), 0);
});

test('a reload answers without secrets, and hides the new ones beside those before', async (t) => {
  const other = 'an0ther-0ne';
  const both = `neither ${token} nor ${other}`;
  const said = { text: 'well' };
  const { pipeline, clock, lines, reload } = await startPlaced([source('a', null), source('b', null)], {
    a:
      ({ report }) =>
      async ({ signal }) => {
        report({ type: 'note', text: said.text });
        if (said.text === both) throw new FogrunError('token-unknown', both);
        await untilAborted(signal);
      },
  });
  await reload([secretive(source('a', null)), source('b', null), sink]);
  said.text = both;
  const { changed } = await reload([secretive(source('a', null), other), source('b', null), sink]);
  t.like(changed[0], { name: 'a', what: ['token'], cause: { message: 'neither *** nor ***' } });
  await clock.until(pipeline.ended);
  t.is(holding(lines, token) + holding(lines, other), 0);
});

test('a secret of three characters is left in texts, of which it is a part by chance', async (t) => {
  const text = 'abcd abc';
  for (const [own, left] of [
    ['abc', text],
    ['abcd', '*** abc'],
  ] as const) {
    const plan = planOf([secretive(actorPlan('a', fakeKind()), own), actorPlan('b', fakeKind())]);
    const { pipeline, clock, lines } = await startPipeline(plan, {
      a:
        ({ report }) =>
        async ({ signal }) => {
          report({ type: 'note', text });
          await untilAborted(signal);
        },
    });
    const notes = lines.flatMap(({ report }) => (report.type === 'note' ? [report.text] : []));
    t.deepEqual(notes, [left]);
    await clock.until(pipeline.drain(1_000));
  }
});

test('where nothing is secret reports and causes are handed on as they are', (t) => {
  const redactor = new Redactor();
  redactor.hide(['', 'abc']);
  const cause = problem('link-lost', 'abc');
  t.is(redactor.problem(cause), cause);
  const note: Report = { type: 'note', text: 'abc' };
  t.is(withoutSecrets(note, redactor), note);
  redactor.hide([token]);
  const segment: Report = { type: 'segment', what: 'sent', segment: 1, readings: 2, stream: token };
  t.is(withoutSecrets(segment, redactor), segment);
  t.deepEqual(withoutSecrets({ ...note, text: `\n${words}` }, redactor), { ...note, text: `\n${shown}` });
});
