import test from 'ava';
import { type Ground, measure } from '../../bench/harness.ts';
import type { Run, Scenario } from '../../bench/scenario.ts';

const plain = { name: 'walk', what: 'Walks.', unit: 'm', target: 'none' };
const options = { runs: 3, quick: false, progress: () => {} };

/** Worlds without processes; `open` counts those that were not closed. */
function fakeGround() {
  const ground = { open: 0, opened: 0, loads: 0 };
  const made = {
    startLoad: () => {
      ground.loads += 1;
      return {
        close: async () => {
          ground.loads -= 1;
        },
      };
    },
    openWorld: async () => {
      ground.open += 1;
      ground.opened += 1;
      return {
        close: async () => {
          ground.open -= 1;
        },
      };
    },
  } as unknown as Ground;
  return Object.assign(ground, { made });
}

/** Gives one value after the other. */
function giving(...values: number[]): () => Promise<Run> {
  const left = values[Symbol.iterator]();
  return async () => {
    const value = left.next().value!;
    return { value, figures: { double: { value: value * 2, unit: 'm' } } };
  };
}

test('the first run only warms up, and the median of the rest is the figure', async (t) => {
  const ground = fakeGround();
  const measured = await measure({ ...plain, run: giving(1_000, 3, 1, 2) }, options, ground.made);
  t.deepEqual(measured, {
    name: 'walk',
    unit: 'm',
    median: 2,
    min: 1,
    max: 3,
    runs: [3, 1, 2],
    figures: { double: { value: 4, unit: 'm' } },
  });
  t.is(ground.opened, 4);
  t.is(ground.open, 0);
  t.is(ground.loads, 0);
});

test('work and reference take turns, and the ratio is that of their medians', async (t) => {
  const order: string[] = [];
  const noted = (name: string, run: () => Promise<Run>) => () => {
    order.push(name);
    return run();
  };
  const scenario: Scenario = {
    ...plain,
    run: noted('work', giving(0, 10, 30, 20)),
    reference: { name: 'yardstick', run: noted('yardstick', giving(0, 40, 50, 40)) },
  };
  const measured = await measure(scenario, options, fakeGround().made);
  t.deepEqual(order, Array(4).fill(['yardstick', 'work']).flat());
  t.deepEqual(measured.reference, { name: 'yardstick', unit: 'm', median: 40 });
  t.is(measured.ratio, 0.5);
  t.is(measured.figures['yardstick: double']!.value, 80);
});

test('where few runs are enough there are no more of them, and none warms up', async (t) => {
  const scenario: Scenario = { ...plain, run: giving(4, 6, 1_000), runsEnough: () => 2 };
  t.deepEqual((await measure(scenario, options, fakeGround().made)).runs, [4, 6]);
  const asked = { ...scenario, run: giving(4, 1_000) };
  t.deepEqual((await measure(asked, { ...options, runs: 1 }, fakeGround().made)).runs, [4]);
  const undecided = { ...scenario, run: giving(1_000, 3, 1, 2), runsEnough: () => null };
  t.deepEqual((await measure(undecided, options, fakeGround().made)).runs, [3, 1, 2]);
});

test('a quick run does not warm up', async (t) => {
  const measured = await measure(
    { ...plain, run: giving(7) },
    { ...options, runs: 1, quick: true },
    fakeGround().made,
  );
  t.deepEqual(measured.runs, [7]);
});

test('what is measured once stands beside the medians', async (t) => {
  const ground = fakeGround();
  const once: Scenario['once'] = (inWorld) =>
    inWorld(async ({ world }) => ({ syncs: { value: world ? 5 : 0, unit: '' } }));
  const measured = await measure({ ...plain, run: giving(1, 1, 1, 1), once }, options, ground.made);
  t.is(measured.figures.syncs!.value, 5);
  t.is(ground.open, 0);
});

test('a run that fails its own check leaves no figure and no world behind', async (t) => {
  const ground = fakeGround();
  const run = async () => {
    throw new Error('one reading is missing');
  };
  await t.throwsAsync(measure({ ...plain, run }, options, ground.made), {
    message: 'one reading is missing',
  });
  t.is(ground.open, 0);
  t.is(ground.loads, 0);
});
