/** The countdowns that run in an actor, as xstate's scheduler has them. */
import type { AnyActorRef } from 'xstate';
import type { Clock } from '../contract/clock.ts';
import type { RunningTimer } from '../contract/inspect.ts';

interface Scheduled {
  readonly source: AnyActorRef;
  readonly target: AnyActorRef;
  readonly event: { readonly type: string };
  readonly delay: number;
  /** By `Date.now`, whatever clock the actor runs on. */
  readonly startedAt: number;
}

export class Timers {
  readonly #root: AnyActorRef;
  readonly #clock: Clock;
  readonly #known = new WeakMap<Scheduled, RunningTimer>();
  #told: readonly RunningTimer[] = [];

  constructor(root: AnyActorRef, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
  }

  /** All that run; those that nobody looked at before may have begun long ago. */
  all(): readonly RunningTimer[] {
    return this.#look((startedAt) => this.#clock.now() - Math.max(0, Date.now() - startedAt));
  }

  /** All that run, or `undefined` when they are the same as before; a new one began just now. */
  changed(): readonly RunningTimer[] | undefined {
    const before = this.#told;
    const now = this.#look(() => this.#clock.now());
    const isSame = now.length === before.length && now.every((timer, i) => timer === before[i]);
    return isSame ? undefined : now;
  }

  #look(startedMs: (startedAt: number) => number): readonly RunningTimer[] {
    const { _scheduledEvents } = this.#root.system.getSnapshot();
    const running: RunningTimer[] = [];
    for (const each of Object.values(_scheduledEvents) as Scheduled[]) {
      if (each.source !== this.#root || each.target !== this.#root) continue;
      let timer = this.#known.get(each);
      if (!timer) {
        timer = { event: each.event.type, startedMs: startedMs(each.startedAt), delayMs: each.delay };
        this.#known.set(each, timer);
      }
      running.push(timer);
    }
    this.#told = running;
    return running;
  }
}
