/** What every key-value store must do. */
import type { TestFn } from 'ava';
import fc from 'fast-check';
import type { Kv, KvKey } from '../../src/contract/kv.ts';
import { compareKeys } from '../helpers/memory-kv.ts';

/** An empty store, and a way to close it and open it again. */
export type KvFactory = (t: {
  teardown(fn: () => unknown): void;
}) => Promise<{ kv: Kv; reopen(): Promise<Kv> }>;

const bytes = (text: string) => Buffer.from(text);
const text = (value: Uint8Array | undefined) => value && Buffer.from(value).toString();
const all = { from: [0], to: ['~~'] };
const keysOf = (kv: Kv) => Array.from(kv.range(all), (entry) => entry.key);

export function kvSuite(test: TestFn, name: string, factory: KvFactory): void {
  test(`${name}: what a transaction put is there once it resolved, and after reopening`, async (t) => {
    const { kv, reopen } = await factory(t);
    const answer = await kv.transaction((writer) => {
      writer.put(['a', 1], bytes('one'));
      writer.put(['gone'], bytes('x'));
      writer.remove(['gone']);
      return 42;
    });
    t.is(answer, 42);
    t.is(text(kv.get(['a', 1])), 'one');
    t.is(kv.get(['gone']), undefined);
    const again = await reopen();
    t.is(text(again.get(['a', 1])), 'one');
  });

  test(`${name}: work sees its own writes and those of every transaction called before`, async (t) => {
    const { kv } = await factory(t);
    const seen: unknown[] = [];
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        kv.transaction((writer) => {
          seen.push(text(writer.get(['last'])));
          writer.put(['last'], bytes(String(i)));
          seen.push(text(writer.get(['last'])));
          writer.put(['n', i], bytes('x'));
          seen.push([...writer.range({ from: ['n'], to: ['n~'] })].length);
        }),
      ),
    );
    const expected = Array.from({ length: 20 }, (_, i) => [
      i === 0 ? undefined : String(i - 1),
      String(i),
      i + 1,
    ]);
    t.deepEqual(seen, expected.flat());
  });

  test(`${name}: transactions resolve in the order of their calls`, async (t) => {
    const { kv } = await factory(t);
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        kv.transaction((w) => w.put(['k', i], bytes('x'))).then(() => order.push(i)),
      ),
    );
    t.deepEqual(order, [...Array(50).keys()]);
  });

  test(`${name}: work that throws before it writes refuses only itself`, async (t) => {
    const { kv } = await factory(t);
    const before = kv.transaction((w) => w.put(['a'], bytes('1')));
    const refused = kv.transaction(() => {
      throw new RangeError('no');
    });
    const after = kv.transaction((w) => w.put(['b'], bytes('2')));
    await t.throwsAsync(refused, { instanceOf: RangeError, message: 'no' });
    await before;
    await after;
    t.deepEqual(keysOf(kv), [['a'], ['b']]);
  });

  test(`${name}: work that throws after a write fails the store for good`, async (t) => {
    const { kv } = await factory(t);
    const broken = kv.transaction((w) => {
      w.put(['a'], bytes('1'));
      throw new Error('bug');
    });
    const waiting = kv.transaction((w) => w.put(['b'], bytes('2')));
    await t.throwsAsync(broken, { code: 'store-failed' });
    await t.throwsAsync(waiting, { code: 'store-failed' });
    await t.throwsAsync(
      kv.transaction((w) => w.put(['c'], bytes('3'))),
      { code: 'store-failed' },
    );
  });

  test(`${name}: a range is in key order, from inclusive, to exclusive, reversible, limited`, async (t) => {
    const { kv } = await factory(t);
    await kv.transaction((w) => {
      for (const key of [
        ['s', 10],
        ['s', 9],
        ['s', 'x'],
        ['s', 'x', 1],
        ['s'],
        ['t', 2 ** 53 - 1],
        ['s.b', 1],
      ] as KvKey[]) {
        w.put(key, bytes('v'));
      }
    });
    const range = (options: object) =>
      Array.from(kv.range({ from: ['s'], to: ['s~'], ...options }), (e) => e.key);
    t.deepEqual(range({}), [['s'], ['s', 9], ['s', 10], ['s', 'x'], ['s', 'x', 1], ['s.b', 1]]);
    t.deepEqual(range({ reverse: true, limit: 2 }), [
      ['s.b', 1],
      ['s', 'x', 1],
    ]);
    t.deepEqual(range({ from: ['s', 9], to: ['s', 'x'] }), [
      ['s', 9],
      ['s', 10],
    ]);
    t.deepEqual(range({ from: ['s', 9], to: ['s', 'x'], reverse: true }), [
      ['s', 10],
      ['s', 9],
    ]);
  });

  test(`${name}: any keys come back as they were, in the order of the contract`, async (t) => {
    const element = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.stringMatching(/^[A-Za-z0-9._/-]{1,12}$/));
    const key = fc.array(element, { minLength: 1, maxLength: 4 });
    const { kv } = await factory(t);
    await fc.assert(
      fc.asyncProperty(fc.array(key, { maxLength: 30 }), async (keys) => {
        await kv.transaction((w) => {
          w.removeRange([0], ['~~']);
          for (const each of keys) w.put(each, bytes(JSON.stringify(each)));
        });
        const expected = [...new Map(keys.map((each) => [JSON.stringify(each), each])).values()].sort(
          compareKeys,
        );
        t.deepEqual(keysOf(kv), expected);
        for (const each of keys) t.is(text(kv.get(each)), JSON.stringify(each));
      }),
      { numRuns: 30 },
    );
  });

  test(`${name}: values are copies, both ways`, async (t) => {
    const { kv } = await factory(t);
    for (const size of [1, 100, 5_000, 200_000]) {
      const given = Buffer.alloc(size, 1);
      await kv.transaction((w) => {
        w.put(['v'], given);
        given.fill(2);
      });
      const first = kv.get(['v'])!;
      const [ranged] = [...kv.range({ from: ['v'], to: ['v~'] })];
      await kv.transaction((w) => w.put(['v'], Buffer.alloc(size, 3)));
      for (let i = 0; i < 4; i++) await kv.transaction((w) => w.put(['w', i], Buffer.alloc(size, 4)));
      t.true(first.every((byte) => byte === 1) && first.length === size);
      t.true(ranged!.value.every((byte) => byte === 1));
      first.fill(9);
      t.is(kv.get(['v'])![0], 3);
    }
  });

  test(`${name}: removing a range takes its first key and leaves its last`, async (t) => {
    const { kv } = await factory(t);
    await kv.transaction((w) => {
      for (let i = 0; i < 10; i++) w.put(['k', i], bytes('v'));
    });
    await kv.transaction((w) => w.removeRange(['k', 2], ['k', 9]));
    t.deepEqual(keysOf(kv), [
      ['k', 0],
      ['k', 1],
      ['k', 9],
    ]);
  });

  test(`${name}: closing carries out what was called, and refuses what comes later`, async (t) => {
    const { kv } = await factory(t);
    const last = kv.transaction((w) => w.put(['a'], bytes('1')));
    await kv.close();
    await last;
    await kv.close();
    await t.throwsAsync(
      kv.transaction((w) => w.put(['b'], bytes('1'))),
      { code: 'store-failed' },
    );
  });
}
