import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { inspecting } from '../runtime/inspect-fixtures.ts';
import { lost, start } from './traced.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('one that throws is dropped, and the actor knows nothing of it', async (t) => {
  const { clock, inspection, begin } = start();
  const actor = begin();
  let told = 0;
  inspection.watch({
    frames: () => {
      told += 1;
      throw new Error('broken');
    },
    over: () => t.fail(),
  });
  actor.send({ type: 'LOST' });
  await clock.advance(1_000);
  actor.send({ type: 'RETRY' });
  await clock.advance(1_000);
  t.is(told, 1);
  t.false(inspection.active);
  t.is(actor.state(), 'dialling');
});

test('to one that is behind nothing is handed; then it gets the newest, and how much it missed', async (t) => {
  const { clock, inspection, begin } = start();
  const actor = begin();
  let behind = false;
  const seen = inspecting(
    (watcher) => inspection.watch(watcher).end,
    () => behind,
  );
  await clock.advance(100);
  behind = true;
  for (let i = 0; i < 1_500; i += 1) actor.send({ type: 'UNHEARD' });
  await clock.advance(10_000);
  t.is(seen.steps().length, 0);
  behind = false;
  await clock.advance(100);
  t.is(
    seen.steps().reduce((sum, { skipped = 0 }) => sum + 1 + skipped, 0),
    1_500,
  );
  t.true(seen.steps().length <= 500);
});

test('at its end a watcher gets what was left, and hears once that it is over', async (t) => {
  const { inspection, begin } = start();
  const actor = begin();
  const overs: unknown[] = [];
  let count = 0;
  const { close } = inspection.watch({
    frames: (some) => {
      count += some.length;
    },
    over: (cause) => void overs.push(cause),
  });
  actor.send({ type: 'LOST' });
  close(lost);
  close(null);
  t.is(count, 2);
  t.deepEqual(overs, [lost]);
});

test('samples come between the steps, with nothing in them that steers a terminal', async (t) => {
  const { clock, inspection, begin, watch } = start();
  begin();
  const seen = watch();
  inspection.sample({
    ...{ actor: 'rotator', device: 'b\u001b[2J', sensor: 'pressure', unit: 'hPa', value: 1_013 },
    ...{ readingTimeMs: 5, edge: null },
  });
  await clock.advance(100);
  t.like(seen.frames.at(-1), {
    type: 'sample',
    device: 'b\\u001b[2J',
    unit: 'hPa',
    value: 1_013,
    edge: null,
  });
});

test('a million steps before one that is behind take no more memory than the first few hundred', async (t) => {
  const { clock, inspection } = start();
  let behind = true;
  const seen = inspecting(
    (watcher) => inspection.watch(watcher).end,
    () => behind,
  );
  const step = (i: number) => ({
    ...{ type: 'step' as const, timeMs: i, actor: `uploader-${i % 20}`, source: null },
    ...{ event: { type: 'TICK', name: 'TICK', payload: { i, text: 'x'.repeat(200) } } },
    ...{ from: 'a', to: 'b', value: 'b', taken: [], refused: [], sent: [], context: { i } },
  });
  const heapAfter = (from: number, to: number) => {
    for (let i = from; i < to; i += 1) inspection.tell(step(i), 600);
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const early = heapAfter(0, 10_000);
  const late = heapAfter(10_000, 1_000_000);
  t.true(late - early < 4 * 2 ** 20, `${late - early} bytes`);
  behind = false;
  await clock.advance(200);
  t.true(seen.frames.length <= 500);
  t.is(
    seen.steps().reduce((sum, { skipped = 0 }) => sum + 1 + skipped, 0),
    1_000_000,
  );
  const newest = seen.steps().filter(({ timeMs }) => timeMs >= 999_980);
  t.is(new Set(newest.map(({ actor }) => actor)).size, 20, 'of each actor the newest');
});
