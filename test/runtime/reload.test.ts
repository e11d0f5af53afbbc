import test from 'ava';
import type { ActorPlan } from '../../src/contract/plan.ts';
import { failure } from '../helpers/statechart.ts';
import {
  actorPlan,
  batch,
  type FakeEnv,
  fakeKind,
  numberOf,
  planOf,
  untilAborted,
} from './pipeline-fixtures.ts';
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

test('what a store gives out again does not hold a reload up, and messages that go with their receiver are told', async (t) => {
  const talker = actorPlan('talker', fakeKind({ emits: 'messages' }), 'r');
  const r = actorPlan('r', fakeKind({ accepts: 'messages' }));
  const sealer = actorPlan('sealer', fakeKind({ emits: 'segments' }), 'up');
  const up = actorPlan('up', fakeKind({ accepts: 'segments' }));
  const sends =
    (count: number) =>
    ({ output }: { output: { send(item: never): Promise<void> } }) =>
    ({ signal }: { signal: AbortSignal }) => {
      for (let n = 1; n <= count; n++) void output.send({} as never);
      return untilAborted(signal);
    };
  const { clock, reload, lines } = await startReloadable(planOf([talker, r, sealer, up, a, sinkPlan]), {
    talker: sends(3),
    sealer: sends(4),
  });
  const { removed } = await reload(planOf([a, sinkPlan]));
  t.deepEqual(removed, ['talker', 'r', 'sealer', 'up']);
  t.true(clock.monotonic() <= 2_100);
  t.deepEqual(
    lines.flatMap(({ actor, report }) => (report.type === 'note' ? [`${actor}: ${report.text}`] : [])),
    [
      'pipeline: dropped with r: 3 messages for edges',
      'pipeline: reload by ada (fogrun test): removed talker, r, sealer, up; 2 unchanged',
    ],
  );
});

test('a sender that is given another receiver begins there once the old one has dealt with what it left', async (t) => {
  const got: string[] = [];
  const slowly =
    (name: string, ms: number) =>
    ({ input, wait }: FakeEnv) =>
    (io: { signal: AbortSignal }) =>
      input.consume(limits, io.signal, async ([item]) => {
        await wait(ms);
        got.push(`${name} ${numberOf(item!)}`);
      });
  const rest = [b, actorPlan('c', source(), 'other'), sinkPlan, actorPlan('other', sink())];
  const { clock, reload } = await startReloadable(planOf([a, ...rest]), {
    a:
      ({ output, plan }) =>
      (io) => {
        for (const n of plan.to === 'sink' ? [1, 2, 3] : [4, 5]) void output.send(batch(n));
        return untilAborted(io.signal);
      },
    b:
      ({ output, wait }) =>
      async (io) => {
        for (; !io.signal.aborted; await wait(30)) void output.send(batch(9));
      },
    sink: slowly('sink', 20),
    other: slowly('other', 1),
  });
  const { unchanged } = await reload(planOf([{ ...a, to: 'other' }, ...rest]));
  t.deepEqual(unchanged, ['b', 'c', 'sink', 'other']);
  await clock.advance(100);
  t.deepEqual(
    got.filter((word) => !word.endsWith('9')),
    ['sink 1', 'sink 2', 'sink 3', 'other 4', 'other 5'],
  );
});
