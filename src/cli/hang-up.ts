/** SIGHUP: a terminal that is gone, or, where there never was one, the wish to have the files read again. */

/** Says what SIGHUP does from now on. */
export type HangUp = (work: () => void) => void;

/**
 * Hears SIGHUP from now on; one that comes before anybody can do anything about it is kept until then.
 * @returns `null` where people look on, or did when this process was started: there it ends what runs
 */
export function hearHangUps(): HangUp | null {
  if (process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY) return null;
  let heard = false;
  let act = () => {
    heard = true;
  };
  process.on('SIGHUP', () => act());
  return (work) => {
    act = work;
    if (heard) work();
  };
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
