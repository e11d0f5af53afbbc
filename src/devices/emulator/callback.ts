/** Callbacks: what a device sends unasked. Both generations are special cases of one rule. */
import type { Clock, Timer } from '../../contract/clock.ts';

export interface CallbackConfig {
  /** Shortest time between two callbacks, ms; 0 is off. */
  readonly periodMs: number;
  /** Whether the value must differ from the one sent last. */
  readonly valueHasToChange: boolean;
  readonly threshold: Threshold;
}

export interface Threshold {
  /** Off, outside, inside (bounds included), smaller than min, greater than min. */
  readonly option: ThresholdOption;
  readonly min: number;
  readonly max: number;
}

export type ThresholdOption = 'x' | 'o' | 'i' | '<' | '>';

export const thresholdOff: Threshold = { option: 'x', min: 0, max: 0 };
export const callbackOff: CallbackConfig = { periodMs: 0, valueHasToChange: false, threshold: thresholdOff };

export interface Callback {
  readonly config: CallbackConfig;
  /** Takes effect at once; the first callback comes after `firstAfterMs` (default: one period) at the earliest. */
  configure(config: CallbackConfig, firstAfterMs?: number): void;
}

/** How often a value is looked at that is due but does not yet qualify. */
const sampleEveryMs = 20;
/** Timers hold 31 bits; a longer period is waited for in pieces. */
const waitMsMax = 2 ** 30;

/** @param send gets each value that is due and qualifies */
export function createCallback(clock: Clock, sample: () => number, send: (value: number) => void): Callback {
  let config = callbackOff;
  let timer: Timer | undefined;
  let dueMs = 0;
  let last: number | undefined;

  const wait = (delayMs: number) => {
    timer = clock.setTimeout(look, Math.min(Math.max(delayMs, 1), waitMsMax));
  };
  const look = () => {
    const now = clock.monotonic();
    if (now < dueMs) return wait(dueMs - now);
    const value = sample();
    const qualifies = (!config.valueHasToChange || value !== last) && reaches(config.threshold, value);
    if (!qualifies) {
      dueMs = now + Math.min(config.periodMs, sampleEveryMs);
      return wait(dueMs - now);
    }
    last = value;
    // In step with the callback before, unless the process was held up: then none is made up for.
    dueMs = dueMs + config.periodMs > now ? dueMs + config.periodMs : now + config.periodMs;
    wait(dueMs - now);
    send(value);
  };
  return {
    get config() {
      return config;
    },
    configure(wanted, firstAfterMs = wanted.periodMs) {
      clock.clearTimeout(timer);
      config = wanted;
      if (config.periodMs === 0) return;
      dueMs = clock.monotonic() + firstAfterMs;
      wait(firstAfterMs);
    },
  };
}

function reaches({ option, min, max }: Threshold, value: number): boolean {
  switch (option) {
    case 'x':
      return true;
    case 'o':
      return value < min || value > max;
    case 'i':
      return value >= min && value <= max;
    case '<':
      return value < min;
    case '>':
      return value > min;
  }
}

/** The 9 bytes of a threshold: option char, min i32, max i32; `undefined` for an unknown option. */
export function readThreshold(payload: Buffer): Threshold | undefined {
  const option = String.fromCharCode(payload[0]!);
  if (!['x', 'o', 'i', '<', '>'].includes(option)) return undefined;
  return {
    option: option as ThresholdOption,
    min: payload.readInt32LE(1),
    max: payload.readInt32LE(5),
  };
}

export function writeThreshold({ option, min, max }: Threshold): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = option.charCodeAt(0);
  bytes.writeInt32LE(min, 1);
  bytes.writeInt32LE(max, 5);
  return bytes;
}
