/** Chance that is the same for the same seed: 128 bits of state, a few shifts a number. */
import { createHash } from 'node:crypto';
import type { Random } from '../contract/clock.ts';

/** Numbers of one name of one seed; other names, other numbers, so that using more of one leaves the others as they are. */
export function seededRandom(seed: number, name: string): Random {
  const words = createHash('sha256').update(`fogrun-sim ${seed} ${name}`).digest();
  let [a, b, c, counter] = [0, 4, 8, 12].map((at) => words.readUInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ];
  // sfc32 of PractRand.
  const word = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  return {
    next: () => word() / 2 ** 32,
    bytes: (length) => Uint8Array.from({ length }, () => word() >>> 24),
  };
}

/** One of them; there must be one. */
export function pick<T>(from: readonly T[], random: Random): T {
  return from[Math.floor(random.next() * from.length)]!;
}

/** Between the two, both above 0, each order of magnitude as likely as the others. */
export function spread(low: number, high: number, random: Random): number {
  return low >= high ? high : low * (high / low) ** random.next();
}
