/**
 * Signs of life between parent and child. systemd watches over the parent and would end all pipelines for one that hangs;
 * so the parent watches over its children in the same measure, and starts only that one again.
 */

/** Signs of life in a row that a child may miss. */
const missedMax = 4;
const variable = 'FOGRUN_BEAT_MS';

export const beatMsOf = (watchdogMs: number): number => watchdogMs / missedMax;

/** What tells children to send them; nothing without a watchdog: a debugger may stop a process for long. */
export function beatVariables(watchdogMs: number | null): Record<string, string> {
  return watchdogMs === null ? {} : { [variable]: String(beatMsOf(watchdogMs)) };
}

/** The child's side. */
export function sendBeats(parent: { send(message: object): boolean }): void {
  const everyMs = Number(process.env[variable]);
  if (!(everyMs > 0)) return;
  const beat = () => {
    if (parent.send({ type: 'alive' })) setTimeout(beat, everyMs).unref();
  };
  beat();
}

/** The parent's side. It counts beats rather than time, so that whoever stood still itself blames nobody. */
export function watchOver(beatMs: number, hung: () => void): { seen(): void; stop(): void } {
  let missed = 0;
  const timer = setInterval(() => {
    missed++;
    if (missed === missedMax) hung();
  }, beatMs);
  return {
    seen: () => {
      missed = 0;
    },
    stop: () => clearInterval(timer),
  };
}
