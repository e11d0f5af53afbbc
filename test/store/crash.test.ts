import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { systemClock } from '../../src/runtime/clock.ts';
import { openEdgeStore } from '../../src/store/open-edge-store.ts';
import { seededRandom, seqs, temporaryDir } from '../helpers/store-fixtures.ts';

const script = fileURLToPath(new URL('./crash-child.js', import.meta.url));

/** Kills the child as soon as it told `lines` lines; the numbers it told last. */
async function runUntil(
  dir: string,
  seed: string,
  lines: number,
): Promise<{ accepted: number; acknowledged: number }> {
  const child: ChildProcess = spawn(process.execPath, [script, dir, seed], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told = { accepted: 0, acknowledged: 0 };
  let rest = '';
  let seen = 0;
  child.stdout!.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop()!;
    for (const line of parts) {
      const [what, number] = line.split(' ') as ['accepted' | 'acknowledged', string];
      told[what] = Number(number);
      if (++seen === lines) child.kill('SIGKILL');
    }
  });
  await once(child, 'close');
  return told;
}

test('after kill -9 at any moment every accepted reading is there, in order, without holes', async (t) => {
  const dir = await temporaryDir(t);
  const seed = process.env.FOGRUN_SEED ?? String(Date.now());
  t.log(`FOGRUN_SEED=${seed}`);
  const random = seededRandom(seed);
  let before = 0;
  for (let round = 0; round < 8; round++) {
    const told = await runUntil(dir, `${seed}/${round}`, 1 + Math.floor(random.next() * 60));
    t.true(told.accepted > before);
    const store = await openEdgeStore({
      dir,
      edge: 'shed',
      cursors: ['uploader'],
      clock: systemClock,
      random,
      bytesMax: 2 ** 30,
    });
    t.is(store.recovered, undefined);
    await store.seal('readings');
    const head = store.head('uploader', 'readings');
    const held: number[] = [];
    for (let n = head.acknowledged + 1; n <= head.sealed; n++) {
      held.push(...seqs(await store.body(store.header('readings', n)!)));
    }
    const first = held[0]!;
    t.true(first <= told.accepted + 1);
    t.deepEqual(
      held,
      Array.from(held, (_, i) => first + i),
      'without holes',
    );
    t.true(
      held.at(-1)! >= told.accepted,
      `round ${round}: accepted ${told.accepted}, held up to ${held.at(-1)}`,
    );
    t.true(first > told.acknowledged || told.acknowledged === 0);
    before = held.at(-1)!;
    await store.close();
  }
});
