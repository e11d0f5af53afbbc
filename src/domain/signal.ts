/**
 * Signals: made-up measurements over the time of day. A signal is a function of the wall clock and a seed, without a memory:
 * whoever starts anew, or asks for the past, gets what he would have got.
 */

/** Values in the sensor's unit, times in ms. */
export type Curve =
  | { readonly curve: 'const'; readonly value: number }
  | { readonly curve: 'linear'; readonly from: number; readonly to: number; readonly over: number }
  | { readonly curve: 'sine'; readonly mean: number; readonly amplitude: number; readonly period: number }
  /** A wave of 24 h that is highest `peak` after midnight UTC. */
  | { readonly curve: 'day'; readonly mean: number; readonly amplitude: number; readonly peak: number }
  /** Wanders without a plan within `mean` +- `amplitude`, in waves of about `period` and shorter ones on them. */
  | { readonly curve: 'wander'; readonly mean: number; readonly amplitude: number; readonly period: number };

/** Something that happens once in each span of `every`, at a moment that the seed chooses. */
export interface Fault {
  readonly every: number;
  readonly for: number;
}

export interface Signal {
  readonly curve: Curve;
  readonly seed: number;
  /** Standard deviation of what is added to each value. */
  readonly noise: number;
  /** Digits after the point. */
  readonly decimals: number;
  readonly faults: {
    /** No value at all. */
    readonly outage?: Fault | undefined;
    /** The value stays what it was when it got stuck. */
    readonly stuck?: Fault | undefined;
    /** Values too high or too low by that amount. */
    readonly spike?: (Fault & { readonly by: number }) | undefined;
  };
}

const dayMs = 86_400_000;
// Each use of the seed draws from a sequence of its own.
const draws = { outage: 1, stuck: 2, spike: 3, sign: 4, noise: 5, wander: 16 } as const;
const octaves = 4;

/** The value at that moment, ms since 1970; `null` during an outage. */
export function signalAt(signal: Signal, timeMs: number): number | null {
  const { seed, faults, noise } = signal;
  if (faultAt(faults.outage, seed, draws.outage, timeMs)) return null;
  const stuck = faultAt(faults.stuck, seed, draws.stuck, timeMs);
  const at = stuck ? stuck.fromMs : timeMs;
  let value = curveAt(signal.curve, seed, at);
  if (noise > 0) value += noise * gaussian(seed, at);
  const spike = faultAt(faults.spike, seed, draws.spike, timeMs);
  if (spike && faults.spike)
    value += chance(seed, draws.sign, spike.span) < 0.5 ? -faults.spike.by : faults.spike.by;
  const scale = 10 ** signal.decimals;
  // Not -0, which JSON would write as 0.
  return Math.round(value * scale) / scale + 0;
}

/** The outage at that moment. */
export function outageAt(signal: Signal, timeMs: number): { fromMs: number; toMs: number } | null {
  return faultAt(signal.faults.outage, signal.seed, draws.outage, timeMs);
}

function curveAt(curve: Curve, seed: number, timeMs: number): number {
  switch (curve.curve) {
    case 'const':
      return curve.value;
    case 'linear':
      return curve.from + (curve.to - curve.from) * share(timeMs, curve.over);
    case 'sine':
      return curve.mean + curve.amplitude * Math.sin(2 * Math.PI * share(timeMs, curve.period));
    case 'day':
      return curve.mean + curve.amplitude * Math.cos(2 * Math.PI * share(timeMs - curve.peak, dayMs));
    case 'wander':
      return curve.mean + curve.amplitude * wander(seed, timeMs / curve.period);
  }
}

/** How far into its span a moment is, in [0, 1). */
function share(timeMs: number, spanMs: number): number {
  const part = (timeMs % spanMs) / spanMs;
  return part < 0 ? part + 1 : part;
}

/** Value noise in (-1, 1): chance at whole numbers, smooth between them; halves of it at double frequency on top. */
function wander(seed: number, x: number): number {
  let sum = 0;
  let most = 0;
  for (let octave = 0; octave < octaves; octave++) {
    const at = x * 2 ** octave;
    const whole = Math.floor(at);
    const part = at - whole;
    const smooth = part * part * (3 - 2 * part);
    const [a, b] = [whole, whole + 1].map((n) => 2 * chance(seed, draws.wander + octave, n) - 1) as [
      number,
      number,
    ];
    sum += (a + (b - a) * smooth) / 2 ** octave;
    most += 1 / 2 ** octave;
  }
  return sum / most;
}

interface Happening {
  readonly fromMs: number;
  readonly toMs: number;
  /** Which span of `every` it is in. */
  readonly span: number;
}

function faultAt(fault: Fault | undefined, seed: number, draw: number, timeMs: number): Happening | null {
  if (!fault) return null;
  const span = Math.floor(timeMs / fault.every);
  const room = Math.max(0, fault.every - fault.for);
  const fromMs = span * fault.every + Math.floor(room * chance(seed, draw, span));
  const toMs = Math.min(fromMs + fault.for, (span + 1) * fault.every);
  return timeMs >= fromMs && timeMs < toMs ? { fromMs, toMs, span } : null;
}

/** Normally distributed around 0 with deviation 1, by the Box-Muller transform. */
function gaussian(seed: number, timeMs: number): number {
  const u = 1 - chance(seed, draws.noise, timeMs);
  const v = chance(seed, draws.noise + 1, timeMs);
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
}

/**
 * Uniform in [0, 1), a function of seed, draw and index (any whole number below 2^53): the finalizer of MurmurHash3
 * (A. Appleby, public domain) over their words.
 */
function chance(seed: number, draw: number, index: number): number {
  const high = Math.floor(index / 2 ** 32);
  let bits = Math.imul(seed | 0, 0x9e3779b1);
  for (const word of [draw, high, index]) {
    bits = (bits + Math.imul(word | 0, 0x6c8e9cf5) + 0x7f4a7c15) | 0;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    bits ^= bits >>> 16;
  }
  return (bits >>> 0) / 2 ** 32;
}
