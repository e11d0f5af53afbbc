import test from 'ava';
import type { ActorPlan, Plan } from '../../src/contract/plan.ts';
import { failure } from '../helpers/statechart.ts';
import { by } from './control-fixtures.ts';
import { actorPlan, batch, fakeKind, numberOf, planOf, untilAborted } from './pipeline-fixtures.ts';
import { startReloadable } from './reload-fixtures.ts';

const source = () => fakeKind({ emits: 'readings' });
const sink = () => fakeKind({ accepts: 'readings' });
const limits = { itemsMax: 1, bytesMax: 1_000 };
const config = (actor: ActorPlan, n: number): ActorPlan => ({ ...actor, config: { n } });

const a = actorPlan('a', source(), 'sink');
const b = actorPlan('b', source(), 'sink');
const sinkPlan = actorPlan('sink', sink());

test('an actor that is unchanged is the same as before, and hears nothing of a reload', async (t) => {
  const { pipeline, reload, moves, lives } = await startReloadable(planOf([a, b, sinkPlan]));
  const before = pipeline.actors.get('b');
  const { changed, unchanged } = await reload(planOf([config(a, 2), b, sinkPlan]));
  t.deepEqual(changed, [{ name: 'a', what: ['n'], state: 'running', cause: null }]);
  t.deepEqual(unchanged, ['b', 'sink']);
  t.is(pipeline.actors.get('b'), before);
  t.deepEqual(moves('b'), ['off → running']);
  t.deepEqual(moves('sink'), ['off → running']);
  t.deepEqual(moves('a'), ['off → running', 'running → stopped', 'stopped → running']);
  t.is(lives.filter((name) => name === 'b').length, 1);
});

test('new actors start, receivers first, and those that are gone end; the board follows', async (t) => {
  const { pipeline, reload, moves, lives } = await startReloadable(planOf([a, sinkPlan]));
  const relay = actorPlan('relay', fakeKind({ accepts: 'readings', emits: 'readings' }), 'sink');
  const c = actorPlan('c', source(), 'relay');
  const { added, removed } = await reload(planOf([c, relay, sinkPlan]));
  t.deepEqual(
    added.map(({ name, state }) => [name, state]),
    [
      ['c', 'running'],
      ['relay', 'running'],
    ],
  );
  t.deepEqual(removed, ['a']);
  t.deepEqual(lives.slice(-2), ['relay', 'c']);
  t.deepEqual(moves('a').slice(-2), ['running → stopped', 'stopped → off']);
  const { actors } = await pipeline.control.status();
  t.deepEqual(
    actors.map(({ name }) => name),
    ['c', 'relay', 'sink'],
  );
  t.deepEqual([...pipeline.actors.keys()].sort(), ['c', 'relay', 'sink']);
});

test('what waits in a port waits for the next life of its receiver, in order, and is handled once', async (t) => {
  const got: string[] = [];
  let slow = true;
  const { clock, reload } = await startReloadable(planOf([a, config(sinkPlan, 1)]), {
    a:
      ({ output }) =>
      (io) => {
        for (let n = 1; n <= 5; n++) void output.send(batch(n));
        return untilAborted(io.signal);
      },
    sink:
      ({ input, plan, wait }) =>
      (io) =>
        input.consume(limits, io.signal, async ([item]) => {
          await wait(slow ? 100 : 1);
          got.push(`${(plan.config as { n: number }).n}: ${numberOf(item!)}`);
        }),
  });
  await clock.advance(250);
  slow = false;
  await reload(planOf([a, config(sinkPlan, 2)]));
  await clock.advance(1_000);
  t.deepEqual(got, ['1: 1', '1: 2', '1: 3', '2: 4', '2: 5']);
});

test('a receiver that is gone deals with what waits for it first', async (t) => {
  const got: number[] = [];
  const accepted: number[] = [];
  const { clock, reload, moves, lines } = await startReloadable(planOf([a, sinkPlan]), {
    a:
      ({ output }) =>
      (io) => {
        for (let n = 1; n <= 5; n++) output.send(batch(n)).then(() => accepted.push(n));
        return untilAborted(io.signal);
      },
    sink:
      ({ input, wait }) =>
      (io) =>
        input.consume(limits, io.signal, async ([item]) => {
          await wait(100);
          got.push(numberOf(item!));
        }),
  });
  const other = actorPlan('other', sink());
  const before = lines.length;
  await reload(planOf([{ ...b, to: 'other' }, other]));
  t.deepEqual(got, [1, 2, 3, 4, 5]);
  t.deepEqual(accepted, [1, 2, 3, 4, 5]);
  t.true(clock.monotonic() < 1_000);
  t.is(moves('sink').at(-1), 'stopped → off');
  t.deepEqual(
    lines
      .slice(before)
      .flatMap(({ actor, report }) => (report.type === 'transition' ? [`${actor} ${report.to}`] : [])),
    ['a stopped', 'sink stopped', 'a off', 'sink off', 'other running', 'b running'],
  );
});

test('a reload is undone when readings wait for an actor that is gone and does not take them', async (t) => {
  const accepted: number[] = [];
  let open = false;
  const { clock, reload, pipeline, moves, audited } = await startReloadable(planOf([a, b, sinkPlan]), {
    a:
      ({ output }) =>
      (io) => {
        for (let n = 1; n <= 3; n++) output.send(batch(n)).then(() => accepted.push(n));
        return untilAborted(io.signal);
      },
    sink:
      ({ input, wait }) =>
      (io) =>
        input.consume(limits, io.signal, async () => {
          while (!open) await wait(100);
        }),
  });
  const other = actorPlan('other', sink());
  await t.throwsAsync(reload(planOf([{ ...a, to: 'other' }, { ...b, to: 'other' }, other])), {
    code: 'reload-undone',
    message: 'nothing was changed: 3 readings wait for sink, which is running',
  });
  t.true(clock.monotonic() < 11_000);
  t.deepEqual([...pipeline.actors.keys()].sort(), ['a', 'b', 'sink']);
  t.deepEqual(moves('sink'), ['off → running'], 'it was never ended');
  t.is(moves('a').at(-1), 'stopped → running');
  t.like(audited.at(-1), { action: 'reload', target: 'tested', outcome: 'reload-undone' });
  open = true;
  await clock.advance(2_000);
  t.deepEqual(accepted.slice(0, 3), [1, 2, 3]);
});

test('a wrong file changes nothing, and the log and whoever asked are told every complaint', async (t) => {
  const { reload, lines, audited } = await startReloadable(planOf([a, sinkPlan]));
  const before = lines.length;
  const wrong = failure('pipeline-invalid', 'nothing was changed:\nx.yaml:1:2: a: bad\nx.yaml:3:4: b: worse');
  await t.throwsAsync(reload(wrong), { code: 'pipeline-invalid', message: /bad\n.*worse/ });
  const said = lines
    .slice(before)
    .map(({ report }) => (report.type === 'problem' ? report.message : report.type));
  t.deepEqual(said, [
    'reload by ada (fogrun test): nothing was changed: x.yaml:1:2: a: bad',
    'reload by ada (fogrun test): nothing was changed: x.yaml:3:4: b: worse',
  ]);
  t.like(audited.at(-1), { by, action: 'reload', target: 'tested', outcome: 'pipeline-invalid' });
});

test('what only a restart can change is refused before anything is ended', async (t) => {
  const { reload, moves } = await startReloadable(planOf([a, sinkPlan]));
  const next: Plan = { ...planOf([config(a, 2), sinkPlan]), name: 'other' };
  await t.throwsAsync(reload(next), { code: 'reload-restart', message: /the pipeline is named other/ });
  t.deepEqual(moves('a'), ['off → running']);
});

test('a dry run tells what would change and changes nothing', async (t) => {
  const { pipeline, clock, next, moves, audited } = await startReloadable(planOf([a, sinkPlan]));
  next.plan = planOf([config(a, 2), b, sinkPlan]);
  t.deepEqual(await clock.until(pipeline.control.reload(by, { dryRun: true })), {
    unchanged: ['sink'],
    changed: [{ name: 'a', what: ['n'], state: null, cause: null }],
    added: [{ name: 'b', what: [], state: null, cause: null }],
    removed: [],
    store: [],
    warnings: [],
  });
  t.deepEqual(moves('a'), ['off → running']);
  t.is(audited.length, 0);
});

test('one reload at a time, and nothing else is asked of actors meanwhile', async (t) => {
  const slow = actorPlan('slow', fakeKind({ slow: true }));
  const { pipeline, clock, next } = await startReloadable(planOf([a, sinkPlan, slow]));
  next.plan = planOf([a, sinkPlan]);
  const first = pipeline.control.reload(by);
  await clock.flush();
  await t.throwsAsync(pipeline.control.reload(by), { code: 'control-refused', message: /is being reloaded/ });
  await t.throwsAsync(pipeline.control.act('a', 'restart', by), { code: 'control-refused' });
  t.deepEqual((await clock.until(first)).removed, ['slow']);
  await clock.until(pipeline.control.act('a', 'restart', by));
});

test('the end of a pipeline does not wait for a reload, and drains what the reload has left', async (t) => {
  const got: number[] = [];
  const slow = actorPlan('slow', fakeKind({ slow: true, accepts: 'readings', emits: 'readings' }), 'sink');
  const { pipeline, clock, next, moves } = await startReloadable(
    planOf([{ ...a, to: 'slow' }, slow, sinkPlan]),
    {
      a:
        ({ output }) =>
        (io) => {
          for (let n = 1; n <= 3; n++) void output.send(batch(n));
          return untilAborted(io.signal);
        },
      slow:
        ({ input, output, wait }) =>
        (io) =>
          input.consume(limits, io.signal, async ([item]) => {
            await wait(200);
            await output.send(item!);
          }),
      sink:
        ({ input }) =>
        (io) =>
          input.consume(limits, io.signal, async ([item]) => void got.push(numberOf(item!))),
    },
  );
  next.plan = planOf([a, sinkPlan]);
  const reload = pipeline.control.reload(by);
  await clock.advance(100);
  const refused = t.throwsAsync(reload, { code: 'control-refused', message: /the pipeline is ending/ });
  await clock.until(pipeline.drain(4_500));
  await refused;
  t.deepEqual(got.slice(0, 3), [1, 2, 3]);
  t.true(clock.monotonic() <= 4_700);
  t.true(moves('a').includes('stopped → running'), 'it was begun again to be drained with the others');
  t.is(await pipeline.ended, null);
  await t.throwsAsync(pipeline.control.reload(by), { code: 'control-refused' });
  t.is(clock.pending, 0);
});

test('a pipeline whose only actor changes does not end over it', async (t) => {
  const { pipeline, clock, reload } = await startReloadable(planOf([actorPlan('one', fakeKind())]));
  await reload(planOf([config(actorPlan('one', fakeKind()), 2)]));
  t.is(await Promise.race([pipeline.ended, clock.flush().then(() => 'running')]), 'running');
  pipeline.actors.get('one')!.send({ type: 'STOP' });
  t.is(await clock.until(pipeline.ended), null);
});

test('an actor that fails with its new config is failed as any, and the answer says so', async (t) => {
  const stay = fakeKind({ onFailed: 'stay' });
  const { reload, pipeline } = await startReloadable(planOf([a, sinkPlan, actorPlan('x', stay)]), {
    x:
      ({ plan }) =>
      async ({ signal }) => {
        if ((plan.config as { n?: number }).n === 2) throw failure('file-unreadable', 'no such file');
        await untilAborted(signal);
      },
  });
  const { changed } = await reload(planOf([a, sinkPlan, config(actorPlan('x', stay), 2)]));
  t.like(changed[0], { name: 'x', state: 'failed', cause: { code: 'file-unreadable' } });
  const again = await reload(planOf([a, sinkPlan, config(actorPlan('x', stay), 3)]));
  t.like(again.changed[0], { name: 'x', state: 'running', cause: null });
  t.is(pipeline.actors.get('a')!.state(), 'running');
});

test('what one life left to the next is kept for another config, and not for another kind', async (t) => {
  const words: (string | undefined)[] = [];
  const remembers = {
    a:
      ({ memory }: { memory: { words: string | undefined } }) =>
      ({ signal }: { signal: AbortSignal }) => {
        words.push(memory.words);
        memory.words = 'here';
        return untilAborted(signal);
      },
  };
  const { reload } = await startReloadable(planOf([a, sinkPlan]), remembers);
  await reload(planOf([config(a, 2), sinkPlan]));
  await reload(planOf([{ ...a, kind: { ...source(), name: 'another' } }, sinkPlan]));
  t.deepEqual(words, [undefined, 'here', undefined]);
});

test('a file that is not read within 10 s leaves everything as it is', async (t) => {
  const { pipeline, clock, next } = await startReloadable(planOf([a, sinkPlan]));
  next.hang = true;
  await t.throwsAsync(clock.until(pipeline.control.reload(by)), { code: 'deadline-missed' });
  t.is(clock.monotonic(), 10_000);
  next.hang = false;
  t.deepEqual((await clock.until(pipeline.control.reload(by))).changed, []);
});
