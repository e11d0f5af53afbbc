import test from 'ava';
import type { CloudStore, EdgeStore, Receipt } from '../../src/contract/store.ts';
import { simulate } from '../../src/sim/simulate.ts';
import type { World } from '../../src/sim/world.ts';
import { optionsOf, type Plant, run, violated } from './fixtures.ts';

/** Deletes segments as soon as they are read to be sent. */
const deleteBeforeAck: Plant = {
  edge(store, cursor) {
    const body = store.body.bind(store);
    store.body = async (header) => {
      const bytes = await body(header);
      store.acknowledge(cursor, header.stream, header.sequence, header.hash).catch(() => {});
      return bytes;
    };
  },
};

/** Says that a segment is stored before the disk has said so. */
const ackBeforeCommit: Plant = {
  cloud(store: CloudStore) {
    const put = store.put.bind(store);
    store.put = async (token, header, body) => {
      put(token, header, body).catch(() => {});
      const receipt: Receipt = { header, storedAtMs: 0, file: 'data/soon.ndjson' };
      return { receipt, known: false };
    };
  },
};

/** Takes an acknowledgement of one segment for that of the next one too. */
const markThatJumps: Plant = {
  edge(store, cursor) {
    const acknowledge = store.acknowledge.bind(store);
    store.acknowledge = async (_, stream, sequence, hash) => {
      const next = store.header(stream, sequence + 1);
      return next
        ? acknowledge(cursor, stream, next.sequence, next.hash)
        : acknowledge(cursor, stream, sequence, hash);
    };
  },
};

/** Believes that whatever was sealed when the cloud greets is there. */
const greetingThatDeletes: Plant = {
  edge(store: EdgeStore) {
    const remember = store.rememberCloud.bind(store);
    store.rememberCloud = async (cursor, memory, stored) => {
      await remember(cursor, memory, stored);
      for (const stream of store.streams()) {
        const { sealed, sealedHash } = store.head(cursor, stream);
        if (sealed > 0) await store.acknowledge(cursor, stream, sealed, sealedHash);
      }
    };
  },
};

/** All edges wait for the same time. */
const retryWithoutJitter: Plant = {
  effects: (env, effects) =>
    env.plan.kind.name === 'uploader'
      ? { ...effects, retryInMs: (attempt: number) => Math.min(60_000, 1_000 * 1.5 ** attempt) }
      : effects,
};

test('pipelines as they are keep every promise', async (t) => {
  const { violations, balances } = await run({ seed: 3, faults: ['partition', 'crash', 'power-cut'] });
  t.deepEqual(violations, []);
  t.true(balances.every(({ accepted, stored }) => accepted > 200 && stored === accepted));
});

test('a segment deleted before its acknowledgement is found', async (t) => {
  const found = await run({ plant: deleteBeforeAck });
  t.is(found.violations[0]?.invariant, 'stored-before-deleted');
  t.true(found.virtualMs < 60_000);
});

test('an acknowledgement before the commit is found', async (t) => {
  const found = await run({ plant: ackBeforeCommit, faults: ['slow-disk', 'crash'] });
  t.is(found.violations[0]?.invariant, 'stored-before-deleted');
});

test('a mark that jumps is found', async (t) => {
  const found = await run({
    plant: markThatJumps,
    faults: ['partition'],
    uploader: 'window: { segments: 2 },',
  });
  t.is(found.violations[0]?.invariant, 'stored-before-deleted');
});

test('a greeting that deletes is found', async (t) => {
  const found = await run({ plant: greetingThatDeletes, faults: ['partition'] });
  t.is(found.violations[0]?.invariant, 'stored-before-deleted');
});

test('retries without jitter are found where edges come back together', async (t) => {
  const choice = { edges: 5, hours: 1, seed: 12, faults: ['partition'] } as const;
  const found = await run({ ...choice, plant: retryWithoutJitter });
  t.deepEqual(violated(found), ['jitter']);
  t.deepEqual(violated(await run(choice)), []);
});

test('disks that say written before they have synced are found when the power goes', async (t) => {
  const faults = ['power-cut', 'partition'] as const;
  const lying = {
    ...optionsOf({ seed: 2, hours: 1, faults }),
    prepare: ({ processes }: World) => {
      for (const { disk } of processes) disk.writesBackAfterMs = 30_000;
    },
  };
  const found = await simulate(lying);
  t.true(['accepted-stays', 'stored-before-deleted', 'one-past', 'balance'].includes(violated(found)[0]!));
  t.deepEqual(violated(await run({ seed: 2, hours: 1, faults })), []);
});
