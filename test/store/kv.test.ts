import test from 'ava';
import { systemClock } from '../../src/runtime/clock.ts';
import { openLmdbKv } from '../../src/store/lmdb-kv.ts';
import { MemoryKv } from '../helpers/memory-kv.ts';
import { temporaryDir } from '../helpers/store-fixtures.ts';
import { kvSuite } from '../suites/kv.ts';

kvSuite(test, 'memory', async () => {
  const kv = new MemoryKv();
  return {
    kv,
    reopen: async () => {
      await kv.close();
      return new MemoryKv(kv.disk);
    },
  };
});

kvSuite(test, 'lmdb', async (t) => {
  const path = await temporaryDir(t);
  let kv = await openLmdbKv({ path, clock: systemClock });
  t.teardown(() => kv.close());
  return {
    kv,
    reopen: async () => {
      await kv.close();
      kv = await openLmdbKv({ path, clock: systemClock });
      return kv;
    },
  };
});
