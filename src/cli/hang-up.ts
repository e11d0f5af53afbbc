/** SIGHUP: a terminal that is gone, or, where there never was one, the wish to have the files read again. */

/** Whether people look on, or did when this process was started; asked before a terminal can be gone. */
export function hasTerminal(): boolean {
  return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY || false;
}

/** One at a time; however often it is asked for meanwhile, once more after that. Rejections are the work's own to tell. */
export function oneAtATime(work: () => Promise<unknown>): () => void {
  let isRunning = false;
  let again = false;
  const run = async () => {
    isRunning = true;
    do {
      again = false;
      await work().catch(() => {});
    } while (again);
    isRunning = false;
  };
  return () => {
    if (isRunning) again = true;
    else void run();
  };
}
