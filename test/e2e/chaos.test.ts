import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import {
  type Fogrun,
  filedReadings,
  freePort,
  moved,
  segment,
  shipped,
  startFogrun,
  world,
} from '../helpers/fogrun.ts';

/** Longer runs: FOGRUN_CHAOS_SECONDS=300 FOGRUN_CHAOS_SEED=7 npx ava dist/test/e2e/chaos.test.js */
const seconds = Number(process.env.FOGRUN_CHAOS_SECONDS ?? 15);
const seed = Number(process.env.FOGRUN_CHAOS_SEED ?? Date.now() % 1_000_000);

test('cloud, edge and emulator killed at random: every reading once, in order, in one epoch', async (t) => {
  t.timeout((seconds + 90) * 1_000);
  t.log(`FOGRUN_CHAOS_SEED=${seed}`);
  const random = randomFrom(seed);
  const emulatorPort = String(await freePort());
  const env = await world(t, {
    TINKERFORGE_HOST: '127.0.0.1',
    TINKERFORGE_PORT: emulatorPort,
    TINKERFORGE_UID: 'bAr',
    POLL_EVERY: '10ms',
  });
  const roles = {
    cloud: () => startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env),
    edge: () => startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env),
    emulator: () => startFogrun(t, ['emulate', '--port', emulatorPort, '--log', 'json'], env),
  };
  type Role = keyof typeof roles;
  const names = Object.keys(roles) as Role[];
  const running = new Map<Role, Fogrun>(names.map((name) => [name, roles[name]()]));
  const edges: Fogrun[] = [running.get('edge')!];
  await edges[0]!.line(segment('deleted'));

  const until = Date.now() + seconds * 1_000;
  let kills = 0;
  while (Date.now() < until) {
    // The moment of the next kill is the test's input, not a wait for something.
    await wait(100 + random() * 1_200);
    const name = names[Math.floor(random() * names.length)]!;
    const signal = random() < 0.8 ? 'SIGKILL' : 'SIGTERM';
    await running.get(name)!.end(signal);
    kills += 1;
    if (random() < 0.5) await wait(random() * 800);
    const again = roles[name]();
    running.set(name, again);
    if (name === 'edge') edges.push(again);
  }
  t.true(kills > 3);

  const edge = running.get('edge')!;
  await edge.line(segment('deleted'), edge.lines.length);
  await edge.line(moved('uploader', 'idle'), edge.lines.length);
  t.is((await edge.end()).code, 0, edge.stderr());
  const sealed = new Map<number, number>();
  for (const { lines } of edges) {
    for (const line of lines) if (segment('sealed')(line)) sealed.set(line.segment, line.readings);
  }
  const promised = [...sealed.values()].reduce((sum, count) => sum + count, 0);
  const filed = () => filedReadings(env.FOGRUN_STATE!, 'edge-under-test');
  const count = (all: Awaited<ReturnType<typeof filed>>) =>
    [...all.values()].reduce((sum, { length }) => sum + length, 0);
  // Acknowledged is not filed yet.
  for (const over = Date.now() + 20_000; count(await filed()) < promised && Date.now() < over; )
    await wait(50);
  t.is((await running.get('cloud')!.end()).code, 0);

  const epochs = await filed();
  t.is(epochs.size, 1, 'a crash is no fork');
  const [readings] = [...epochs.values()];
  const seqs = readings!.map(({ seq }) => seq);
  t.log(`${kills} kills, ${seqs.length} readings`);
  t.deepEqual(
    seqs.filter((seq, i) => seq !== i + 1),
    [],
  );
  t.true(
    seqs.length >= promised,
    `${promised} readings were sealed before our eyes, ${seqs.length} are filed`,
  );
});

/** A small seeded generator (mulberry32, public domain). */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
