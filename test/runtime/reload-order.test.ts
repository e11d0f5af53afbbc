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

test('a file that is not read within 10 s leaves everything as it is', async (t) => {
  const { pipeline, clock, next } = await startReloadable(planOf([a, sinkPlan]));
  next.hang = true;
  await t.throwsAsync(clock.until(pipeline.control.reload(by)), { code: 'deadline-missed' });
  t.is(clock.monotonic(), 10_000);
  next.hang = false;
  t.deepEqual((await clock.until(pipeline.control.reload(by))).changed, []);
});
