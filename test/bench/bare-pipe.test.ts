import test from 'ava';
import { lineBytes } from '../../bench/lines.ts';
import type { Bench } from '../../bench/scenario.ts';
import { barePipe } from '../../bench/transfer.ts';

/** A world whose bare pipe says that it wrote `bytes` and synced `syncs` times, in two seconds. */
function benchWith(bytes: number, syncs: number): Bench {
  const answers: Record<string, unknown> = {
    blast: { startedAtMs: 1_000, closedAtMs: 3_000 },
    finished: { syncedAtMs: 3_000, bytes, syncs },
  };
  const remote = { ask: async (name: string) => answers[name] };
  return { world: { directory: '', child: () => remote }, load: remote, quick: true } as unknown as Bench;
}

test('a bare pipe that wrote and synced everything has a rate', async (t) => {
  t.is((await barePipe(benchWith(4_500 * lineBytes, 5), 4_500)).value, 2_250);
});

test('a bare pipe that lost bytes or left syncs out is no yardstick', async (t) => {
  await t.throwsAsync(barePipe(benchWith(4_499 * lineBytes, 5), 4_500), {
    message: /has 449900 of 450000 bytes/,
  });
  await t.throwsAsync(barePipe(benchWith(4_500 * lineBytes, 4), 4_500), {
    message: /synced 4 times instead of 4\.5/,
  });
});
