/** Longer: FOGRUN_FAULT_SECONDS=600 FOGRUN_FAULT_SEED=7 npx ava dist/test/faults/kill.test.js */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { chance, faultSeconds } from '../helpers/chance.ts';
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
import { faultsIn, filedUpTo, sendLoad, withAcks, writeLoad } from '../helpers/load.ts';

const perSecond = 2_000;

/** Kills one of them at random again and again, starts it anew, and hands each new process to `started`. */
async function killing<Role extends string>(
  t: ExecutionContext,
  options: {
    readonly seconds: number;
    readonly random: () => number;
    readonly roles: Readonly<Record<Role, () => Fogrun>>;
    readonly started?: (role: Role, process: Fogrun) => void;
    /** Longest time between two kills. */
    readonly everyMs: number;
  },
): Promise<Map<Role, Fogrun>> {
  const { seconds, random, roles, started = () => {}, everyMs } = options;
  const names = Object.keys(roles) as Role[];
  const running = new Map<Role, Fogrun>();
  const start = (name: Role) => {
    const process = roles[name]();
    running.set(name, process);
    started(name, process);
  };
  for (const name of names) start(name);
  const until = Date.now() + seconds * 1_000;
  let kills = 0;
  while (Date.now() < until) {
    // The moment of the next kill is the test's input, not a wait for something.
    await wait(random() ** 2 * everyMs);
    const victims = random() < 0.1 ? names : [names[Math.floor(random() * names.length)]!];
    const signal = random() < 0.85 ? 'SIGKILL' : 'SIGTERM';
    await Promise.all(victims.map((name) => running.get(name)!.end(signal)));
    kills += victims.length;
    if (random() < 0.4) await wait(random() * 800);
    for (const name of victims) start(name);
  }
  t.log(`${kills} kills`);
  t.true(kills > 3);
  return running;
}

test('cloud, edge and emulator killed at random: every reading once, in order, in one epoch', async (t) => {
  const seconds = faultSeconds(10);
  t.timeout((seconds + 90) * 1_000);
  const emulatorPort = String(await freePort());
  const env = await world(t, {
    TINKERFORGE_HOST: '127.0.0.1',
    TINKERFORGE_PORT: emulatorPort,
    TINKERFORGE_UID: 'bAr',
    POLL_EVERY: '10ms',
  });
  let promised = 0;
  const sealed = new Map<number, number>();
  const running = await killing(t, {
    seconds,
    random: chance(t),
    everyMs: 1_800,
    roles: {
      cloud: () => startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env),
      edge: () => startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env),
      emulator: () => startFogrun(t, ['emulate', '--port', emulatorPort, '--log', 'json'], env),
    },
    started: (role, { child, lines }) => {
      if (role !== 'edge') return;
      child.once('close', () => {
        for (const line of lines) if (segment('sealed')(line)) sealed.set(line.segment, line.readings);
      });
    },
  });

  const edge = running.get('edge')!;
  await edge.line(segment('deleted'), edge.lines.length);
  await edge.line(moved('uploader', 'idle'), edge.lines.length);
  t.is((await edge.end()).code, 0, edge.stderr());
  promised = [...sealed.values()].reduce((sum, count) => sum + count, 0);
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
  t.log(`${seqs.length} readings`);
  t.deepEqual(
    seqs.filter((seq, i) => seq !== i + 1),
    [],
  );
  t.true(
    seqs.length >= promised,
    `${promised} readings were sealed before our eyes, ${seqs.length} are filed`,
  );
});

test('edge and cloud killed at random under 2,000 lines a second of a log: every line once, in order, in one epoch', async (t) => {
  const seconds = faultSeconds(12);
  t.timeout((seconds + 150) * 1_000);
  const env = await world(t);
  const log = join(env.FOGRUN_STATE!, 'log.ndjson');
  await writeFile(log, '');
  const edgeEnv = { ...env, LOG_FILE: log };
  const load = writeLoad(t, log, perSecond);
  const running = await killing(t, {
    seconds,
    random: chance(t),
    everyMs: 2_500,
    roles: {
      cloud: () => startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env),
      edge: () => startFogrun(t, [shipped('logfile.yaml'), '--log', 'json'], edgeEnv),
    },
  });
  await load.stop();
  const epochs = await filedUpTo(env.FOGRUN_STATE!, 'edge-under-test', load.sent());
  t.is(epochs.length, 1, 'a crash is no fork');
  t.deepEqual(faultsIn(epochs[0]!, load.sent()), []);
  t.is(epochs[0]!.length, load.sent(), 'none twice');
  t.log(`${load.sent()} lines`);
  for (const process of running.values()) t.is((await process.end()).code, 0, process.stderr());
});

test('edge and cloud killed at random under 2,000 lines a second over TCP: what a sender was told of is there, in order', async (t) => {
  const seconds = faultSeconds(12);
  t.timeout((seconds + 150) * 1_000);
  const env = await world(t, { INGEST_PORT: String(await freePort()) });
  const file = await withAcks(env.FOGRUN_STATE!);
  const load = sendLoad(t, Number(env.INGEST_PORT), perSecond);
  const running = await killing(t, {
    seconds,
    random: chance(t),
    everyMs: 2_500,
    roles: {
      cloud: () => startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env),
      edge: () => startFogrun(t, [file, '--log', 'json'], env),
    },
  });
  await load.stop();
  const epochs = await filedUpTo(env.FOGRUN_STATE!, 'edge-under-test', load.told());
  t.is(epochs.length, 1, 'a crash is no fork');
  t.deepEqual(faultsIn(epochs[0]!, load.told(), load.starts), []);
  t.log(`${load.told()} lines told of, ${epochs[0]!.length} stored, ${load.starts.length} connections`);
  for (const process of running.values()) t.is((await process.end()).code, 0, process.stderr());
});
