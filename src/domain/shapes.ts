/** Shapes of made-up measurements: what an emulated sensor shows, as a function of the time since its start. */

/** Values are in the sensor's unit, lengths of time in ms. */
export type Shape =
  | { readonly shape: 'const'; readonly value: number }
  /** Rises or falls evenly, then begins again. */
  | { readonly shape: 'linear'; readonly from: number; readonly to: number; readonly over: number }
  | { readonly shape: 'sine'; readonly mean: number; readonly amplitude: number; readonly period: number }
  /** Each second one step of at most `step` up or down, turned back at `min` and `max`. */
  | {
      readonly shape: 'random-walk';
      readonly start: number;
      readonly step: number;
      /** The same seed walks the same way. Any integer; its lower 32 bits count. */
      readonly seed: number;
      readonly min: number;
      readonly max: number;
    }
  /** Each value for `every`, then from the first again. */
  | { readonly shape: 'csv'; readonly values: readonly number[]; readonly every: number };

type Walk = Extract<Shape, { shape: 'random-walk' }>;

const walkStepMs = 1_000;

/** What is wrong with a shape, for people; `undefined` when nothing is. */
export function shapeProblem(shape: Shape): string | undefined {
  const numbers = Object.values(shape).flatMap((value) => (typeof value === 'string' ? [] : value));
  if (!numbers.every(Number.isFinite)) return 'every number of a shape must be finite';
  switch (shape.shape) {
    case 'const':
      return undefined;
    case 'linear':
      return shape.over > 0 ? undefined : '`over` must be longer than nothing';
    case 'sine':
      return shape.period > 0 ? undefined : '`period` must be longer than nothing';
    case 'random-walk':
      if (shape.min > shape.max) return '`min` must not be above `max`';
      return shape.step >= 0 ? undefined : '`step` must not be negative';
    case 'csv':
      if (shape.values.length === 0) return 'at least one value is needed';
      return shape.every > 0 ? undefined : '`every` must be longer than nothing';
  }
}

/**
 * The value `elapsedMs` after the start. The same shape and time always give the same value.
 * @param shape one without a `shapeProblem`
 */
export function shapeValue(shape: Shape, elapsedMs: number): number {
  const elapsed = Math.max(0, elapsedMs);
  switch (shape.shape) {
    case 'const':
      return shape.value;
    case 'linear':
      return shape.from + ((shape.to - shape.from) * (elapsed % shape.over)) / shape.over;
    case 'sine':
      return shape.mean + shape.amplitude * Math.sin((2 * Math.PI * (elapsed % shape.period)) / shape.period);
    case 'random-walk':
      return walkedTo(shape, Math.floor(elapsed / walkStepMs));
    case 'csv':
      return shape.values[Math.floor(elapsed / shape.every) % shape.values.length]!;
  }
}

// A walk is read forwards again and again for days: remembering where it stood keeps each read cheap.
const reached = new WeakMap<Walk, { steps: number; value: number }>();

function walkedTo(walk: Walk, steps: number): number {
  const known = reached.get(walk);
  let at = known && known.steps <= steps ? known.steps : 0;
  let value = at > 0 ? known!.value : clamp(walk.start, walk.min, walk.max);
  for (; at < steps; at++) {
    const next = value + walk.step * (2 * chance(walk.seed, at) - 1);
    const turned = next > walk.max ? 2 * walk.max - next : next < walk.min ? 2 * walk.min - next : next;
    value = clamp(turned, walk.min, walk.max);
  }
  reached.set(walk, { steps, value });
  return value;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}

/**
 * Uniform in [0, 1), a function of seed and index: a counter put through the 32-bit finalizer of MurmurHash3
 * (A. Appleby, public domain).
 */
function chance(seed: number, index: number): number {
  let bits = (Math.imul(seed | 0, 0x9e3779b1) + Math.imul(index + 1, 0x6c8e9cf5)) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}
