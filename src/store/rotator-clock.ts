/** Marks readings that were stamped by a clock that cannot be right, and says so once. */
import type { ClockTrust } from '../contract/clock-trust.ts';
import type { Batch } from '../contract/port.ts';
import type { Reporter } from '../contract/report.ts';
import { markUnsynced } from '../domain/unsynced-lines.ts';

export function createStampJudge(
  trust: ClockTrust,
  report: Reporter,
): (batches: readonly Batch[]) => readonly Batch[] {
  let doubted = false;
  return (batches) => {
    if (!batches.some(({ stamped }) => stamped)) return batches;
    const doubt = trust.doubt();
    if ((doubt !== null) !== doubted) {
      doubted = doubt !== null;
      const text = doubt
        ? `${doubt}: readings are marked \`"clock":"unsynced"\` until it is right`
        : 'the clock here can be right again: readings are no longer marked';
      report({ type: 'note', text }, doubt ? 'warn' : 'info');
    }
    if (!doubt) return batches;
    return batches.map((batch) =>
      batch.stamped && batch.count > 0 ? { ...batch, lines: markUnsynced(batch.lines, batch.count) } : batch,
    );
  };
}
