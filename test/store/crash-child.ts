/** Run as a process: appends, seals and acknowledges at random until it is killed; tells what was accepted. */
import { writeSync } from 'node:fs';
import { systemClock } from '../../src/runtime/clock.ts';
import { openEdgeStore } from '../../src/store/open-edge-store.ts';
import { batch, seededRandom } from '../helpers/store-fixtures.ts';

const [dir, seed] = process.argv.slice(2) as [string, string];
const random = seededRandom(seed);
const store = await openEdgeStore({
  dir,
  edge: 'shed',
  cursors: ['uploader'],
  clock: systemClock,
  random,
  bytesMax: 2 ** 30,
});
let total = store.openSegment('readings').count;
const { sealed } = store.head('uploader', 'readings');
const last = store.header('readings', sealed);
if (last) total = last.fromSeq + last.count - 1 + total;
// The number of the last reading is only known here while the newest segment is held: never acknowledge it.
for (;;) {
  const count = 1 + Math.floor(random.next() * 20);
  const append = store.append([batch(count)]).then(() => {
    total += count;
    writeSync(1, `accepted ${total}\n`);
  });
  const choice = random.next();
  const other = choice < 0.3 ? store.seal('readings') : undefined;
  await Promise.all([append, other]);
  if (choice > 0.8) {
    const head = store.head('uploader', 'readings');
    const before = store.header('readings', head.sealed - 1);
    if (before && head.acknowledged < before.sequence) {
      await store.acknowledge('uploader', 'readings', before.sequence, before.hash);
      writeSync(1, `acknowledged ${before.fromSeq + before.count - 1}\n`);
    }
  }
}
