/** Waits between attempts. */

export interface RetryPolicy {
  /** Wait before the first new attempt, ms. */
  readonly every: number;
  readonly factor: number;
  /** Longest wait, ms. */
  readonly max: number;
  /** Share of the wait left to chance, 0 to 1. */
  readonly jitter: number;
}

/**
 * Wait before attempt `attempt` (from 1), in ms: `min(max, every * factor^(attempt-1))`, of which the share `jitter`
 * is scaled by `chance` (uniform in [0, 1)). `jitter: 1` is "full jitter" (M. Brooker, "Exponential Backoff And
 * Jitter", 2015).
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, chance: number): number {
  const growth = policy.factor ** Math.min(Math.max(attempt - 1, 0), 1_000);
  const wait = Math.min(policy.max, policy.every * growth);
  return Math.max(1, Math.round(wait * (1 - policy.jitter + policy.jitter * chance)));
}
