/** What a store drops by its policy, in the log: a store that stays full drops several times a second, for as long as that lasts. */
import type { Clock } from '../contract/clock.ts';
import type { Reporter } from '../contract/report.ts';
import type { Dropped } from '../contract/store.ts';
import { formatSize } from '../domain/quantities.ts';
import { counted, printable } from '../domain/text.ts';

/** At most one line in this time; the next one tells the sum. */
const everyMs = 10_000;

export interface DropTeller {
  /** @param why which policy wanted it */
  tell(dropped: Dropped, why: string): void;
  /** Tells what was not told yet. */
  rest(): void;
}

export function tellDrops(report: Reporter, clock: Clock): DropTeller {
  let told = Number.NEGATIVE_INFINITY;
  let sum: Dropped | null = null;
  let reason = '';
  const rest = () => {
    if (!sum) return;
    report({ type: 'note', text: droppedText(sum, reason) }, 'warn');
    told = clock.monotonic();
    sum = null;
  };
  return {
    tell(dropped, why) {
      if (why !== reason) rest();
      reason = why;
      sum = sum ? both(sum, dropped) : dropped;
      if (clock.monotonic() - told >= everyMs) rest();
    },
    rest,
  };
}

function both(a: Dropped, b: Dropped): Dropped {
  return {
    segments: a.segments + b.segments,
    readings: a.readings + b.readings,
    bytes: a.bytes + b.bytes,
    fromTime: a.fromTime ?? b.fromTime,
    toTime: b.toTime ?? a.toTime,
  };
}

function droppedText({ segments, readings, bytes, fromTime, toTime }: Dropped, why: string): string {
  const what = `${counted(readings, 'reading')} in ${counted(segments, 'segment')} (${formatSize(bytes)})`;
  const when = fromTime && toTime ? ` of ${printable(fromTime)} to ${printable(toTime)}` : '';
  return `dropped ${what}${when}: ${why}`;
}
