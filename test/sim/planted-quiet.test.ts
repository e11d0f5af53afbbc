/** Bugs that break nothing which the cloud could see: what they cost is told by nobody, or only wears machines out. */
import test from 'ava';
import type { Plan } from '../../src/contract/plan.ts';
import type { Batch } from '../../src/contract/port.ts';
import { faultsOf } from '../../src/sim/simulate.ts';
import { optionsOf, type Plant, planOf, run, violated } from './fixtures.ts';

const cloud = planOf(`
fogrun: 1
pipeline: cloud
store: { path: cloud, max: 64MiB }
actors:
  receiver: { kind: cloud-receiver }
`);
const rest = `
  rotator: { kind: file-rotator, every: 15s, to: uploader }
  uploader: { kind: uploader, retry: { every: 1s }, to: acks }
  acks: { kind: ack-handler }
`;
const polling = planOf(`
fogrun: 1
pipeline: edge
store: { path: edge, max: 16MiB, when-full: block }
actors:
  bricks: { kind: tinkerforge-emulator, devices: [{ type: barometer, uid: bAr }] }
  barometer: { kind: sensor-poller, device: { type: barometer }, every: 1s, to: rotator }
${rest}`);
const lines = planOf(`
fogrun: 1
pipeline: edge
store: { path: edge, max: 16MiB, when-full: block }
actors:
  lines: { kind: tcp-source, to: rotator }
${rest}`);

/** Every twentieth batch goes through these hands. */
function atAppend(
  change: (batches: readonly Batch[], append: (batches: readonly Batch[]) => Promise<void>) => Promise<void>,
): Plant {
  return {
    edge(store) {
      const append = store.append.bind(store);
      let calls = 0;
      store.append = (batches, sealBytes) => {
        calls += 1;
        const plainly = (some: readonly Batch[]) => append(some, sealBytes);
        return calls % 20 === 0 ? change(batches, plainly) : plainly(batches);
      };
    },
  };
}

test('a new epoch without need is found, also where disks are copied', async (t) => {
  const forksOften: Plant = {
    edge(store, cursor) {
      const remember = store.rememberCloud.bind(store);
      store.rememberCloud = async (...said) => {
        await remember(...said);
        if (store.head(cursor, 'readings').sealed % 4 === 3) await store.fork(cursor, 'planted');
      };
    },
  };
  // It forks under the link that is being greeted, which must find nothing to send at that moment.
  const plans = optionsOf().plans.map((plan): Plan => ({ ...plan, states: 'none' }));
  const choice = { seed: 4, hours: 1, faults: ['clone', 'partition', 'crash'], plans } as const;
  t.deepEqual(violated(await run({ ...choice, plant: forksOften })), ['one-past']);
  t.deepEqual(violated(await run(choice)), []);
});

test('a retry that comes sooner than its config says is found', async (t) => {
  const hasty: Plant = {
    effects: (env, effects) =>
      env.plan.kind.name === 'uploader' ? { ...effects, retryInMs: () => 20 } : effects,
  };
  const { violations } = await run({ seed: 3, faults: ['partition'], plant: hasty });
  t.is(violations[0]?.invariant, 'backoff');
  t.regex(violations[0]!.text, /waits 20 ms before attempt 1, and its config asks for 800 ms at least/);
});

test('values that are lost on their way into the store are found', async (t) => {
  const plans = [cloud, polling];
  const { violations, virtualMs } = await run({ plans, plant: atAppend(async () => {}) });
  t.is(violations[0]?.invariant, 'measured');
  t.regex(violations[0]!.text, /1 values that bAr gave before .* were lost without a gap/);
  t.true(virtualMs < 60_000);
});

test('values that are accepted twice are found', async (t) => {
  const twice = atAppend(async (batches, append) => {
    await append(batches);
    await append(batches);
  });
  const { violations } = await run({ plans: [cloud, polling], plant: twice });
  t.is(violations[0]?.invariant, 'measured');
  t.regex(violations[0]!.text, /accepted twice/);
});

test('sensors that are polled keep every promise, whatever breaks when', async (t) => {
  const faults = ['partition', 'crash', 'power-cut', 'disk-full', 'slow-disk', 'clock-jump'] as const;
  const { violations, balances } = await run({ plans: [cloud, polling], seed: 8, hours: 1, faults });
  t.deepEqual(violations, []);
  t.true(balances.every(({ accepted }) => accepted > 1_000));
});

test('a sender on a machine that lost its power comes back with it', async (t) => {
  const { violations, balances } = await run({
    plans: [cloud, lines],
    seed: 5,
    hours: 1,
    faults: ['power-cut'],
  });
  t.deepEqual(violations, []);
  t.true(balances.every(({ accepted }) => accepted > 1_000));
});

test('a machine whose power goes again while it is away comes back in the end', async (t) => {
  const choice = { hours: 1, faults: ['power-cut'] } as const;
  const targets = [
    { name: 'cloud', role: 'cloud' },
    { name: 'edge-1', role: 'edge' },
    { name: 'edge-2', role: 'edge' },
  ] as const;
  const isNested = (seed: number) => {
    const cuts = faultsOf({ ...optionsOf({ ...choice, seed }) }, targets);
    return cuts.some((outer) =>
      cuts.some(
        (inner) =>
          `${inner.about}` === 'cloud' &&
          `${outer.about}` === 'cloud' &&
          inner.atMs > outer.atMs &&
          inner.untilMs < outer.untilMs,
      ),
    );
  };
  let seed = 1;
  while (!isNested(seed)) seed += 1;
  t.deepEqual(violated(await run({ ...choice, seed })), [], `seed ${seed}`);
});
