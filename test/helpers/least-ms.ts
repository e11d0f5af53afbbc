/** How long work takes that others do not keep from the processor. */

/**
 * The least that `work` took in up to ten runs, ms: one run alone also tells of garbage collection and of who else wanted the
 * processor. It ends as soon as one took no more than `enoughMs`.
 */
export async function leastMs(enoughMs: number, work: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 10 && least > enoughMs; run += 1) {
    const startedMs = performance.now();
    await work();
    least = Math.min(least, performance.now() - startedMs);
  }
  return least;
}
