/** Answers on stdout: a reader who has had enough is no mistake, but an answer that is not there must not look like one. */
import { FogrunError } from '../contract/errors.ts';

let lost: NodeJS.ErrnoException | undefined;
let isLog = false;

/** What goes to stdout is a log: a pipeline that ended in order did so without its last lines too. */
export function mayLoseLines(): void {
  isLog = true;
}

/** From now on a stdout that takes no more does not end the process. To be called once, before anything is written. */
export function mindStdout(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads only the first lines, as `head` does, is gone by now.
    if (error.code !== 'EPIPE') lost ??= error;
  });
}

/** Rejects with `file-unwritable` when something that was written is not there, say because the disk is full. */
export async function assertWritten(): Promise<void> {
  // The stream tells of it in a turn of its own.
  await new Promise(setImmediate);
  // A terminal that was closed has nobody in front of it.
  if (!lost || isLog || process.stdout.isTTY) return;
  throw new FogrunError('file-unwritable', `stdout cannot be written: ${lost.code ?? lost.message}`, {
    cause: lost,
  });
}
