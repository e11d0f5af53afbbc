/** Callbacks: what a device sends unasked. Both generations are special cases of one rule. */
import type { Clock, Timer } from '../../contract/clock.ts';
import { type RawType, rawType } from '../../domain/bricklets.ts';
import { readRaw, writeRaw } from './raw.ts';

export interface CallbackConfig {
  /** Shortest time between two callbacks, ms; 0 is off. */
  readonly periodMs: number;
  /** Whether a value must differ from the one sent last. */
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

/**
 * @param sample the values that are sent together; a threshold is for the first
 * @param send gets the values each time they are due and qualify
 */
export function createCallback(
  clock: Clock,
  sample: () => readonly number[],
  send: (values: readonly number[]) => void,
): Callback {
  let config = callbackOff;
  let timer: Timer | undefined;
  let dueMs = 0;
  let last: readonly number[] | undefined;

  const wait = (delayMs: number) => {
    timer = clock.setTimeout(look, Math.min(Math.max(delayMs, 1), waitMsMax));
  };
  const look = () => {
    const now = clock.monotonic();
    if (now < dueMs) return wait(dueMs - now);
    const values = sample();
    const changed = !last || values.some((value, index) => value !== last![index]);
    const qualifies = (!config.valueHasToChange || changed) && reaches(config.threshold, values[0]!);
    if (!qualifies) {
      dueMs = now + Math.min(config.periodMs, sampleEveryMs);
      return wait(dueMs - now);
    }
    last = values;
    // In step with the callback before, unless the process was held up: then none is made up for.
    dueMs = dueMs + config.periodMs > now ? dueMs + config.periodMs : now + config.periodMs;
    wait(dueMs - now);
    send(values);
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

/** Length of a threshold: option char, min and max as the value itself. */
export function thresholdBytes(raw: RawType): number {
  return 1 + 2 * rawType(raw).bytes;
}

/** A threshold from the start of a payload; `undefined` for an unknown option. */
export function readThreshold(payload: Buffer, raw: RawType): Threshold | undefined {
  const option = String.fromCharCode(payload[0]!);
  if (!['x', 'o', 'i', '<', '>'].includes(option)) return undefined;
  const min = readRaw(payload, 1, raw);
  const max = readRaw(payload, 1 + rawType(raw).bytes, raw);
  return { option: option as ThresholdOption, min, max };
}

export function writeThreshold({ option, min, max }: Threshold, raw: RawType): Buffer {
  return writeRaw([
    { raw: 'char', value: option.charCodeAt(0) },
    { raw, value: min },
    { raw, value: max },
  ]);
}
