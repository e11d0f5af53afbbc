import test from 'ava';
import fc from 'fast-check';
import type { EdgeStore } from '../../src/contract/store.ts';
import { createEdgeStore } from '../../src/store/edge-store.ts';
import { MemoryKv } from '../helpers/memory-kv.ts';
import { batch, seededRandom, seqs } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const cursors = ['a', 'b'];

/** What must hold: `accepted` readings, of which each cursor was acknowledged those up to its number. */
interface Model {
  accepted: number;
  readonly acked: Map<string, number>;
}

interface Real {
  store: EdgeStore;
  kv: MemoryKv;
  open(kv: MemoryKv): Promise<EdgeStore>;
}

/** Reads everything that no acknowledgement covers: it must be there, once, in order. */
async function verify(
  model: Model,
  real: Real,
  t: { deepEqual(a: unknown, b: unknown): unknown },
): Promise<void> {
  const { store } = real;
  const deletable = Math.min(...model.acked.values());
  for (const cursor of cursors) {
    const head = store.head(cursor, 'readings');
    let next: number | null = null;
    for (let n = head.acknowledged + 1; n <= head.sealed; n++) {
      const header = store.header('readings', n)!;
      const body = await store.body(header);
      if (header.type === 'readings') {
        t.deepEqual(
          seqs(body),
          Array.from({ length: header.count }, (_, i) => header.fromSeq + i),
        );
      }
      if (next !== null) t.deepEqual(header.fromSeq, next);
      else if (header.fromSeq > model.acked.get(cursor)! + 1)
        throw new Error(`unacknowledged data of ${cursor} is gone`);
      if (header.type === 'gap' && header.count > deletable)
        throw new Error('a gap covers what was not acknowledged');
      next = header.fromSeq + header.count;
    }
    const sealedTo = next ?? model.acked.get(cursor)! + 1;
    t.deepEqual(sealedTo - 1 + store.openSegment('readings').count, model.accepted);
  }
}

test('whatever happens, nothing that was accepted goes before its acknowledgement', async (t) => {
  const numbered = <T extends string>(type: T) =>
    fc.record({ type: fc.constant(type), count: fc.integer({ min: 1, max: 5 }) });
  const bare = <T extends string>(type: T) => fc.record({ type: fc.constant(type) });
  const acknowledging = <T extends string>(type: T) =>
    fc.record({
      type: fc.constant(type),
      cursor: fc.constantFrom(...cursors),
      sequence: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constantFrom(0, 12)),
    });
  const operation = fc.oneof(
    { weight: 4, arbitrary: numbered('append') },
    { weight: 4, arbitrary: bare('seal') },
    { weight: 6, arbitrary: acknowledging('acknowledge') },
    { weight: 1, arbitrary: acknowledging('forge') },
    { weight: 1, arbitrary: bare('gap') },
    { weight: 1, arbitrary: bare('reopen') },
    { weight: 1, arbitrary: numbered('crash') },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('fork' as const), cursor: fc.constantFrom(...cursors) }),
    },
  );
  let acknowledgements = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 40, size: 'max' }), async (operations) => {
      const common = {
        edge: 'shed',
        cursors,
        bytesMax: 2 ** 30,
        clock: createVirtualClock(),
        random: seededRandom('p'),
      };
      const open = (kv: MemoryKv) => createEdgeStore(kv, common);
      const kv = new MemoryKv();
      const real: Real = { kv, store: await open(kv), open };
      const model: Model = { accepted: 0, acked: new Map(cursors.map((c) => [c, 0])) };
      for (const op of operations) {
        const { store } = real;
        if (op.type === 'append') {
          await store.append([batch(op.count)]);
          model.accepted += op.count;
        } else if (op.type === 'seal') {
          await store.seal('readings');
        } else if (op.type === 'gap') {
          await store.addGap('readings', { gap: 'missed', count: 1, text: 'Away.' });
        } else if (op.type === 'reopen' || op.type === 'crash') {
          if (op.type === 'crash') {
            // In flight when the process dies: never accepted.
            real.kv.held = true;
            void store.append([batch(op.count)]);
            void store.seal('readings');
          }
          real.kv = new MemoryKv(real.kv.crash());
          real.store = await open(real.kv);
        } else if (op.type === 'fork') {
          await store.fork(op.cursor, 'Copied.');
          const gone = store.header('readings', 1);
          const covered = gone?.type === 'gap' ? gone.fromSeq + gone.count - 1 : 0;
          for (const c of cursors) model.acked.set(c, Math.min(model.acked.get(c)!, covered));
        } else {
          const { acknowledged, sealed } = store.head(op.cursor, 'readings');
          // Mostly a segment that waits; now and then one that was never sealed.
          const sequence = op.sequence === 12 ? sealed + 1 : Math.min(sealed, acknowledged + op.sequence);
          const header = store.header('readings', sequence);
          const hash = header && op.type === 'acknowledge' ? header.hash : new Uint8Array(32);
          const before = acknowledged;
          const taken = await store.acknowledge(op.cursor, 'readings', sequence, hash).catch(() => null);
          if (taken && header && sequence > before) {
            acknowledgements++;
            model.acked.set(
              op.cursor,
              Math.max(model.acked.get(op.cursor)!, header.fromSeq + header.count - 1),
            );
          } else if (taken && taken.length > 0) throw new Error('a forged acknowledgement was taken');
        }
        await verify(model, real, t);
      }
      // Once all is acknowledged nothing is held, whatever came before.
      await real.store.seal('readings');
      for (const c of cursors) {
        const head = real.store.head(c, 'readings');
        if (head.sealed > head.acknowledged)
          await real.store.acknowledge(c, 'readings', head.sealed, head.sealedHash);
      }
      t.is(real.store.status().bytes, 0);
    }),
    { numRuns: 100 },
  );
  t.true(acknowledgements > 100, `only ${acknowledgements} acknowledgements were tried`);
});
