/** Chance that can be repeated: a seed, printed by the test that uses it. */
import type { ExecutionContext } from 'ava';

/** The seed of a test: `FOGRUN_FAULT_SEED`, or a new one. Both are printed. */
export function chance(t: ExecutionContext): () => number {
  const seed = Number(process.env.FOGRUN_FAULT_SEED ?? Date.now() % 1_000_000);
  t.log(`FOGRUN_FAULT_SEED=${seed}`);
  return randomFrom(seed);
}

/** How long a test goes on making faults: `FOGRUN_FAULT_SECONDS`, or a few seconds. */
export const faultSeconds = (few: number): number => Number(process.env.FOGRUN_FAULT_SECONDS ?? few);

/** A small seeded generator (mulberry32, public domain). */
export function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Small numbers by chance, the same for the same seed. */
export function chances(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * n);
  };
}
