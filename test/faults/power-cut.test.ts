/**
 * Longer: FOGRUN_FAULT_SECONDS=600 FOGRUN_FAULT_SEED=7 npx ava dist/test/faults/power-cut.test.js
 * Takes root, XFS and a C compiler; says so where they are missing.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { chance, faultSeconds } from '../helpers/chance.ts';
import {
  type Fogrun,
  freePort,
  segment,
  shipped,
  startFogrun,
  temporaryDirectory,
  world,
} from '../helpers/fogrun.ts';
import { faultsIn, filedNumbers, filedUpTo, sendLoad, withAcks } from '../helpers/load.ts';
import { loopDisk, loopDiskTools } from '../helpers/loop-disk.ts';
import { canRun, run } from '../helpers/needs.ts';

const edgeId = 'edge-under-test';
const perSecond = 2_000;

/** The machines of edge and cloud, each with a disk of its own, under load. */
async function machines(t: ExecutionContext, extra: Record<string, string> = {}) {
  const disks = { edge: await loopDisk(t), cloud: await loopDisk(t) };
  const env = await world(t, { INGEST_PORT: String(await freePort()), ...extra });
  const file = await withAcks(env.FOGRUN_STATE!);
  const start = {
    edge: () => startFogrun(t, [file, '--log', 'json'], { ...env, FOGRUN_STATE: disks.edge.path }),
    cloud: () =>
      startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], { ...env, FOGRUN_STATE: disks.cloud.path }),
  };
  type Role = keyof typeof start;
  const running: Record<Role, Fogrun> = { edge: start.edge(), cloud: start.cloud() };
  const all: Fogrun[] = [running.edge, running.cloud];
  return {
    disks,
    running,
    all,
    load: sendLoad(t, Number(env.INGEST_PORT), perSecond),
    /** The machine loses its power, and boots. */
    async lose(role: Role) {
      disks[role].cut();
      await running[role].end('SIGKILL');
      await disks[role].boot();
      running[role] = start[role]();
      all.push(running[role]);
    },
    async end() {
      for (const process of Object.values(running)) {
        if (process.child.exitCode === null) await process.end();
      }
    },
  };
}

const alarms = (all: readonly Fogrun[]) =>
  all.flatMap(({ lines }) =>
    lines.filter(({ code }) => code === 'store-corrupt' || code === 'edge-forked').map(({ code }) => code),
  );

test('after power cuts of edge and cloud under load all that was acknowledged is there, once, in order, and whole', async (t) => {
  if (!canRun(t, ...loopDiskTools)) return;
  const seconds = faultSeconds(15);
  t.timeout((seconds + 150) * 1_000);
  const random = chance(t);
  const { disks, load, running, lose, all, end } = await machines(t);
  const until = Date.now() + seconds * 1_000;
  let cuts = 0;
  while (Date.now() < until) {
    // The moment of the cut is the test's input, not a wait for something.
    await wait(300 + random() * 2_000);
    await lose(random() < 0.5 ? 'edge' : 'cloud');
    cuts += 1;
  }
  await load.stop();
  const epochs = await filedUpTo(disks.cloud.path, edgeId, load.told());
  t.deepEqual(alarms(all), [], 'a power cut is no damage and no fork');
  t.is(epochs.length, 1);
  t.deepEqual(faultsIn(epochs[0]!, load.told(), load.starts), []);
  t.log(`${cuts} power cuts, ${load.told()} lines told of, ${epochs[0]!.length} stored`);
  await running.edge.end();
  await running.cloud.end();
  await end();
});

/** Lets every sync succeed at once and do nothing; a file asked for with writes that sync gets ordinary ones. */
const unsafe = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>
int fdatasync(int fd) { return 0; }
int fsync(int fd) { return 0; }
int msync(void *at, size_t length, int flags) { return 0; }
static int plain(const char *name, const char *path, int flags, mode_t mode) {
  int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
  return real(path, flags & ~(O_SYNC | O_DSYNC), mode);
}
int open(const char *path, int flags, ...) {
  va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest);
  return plain("open", path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest);
  return plain("open64", path, flags, mode);
}
`;

test('control: where syncs do nothing a power cut loses what was acknowledged, and this test sees it', async (t) => {
  if (!canRun(t, ...loopDiskTools, 'cc')) return;
  t.timeout(120_000);
  const random = chance(t);
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, 'unsafe.c'), unsafe);
  const library = join(directory, 'unsafe.so');
  run('cc', '-shared', '-fPIC', '-o', library, join(directory, 'unsafe.c'));
  const { disks, load, running, lose, all, end } = await machines(t, { LD_PRELOAD: library });
  /** Both work: the sender is told of more, and more is deleted. */
  const progress = async (withinMs: number) => {
    const { edge } = running;
    const [from, told] = [edge.lines.length, load.told()];
    for (const late = Date.now() + withinMs; Date.now() < late && edge.child.exitCode === null; ) {
      if (edge.lines.slice(from).some(segment('deleted')) && load.told() > told) return;
      await wait(50);
    }
  };
  const lost: string[] = [];
  for (let round = 0; round < 8 && lost.length === 0; round++) {
    await progress(30_000);
    await wait(random() * 1_000);
    await lose(round % 2 === 0 ? 'edge' : 'cloud');
    await progress(15_000);
    await wait(1_000);
    const epochs = await filedNumbers(disks.cloud.path, edgeId);
    lost.push(...alarms(all), ...(epochs.length > 1 ? ['more than one epoch'] : []));
    const readings = epochs.flat();
    lost.push(...faultsIn(readings, 0, load.starts));
  }
  t.log(lost.slice(0, 3).join('; '));
  t.true(lost.length > 0, 'unsafe syncs must be found');
  await end();
});
