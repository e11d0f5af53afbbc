import test from 'ava';
import fc from 'fast-check';
import { checkSegment } from '../../src/store/segment-check.ts';
import { MemoryKv } from '../helpers/memory-kv.ts';
import { batch } from '../helpers/store-fixtures.ts';
import { acknowledge, begin, c, chargeOf, crash, discard, greet, r, send } from './edge-world.ts';

const bare = <T extends string>(type: T) => fc.record({ type: fc.constant(type) });
const counted = <T extends string>(type: T, max: number) =>
  fc.record({ type: fc.constant(type), count: fc.integer({ min: 0, max }) });
const operation = fc.oneof(
  { weight: 6, arbitrary: counted('append', 3) },
  { weight: 4, arbitrary: bare('seal') },
  { weight: 1, arbitrary: bare('gap') },
  { weight: 2, arbitrary: counted('greet', 5) },
  { weight: 6, arbitrary: bare('send') },
  { weight: 3, arbitrary: counted('acknowledge', 2) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('discard' as const),
      at: fc.nat(4),
      length: fc.nat(2),
      crashes: fc.constantFrom('no', 'no', 'before', 'after'),
    }),
  },
  { weight: 1, arbitrary: bare('reopen') },
  { weight: 1, arbitrary: bare('fork') },
);

test('whatever is discarded when: each seq is in the cloud once, as a reading or as a gap, and nothing forks', async (t) => {
  let settledStored = 0;
  let gaps = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 10, maxLength: 60, size: 'max' }),
      async (operations) => {
        const world = await begin();
        for (const op of operations) {
          const { store } = world;
          if (op.type === 'append') {
            if (op.count > 0) await store.append([batch(op.count)]);
            world.accepted += op.count;
            if (op.count > 1) await store.seal(r);
          } else if (op.type === 'seal') await store.seal(r);
          else if (op.type === 'gap') await store.addGap(r, { gap: 'missed', count: 1, text: 'Away.' });
          else if (op.type === 'greet') {
            await greet(world, op.count === 4 ? 'before' : op.count === 5 ? 'after' : 'no');
          } else if (op.type === 'send') await send(world);
          else if (op.type === 'acknowledge') await acknowledge(world, op.count);
          else if (op.type === 'discard') {
            if (op.crashes !== 'no') world.kv.held = true;
            const done = discard(world, op.at, op.length);
            if (op.crashes === 'no') await done;
            else await crash(world, op.crashes === 'after');
          } else if (op.type === 'reopen') await crash(world, true);
          else {
            await store.fork(c, 'Copied.');
            world.session = null;
          }
          t.is(world.store.status().bytes, chargeOf(world.kv));
        }
        const { cloud, kv } = world;
        // Everything goes: as many greetings as it takes, which is one.
        await world.store.seal(r);
        await greet(world);
        t.is(
          world.store.held(r).filter(({ discarded, sequence }) => discarded && sequence > cloud.stored.length)
            .length,
          0,
        );
        while (world.store.header(r, cloud.stored.length + 1)) await send(world);
        t.deepEqual(
          cloud.stored.flatMap((segment) => segment.seqs),
          Array.from({ length: world.accepted }, (_, i) => i + 1),
        );
        for (const { type, seqs: covered } of cloud.stored) {
          if (type === 'gap') gaps += covered.length;
          else settledStored += covered.filter((seq) => world.discarded.has(seq)).length;
        }
        await acknowledge(world, 0);
        t.is(world.store.status().bytes, 0);
        t.is(JSON.parse(Buffer.from(kv.get(['meta'])!).toString()).format, 1);
      },
    ),
    { numRuns: Number(process.env.FOGRUN_DISCARD_RUNS ?? 200) },
  );
  t.true(settledStored > 10, `only ${settledStored} discarded readings turned out to be stored`);
  t.true(gaps > 100, `only ${gaps} readings became gaps`);
});

test('while it holds discarded segments the store is not for a fogrun that does not know them', async (t) => {
  const world = await begin();
  const { store, kv } = world;
  const format = () => JSON.parse(Buffer.from(kv.get(['meta'])!).toString()).format;
  await store.append([batch(1)]);
  await store.seal(r);
  t.is(format(), 1);
  await store.discard(r, 1, 1, '');
  t.is(format(), 2);
  await (await world.open(new MemoryKv(kv.disk))).close();
  await greet(world);
  t.is(format(), 1);
  await store.append([batch(1)]);
  await store.seal(r);
  await store.discard(r, 2, 2, '');
  await store.fork(c, 'Copied.');
  t.is(format(), 1);
});

test('a reason from outside cannot make a gap that the cloud refuses', async (t) => {
  const { store } = await begin();
  await store.append([batch(1)]);
  await store.seal(r);
  await store.discard(r, 1, 1, `\u0000\n\u007f\ud800${'x'.repeat(10_000)}`);
  await store.rememberCloud(c, { cloudEpoch: 'ab', token: 1 }, new Map());
  const header = store.header(r, 1)!;
  const body = await store.body(header);
  checkSegment(header, body);
  t.true(body.length < 500);
});
