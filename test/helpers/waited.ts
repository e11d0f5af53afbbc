/** What a busy machine takes from a process, so that a limit is the process's own. */
import { readdir, readFile } from 'node:fs/promises';
import type { Fogrun } from './fogrun.ts';

/** How long the threads of a process have waited for a processor that others had, ms. */
export async function waitedMs({ child }: Fogrun): Promise<number> {
  let sum = 0;
  for (const task of await readdir(`/proc/${child.pid}/task`)) {
    const text = await readFile(`/proc/${child.pid}/task/${task}/schedstat`, 'utf8').catch(() => '0 0');
    sum += Number(text.split(' ')[1]) / 1e6;
  }
  return sum;
}
