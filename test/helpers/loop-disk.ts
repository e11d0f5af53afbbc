/** A file system of its own in a file, whose power can be cut. */
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { run } from './needs.ts';

export const loopDiskTools = ['root', '/dev/loop-control', 'mkfs.xfs', 'xfs_io', 'mount', 'umount'];

export interface LoopDisk {
  readonly path: string;
  /** From now on nothing reaches the disk, not even the log of the file system: what was not synced is gone. */
  cut(): void;
  /** From now on nothing that writes is answered, until it thaws. */
  freeze(): void;
  thaw(): void;
  /** Takes it down and up again, as a machine does that boots. Whoever used it must have ended. */
  boot(): Promise<void>;
}

/** A mounted XFS of its own, taken away at the end of the test. */
export async function loopDisk(t: ExecutionContext, size = 320 * 2 ** 20): Promise<LoopDisk> {
  const home = await mkdtemp(join(tmpdir(), 'fogrun-disk-'));
  const image = join(home, 'image');
  const path = join(home, 'mounted');
  await mkdir(path);
  await writeFile(image, '');
  await truncate(image, size);
  run('mkfs.xfs', '-q', image);
  const up = () => run('mount', '-o', 'loop', image, path);
  up();
  const down = async () => {
    // A process that was just killed may hold it for a moment.
    for (let attempt = 1; ; attempt++) {
      try {
        run('umount', path);
        return;
      } catch (thrown) {
        if (attempt === 100) throw thrown;
        await wait(50);
      }
    }
  };
  let frozen = false;
  const thaw = () => {
    if (frozen) run('xfs_io', '-x', '-c', 'thaw', path);
    frozen = false;
  };
  t.teardown(async () => {
    thaw();
    await down();
    await rm(home, { recursive: true });
  });
  return {
    path,
    cut() {
      try {
        // Without `-f` it does not write its log before.
        run('xfs_io', '-x', '-c', 'shutdown', path);
      } catch (thrown) {
        // The tool itself may look at what it has just cut off.
        if (!String(thrown).includes('Input/output error')) throw thrown;
      }
    },
    freeze: () => {
      run('xfs_io', '-x', '-c', 'freeze', path);
      frozen = true;
    },
    thaw,
    async boot() {
      await down();
      up();
    },
  };
}
