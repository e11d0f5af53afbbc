import test from 'ava';
import { Storms } from '../../src/sim/storms.ts';
import { Telling } from '../../src/sim/telling.ts';
import { createVirtualClock } from '../../src/sim/virtual-clock.ts';

/** Three edges dial every 16 s, so many ms after one another; answers with what was violated. */
async function dialling(apartMs: number): Promise<string[]> {
  const clock = createVirtualClock();
  const telling = new Telling(clock);
  const storms = new Storms(clock, telling);
  for (let attempt = 0; attempt < 20; attempt++) {
    for (const edge of [0, 1, 2]) {
      const atMs = attempt * 16_000 + edge * apartMs;
      clock.setTimeout(() => storms.dialled(`edge-${edge}`, '127.0.0.1:7070'), atMs);
    }
  }
  await clock.advance(400_000);
  return [...new Set(telling.violations.map(({ invariant }) => invariant))];
}

test('edges that dial at the same moments, attempt after attempt, are a storm', async (t) => {
  t.deepEqual(await dialling(50), ['jitter']);
});

test('edges that chance brought within half a second after a long wait are none', async (t) => {
  t.deepEqual(await dialling(300), []);
});
