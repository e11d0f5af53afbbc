/**
 * Whether the wall clock can be right. Order comes from (epoch, seq) and timers are monotonic, so a wrong one does no harm
 * but to the times of readings: those are marked `"clock": "unsynced"`.
 */
import { formatDuration } from '../domain/quantities.ts';
import type { Clock } from './clock.ts';

/** No clock that stands before this is right: this program did not exist. */
export const programMs = Date.UTC(2026, 0, 1);
/** Clocks closer to each other than this are taken as one. */
export const apartMsMax = 5 * 60_000;

export interface ClockTrust {
  /** Why the wall clock cannot be right, in words; `null` when nothing speaks against it. */
  doubt(): string | null;
  /** The time was this once, as a cloud said. */
  learnPast(cloudMs: number): void;
  /** The cloud says that it is this time now. From then on every jump of the wall clock is seen. */
  compare(cloudMs: number): void;
}

export function createClockTrust(clock: Clock): ClockTrust {
  let pastMs = programMs;
  let met: { readonly cloudMs: number; readonly monotonicMs: number } | null = null;
  return {
    doubt() {
      const now = clock.now();
      if (met) {
        const aheadMs = now - met.cloudMs - (clock.monotonic() - met.monotonicMs);
        if (Math.abs(aheadMs) <= apartMsMax) return null;
        return `the clock here is ${formatDuration(roundedMs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} the cloud's`;
      }
      if (now >= pastMs - (pastMs === programMs ? 0 : apartMsMax)) return null;
      return `the clock here stands at ${isoOf(now)}, and it was ${isoOf(pastMs)} before that`;
    },
    learnPast(cloudMs) {
      pastMs = Math.max(pastMs, cloudMs);
    },
    compare(cloudMs) {
      met = { cloudMs, monotonicMs: clock.monotonic() };
    },
  };
}

/** Whole minutes, or days and hours would be lost among seconds. */
function roundedMs(ms: number): number {
  return Math.round(Math.abs(ms) / 60_000) * 60_000;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
