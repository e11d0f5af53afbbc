/** Time for measuring, and the deadline that every wait has. */

/** Milliseconds of the system's monotonic clock: the same in every process of the machine, whatever the wall clock does. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** The promise, or a rejection that says what did not come in time. */
export async function within<T>(promise: Promise<T>, deadlineMs: number, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${deadlineMs} ms: ${what()}`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
