/** A small disk in memory that can be filled up. */
import { appendFile, mkdtemp, rm, stat, statfs, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { run } from './needs.ts';

export const smallDiskTools = ['root', 'mount', 'umount', 'fallocate'];

export interface SmallDisk {
  readonly path: string;
  /** Others take all room but so many bytes. */
  fill(leave: number): Promise<void>;
  /** They give it back. */
  free(): Promise<void>;
}

/** Takes what is left, also of what somebody else gives back meanwhile. */
async function appendUntilFull(file: string): Promise<void> {
  for (const bytes of [2 ** 20, 2 ** 16, 2 ** 12]) {
    try {
      for (;;) await appendFile(file, Buffer.alloc(bytes));
    } catch (thrown) {
      if ((thrown as { code?: string }).code !== 'ENOSPC') throw thrown;
    }
  }
}

/** A tmpfs of its own, taken away at the end of the test. */
export async function smallDisk(t: ExecutionContext, mebibytes: number): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), 'fogrun-small-'));
  run('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'fogrun-test', path);
  t.teardown(async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        run('umount', path);
        break;
      } catch (thrown) {
        if (attempt === 100) throw thrown;
        await wait(50);
      }
    }
    await rm(path, { recursive: true });
  });
  const ballast = join(path, 'ballast');
  await writeFile(ballast, '');
  return {
    path,
    async fill(leave) {
      const { bavail, bsize } = await statfs(path);
      const { size } = await stat(ballast);
      const length = size + Math.floor((bavail * bsize - leave) / bsize) * bsize;
      if (leave > 0) run('fallocate', '-l', String(length), ballast);
      else await appendUntilFull(ballast);
    },
    free: () => truncate(ballast, 0),
  };
}
