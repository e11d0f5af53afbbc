/** How often somebody may show a wrong token: guessing must not get anywhere, also from many addresses at once. */
import { TokenBucket } from '../domain/token-bucket.ts';

export interface Attempts {
  /** How long that address is not listened to, ms; 0 when it is. */
  waitMs(address: string): number;
  failed(address: string): void;
}

/** Five at once, then one in twelve seconds. */
const perAddress = { perSecond: 1 / 12, burst: 4 };
const together = { perSecond: 2, burst: 60 };
const addressesMax = 1_000;

/** @param monotonicMs the time for it */
export function limitAttempts(monotonicMs: () => number): Attempts {
  const all = new TokenBucket(together, monotonicMs());
  const known = new Map<string, TokenBucket>();
  return {
    waitMs(address) {
      const nowMs = monotonicMs();
      const own = known.get(address);
      return Math.max(all.take(0, nowMs), own?.take(0, nowMs) ?? 0);
    },
    failed(address) {
      const nowMs = monotonicMs();
      const own = known.get(address) ?? new TokenBucket(perAddress, nowMs);
      known.delete(address);
      known.set(address, own);
      if (known.size > addressesMax) known.delete(known.keys().next().value!);
      own.take(1, nowMs);
      all.take(1, nowMs);
    },
  };
}
