/** Watches how long actors wait before they try again: as their config says, and not all of them for the same time. */
import type { TransitionReport } from '../contract/report.ts';
import type { RetryPolicy } from '../domain/backoff.ts';
import type { SimProcess } from './process.ts';
import type { Telling } from './telling.ts';

/** So many equal waits before the same attempt are no chance. */
const equalMax = 6;
/** Fewer cannot make a storm. */
const edgesMin = 3;

export class Retries {
  readonly #telling: Telling;
  readonly #edges: number;
  /** By `process/actor`. */
  readonly #policies = new Map<string, RetryPolicy>();
  readonly #dialling = new Set<string>();
  /** Waits of those that dial a cloud, by attempt: how long, and how often in a row it was just that. */
  readonly #waits = new Map<number, { ms: number; times: number }>();

  constructor(telling: Telling, edges: number) {
    this.#telling = telling;
    this.#edges = edges;
    telling.heard = (process, actor, report) => this.#heard(process, actor, report);
  }

  watch({ name, plan }: SimProcess): void {
    for (const actor of plan.actors) {
      const { retry } = actor.config as { retry?: RetryPolicy };
      if (retry) this.#policies.set(`${name}/${actor.name}`, retry);
      if (retry && actor.kind.name === 'uploader') this.#dialling.add(`${name}/${actor.name}`);
    }
  }

  #heard(process: string, actor: string, { attempt = 0, retryInMs }: TransitionReport): void {
    const policy = this.#policies.get(`${process}/${actor}`);
    if (!policy || attempt < 1 || retryInMs === undefined) return;
    const least = leastMs(policy, attempt);
    if (retryInMs < least) {
      const text = `${actor} waits ${retryInMs} ms before attempt ${attempt}, and its config asks for ${least} ms at least`;
      this.#telling.violate('backoff', process, text);
    }
    if (policy.jitter === 0 || this.#edges < edgesMin || !this.#dialling.has(`${process}/${actor}`)) return;
    const before = this.#waits.get(attempt);
    const times = before?.ms === retryInMs ? before.times + 1 : 1;
    this.#waits.set(attempt, { ms: retryInMs, times: times === equalMax ? 0 : times });
    if (times < equalMax) return;
    const text = `${equalMax} times in a row an edge waited just ${retryInMs} ms before attempt ${attempt}`;
    this.#telling.violate('jitter', process, text);
  }
}

/** What a config asks for, when chance gives nothing to it; not by the arithmetic that is judged. */
function leastMs({ every, factor, max, jitter }: RetryPolicy, attempt: number): number {
  let wait = every;
  for (let before = 1; before < attempt && wait < max; before++) wait *= factor;
  return Math.floor(Math.min(wait, max) * (1 - jitter));
}
