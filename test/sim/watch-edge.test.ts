import test from 'ava';
import { Ledger } from '../../src/sim/ledger.ts';
import type { Telling } from '../../src/sim/telling.ts';
import { watchEdgeStore } from '../../src/sim/watch-edge.ts';
import { createEdgeStore } from '../../src/store/edge-store.ts';
import { entriesOf, MemoryKv } from '../helpers/memory-kv.ts';
import { batch, seededRandom } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

for (const early of [false, true]) {
  const title = early
    ? 'readings that are called accepted before the disk has them are found'
    : 'readings that are called accepted once the disk has them are well';
  test(title, async (t) => {
    const kv = new MemoryKv();
    const options = { edge: 'shed', cursors: ['uploader'], bytesMax: 2 ** 24, clock: createVirtualClock() };
    const store = await createEdgeStore(kv, { ...options, random: seededRandom('watch') });
    const append = store.append.bind(store);
    if (early) {
      store.append = async (...batches) => {
        append(...batches).catch(() => {});
      };
    }
    const found: string[] = [];
    const telling = { violate: (...words: string[]) => void found.push(words.join(': ')) };
    const lastOnDisk = () =>
      entriesOf(kv.disk)
        .filter(({ key }) => key[0] === 'batch')
        .reduce((sum, { value }) => sum + value.filter((byte) => byte === 0x0a).length, 0);
    const watched = watchEdgeStore(store, {
      ...{ name: 'edge-1', ledger: new Ledger('shed'), telling: telling as unknown as Telling },
      ...{ isStored: () => true, pastsOf: () => 0, lastOnDisk, accepted: () => {} },
    });
    await watched.append([batch(3)]);
    await watched.append([batch(2)]);
    const wanted = [
      'accepted-stays: edge-1: readings of readings were accepted up to 3, and the disk has 0',
      'accepted-stays: edge-1: readings of readings were accepted up to 5, and the disk has 0',
    ];
    t.deepEqual(found, early ? wanted : []);
  });
}
