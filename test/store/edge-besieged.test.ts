import test from 'ava';
import fc from 'fast-check';
import { batchOverheadBytes, headOverheadBytes } from '../../src/store/edge-records.ts';
import { entriesOf } from '../helpers/memory-kv.ts';
import { BesiegedEdge, c, numbers, r } from './besieged-edge.ts';

const weights = {
  append: 14,
  seal: 4,
  greet: 5,
  send: 9,
  refuse: 5,
  acknowledge: 4,
  endLink: 2,
  damageValue: 2,
  damageHeads: 3,
  mend: 1,
  discard: 2,
  retain: 1,
  requeue: 2,
  dropLetters: 1,
  policy: 2,
  reopen: 2,
  crash: 2,
  fork: 1,
  wipe: 1,
  backUp: 1,
  restore: 1,
};
type Kind = keyof typeof weights;
interface Operation {
  readonly type: Kind;
  readonly n: number;
  readonly dies: boolean;
}
const operation: fc.Arbitrary<Operation> = fc.oneof(
  ...(Object.entries(weights) as [Kind, number][])
    .filter(([, weight]) => weight > 0)
    .map(([type, weight]) => ({
      weight,
      arbitrary: fc.record({
        type: fc.constant(type),
        n: fc.nat(11),
        dies: fc.constantFrom(false, false, false, true),
      }),
    })),
);

async function perform(edge: BesiegedEdge, { type, n }: Operation): Promise<void> {
  const { store } = edge;
  switch (type) {
    case 'append':
      return edge.append(n, n > 5 ? 1 : 600, n % 4 === 3 ? 2 : 0);
    case 'seal':
      return void (await store.seal(r));
    case 'greet':
      return edge.greet();
    case 'send':
    case 'refuse':
      if (!edge.session && n % 3 > 0) await edge.greet();
      await edge.send(type === 'refuse');
      return n > 6 && type === 'send' ? edge.send() : undefined;
    case 'acknowledge':
      return edge.acknowledge(n % 3);
    case 'endLink':
      return edge.endLink();
    case 'damageValue':
      return edge.damageValue(n);
    case 'damageHeads':
      return edge.damageHeads(n, 1 + (n % 3));
    case 'mend':
      return edge.mend();
    case 'discard':
      return edge.discard(n);
    case 'retain':
      return void (await store.policies.retain(c, { bytesMax: 300 * n }));
    case 'requeue':
      return edge.requeue();
    case 'dropLetters': {
      const ids = store.letters.list().map(({ id }) => id);
      return void (await store.letters.discard(ids));
    }
    case 'policy':
      edge.whenFull = (['block', 'drop-oldest', 'drop-newest'] as const)[n % 3]!;
      edge.bytesMax = n > 8 ? 9_000 : 14_000;
      store.resize(edge.bytesMax);
      store.policies.setWhenFull(edge.whenFull);
      // Dropping begins by itself, one commit after the other.
      for (const _ of numbers(1, 20)) await new Promise((resolve) => setImmediate(resolve));
      return;
    case 'fork':
      await edge.endLink();
      return store.fork(c, 'Copied.');
    case 'wipe':
      await edge.endLink();
      return edge.meetCloud();
    case 'backUp':
      return edge.backUp();
    case 'restore':
      await edge.endLink();
      return edge.restore();
    case 'reopen':
      await store.close();
      edge.kv = new (edge.kv.constructor as new (disk: unknown) => typeof edge.kv)(edge.kv.disk);
      return edge.open();
    case 'crash':
      return edge.crash(n % 2 === 0);
  }
}

const mayDie = new Set<Kind>([
  'greet',
  'refuse',
  'send',
  'requeue',
  'discard',
  'acknowledge',
  'fork',
  'seal',
  'retain',
]);
/** What a damaged record makes of a call until somebody looks. */
const damaged = new Set(['store-corrupt', 'segment-corrupt', 'edge-forked']);

async function step(edge: BesiegedEdge, op: Operation): Promise<void> {
  const dies = op.dies && mayDie.has(op.type);
  if (dies) edge.kv.held = true;
  const done = perform(edge, op).catch(async (thrown) => {
    if (dies) return;
    if (!edge.dirty || !damaged.has(thrown.code)) throw thrown;
    await edge.mend();
    await edge.endLink();
  });
  if (!dies) return done;
  await new Promise((resolve) => setImmediate(resolve));
  const { values } = edge;
  await edge.crash(op.n % 2 === 0);
  edge.noteDelivered();
  const { fromSeq, count } = edge.store.openSegment(r);
  const after = fromSeq + count - 1;
  if (after < edge.accepted || !numbers(1, after).every((seq) => values.has(seq))) {
    throw new Error(`${after} readings after a crash, ${edge.accepted} before`);
  }
  edge.accepted = after;
}

/** As often as it may take: each greeting settles what was known before it. */
async function settle(edge: BesiegedEdge): Promise<void> {
  await edge.store.seal(r);
  for (let round = 0; round < 60; round++) {
    try {
      await edge.greet();
      while (edge.session && edge.store.header(r, edge.session.next)) await edge.send();
      if (edge.session) return;
    } catch (thrown) {
      const { code } = thrown as { code: string };
      if (!damaged.has(code) || round > 40) throw thrown;
      await edge.mend();
      await edge.store.seal(r);
      if (round % 3 === 2) await edge.crash(true);
    }
  }
  throw new Error('the edge stands still');
}

/** What is on the disk, charged as the quota does. */
function chargeOf({ kv: { disk } }: BesiegedEdge): number {
  let bytes = 0;
  for (const { key, value } of entriesOf(disk)) {
    if (key[0] === 'batch' || key[1] === 'part') bytes += value.length + batchOverheadBytes;
    if (key[0] !== 'head' && key[1] !== 'head') continue;
    const { gap } = JSON.parse(Buffer.from(value).toString());
    bytes += headOverheadBytes + (key[0] === 'head' && gap !== undefined ? Buffer.byteLength(gap) : 0);
  }
  return bytes;
}

function same(found: unknown, wanted: unknown, what = ''): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a}, expected ${b}`);
}

test('whatever happens to an edge and its clouds: each seq is once a reading or a gap with its cause, and all sums are right', async (t) => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 20, maxLength: 90, size: 'max' }),
      async (operations) => {
        const edge = new BesiegedEdge();
        await edge.open();
        await edge.meetCloud();
        let headsDamaged = false;
        for (const op of operations) {
          await step(edge, op);
          headsDamaged ||= op.type === 'damageHeads';
          if (!edge.dirty) same(edge.store.status().bytes, chargeOf(edge), `charge after ${op.type}`);
        }
        await settle(edge);
        const { store, cloud, gaps } = edge;
        await store.policies.turnedAwayToGaps();
        while (store.header(r, edge.session!.next)) await edge.send();
        const chain = cloud.stored.get(store.epoch) ?? [];
        const all = chain.flatMap(({ header }) => numbers(header.fromSeq, header.count));
        same(all, numbers(1, edge.accepted));
        await edge.acknowledge(0);
        await store.letters.discard(store.letters.list().map(({ id }) => id));
        const { lost, bytes } = store.status();
        same(bytes, 0);
        const reasons = ['dropped', 'discarded', 'refused', 'corrupt'] as const;
        const numbered = reasons
          .flatMap((reason) => [...(gaps.get(reason) ?? [])])
          .filter(
            // The gap that stood for what is delivered was damaged.
            (seq) => !edge.delivered.has(seq),
          );
        const sum = reasons.reduce((before, reason) => before + (lost[reason] ?? 0), 0);
        const told = new Set(numbered).size + edge.turnedAway;
        // Why something was given up nobody knows that the cloud has after all, once its header was damaged.
        if (headsDamaged) same(sum >= told, true, `lost ${JSON.stringify(lost)}, told ${told}`);
        else same(sum, told, `lost ${JSON.stringify(lost)}`);
        same(lost.missed ?? 0, edge.missed);
        if (!headsDamaged) {
          for (const reason of reasons) {
            const more = reason === 'dropped' ? edge.turnedAway : 0;
            same(lost[reason] ?? 0, (gaps.get(reason)?.size ?? 0) + more, reason);
          }
        }
        for (const reason of reasons) seen.set(reason, (seen.get(reason) ?? 0) + (lost[reason] ?? 0));
        const left = entriesOf(edge.kv.disk).filter(({ key }) =>
          ['batch', 'sum', 'head', 'letter'].includes(String(key[0])),
        );
        same(left, []);
        same(JSON.parse(Buffer.from(edge.kv.get(['meta'])!).toString()).format, 1);
      },
    ),
    {
      numRuns: Number(process.env.FOGRUN_BESIEGED_RUNS ?? 100),
      ...(process.env.FOGRUN_BESIEGED_SEED ? { seed: Number(process.env.FOGRUN_BESIEGED_SEED) } : {}),
      includeErrorInReport: true,
    },
  );
  for (const [reason, count] of seen) t.true(count > 20, `${reason}: ${count}`);
});
