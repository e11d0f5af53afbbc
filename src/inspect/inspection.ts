/** Where the statecharts of one process are inspected: what they do comes in here, and those who watch get it. */
import type { Clock, Timer } from '../contract/clock.ts';
import type { Problem } from '../contract/errors.ts';
import type { ActorFrame, EndFrame, InspectWatcher, RunningTimer, SampleFrame } from '../contract/inspect.ts';
import { printable } from '../domain/text.ts';
import { type Draft, Gathering } from './gathering.ts';
import { Redactor } from './redact.ts';
import { shownProblem } from './view.ts';

/** A live actor, to be described when somebody begins to watch. */
export interface Inspected {
  readonly actor: string;
  /** `null` while there is nothing to say of it. */
  describe(): Draft<ActorFrame> | null;
}

/** A change of state by those who look after an actor, not by its statechart. */
export interface Stood {
  readonly actor: string;
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  /** Why, such as `exception`. */
  readonly event: string;
  readonly cause?: Problem | undefined;
  /** Until its next life, ms; absent when there will be none unasked. */
  readonly retryInMs?: number | undefined;
}

/** Longest time that frames gather, ms. */
const gatherMsDefault = 100;
/** More frames than that are not handed out at a time: so many actors are alive that they come one part after the other. */
const handedMax = 1_000;
/** JSON text of a frame around its payload and context, about. */
export const frameBytes = 360;

export class Inspection {
  /** Somebody watches. The one thing to look at on the way of data. */
  active = false;
  /** Another one than before: what was known while somebody watched earlier is old. */
  epoch = 0;
  readonly clock: Clock;
  readonly redactor: Redactor;
  /** Told as `active` changes. */
  readonly switched = new Set<(active: boolean) => void>();
  readonly #gatherMs: number;
  readonly #live = new Map<string, Inspected>();
  readonly #watches = new Set<Watch>();
  #lastId = 0;

  /** @param options `gatherMs`: longest time that frames gather; `redactor`: one that others use too */
  constructor(
    clock: Clock,
    {
      gatherMs = gatherMsDefault,
      redactor = new Redactor(),
    }: { readonly gatherMs?: number; readonly redactor?: Redactor } = {},
  ) {
    this.clock = clock;
    this.redactor = redactor;
    this.#gatherMs = gatherMs;
  }

  /** A live actor, in place of an earlier one of its name. */
  enter(inspected: Inspected): void {
    this.#live.set(inspected.actor, inspected);
  }

  /** It is no longer alive. */
  leave(inspected: Inspected): void {
    if (this.#live.get(inspected.actor) === inspected) this.#live.delete(inspected.actor);
  }

  /** @param bytes of its JSON text, about */
  tell(draft: Draft, bytes: number = frameBytes): void {
    if (!this.active) return;
    this.#lastId += 1;
    const frame = { ...draft, id: this.#lastId };
    for (const watch of this.#watches) watch.add(frame, bytes);
  }

  /** A reading that came by. To be called only while `active`, and a few times a second for each sensor. */
  sample(of: Omit<SampleFrame, 'id' | 'type' | 'timeMs'>): void {
    this.tell({
      ...of,
      type: 'sample',
      timeMs: this.clock.now(),
      device: printable(of.device),
      sensor: printable(of.sensor),
      unit: of.unit === null ? null : printable(of.unit),
      edge: of.edge === null ? null : printable(of.edge),
    });
  }

  /** It came into a state that is none of its statechart's, such as a wait for its next life. */
  stand(stood: Stood): void {
    const { actor, kind, from, to, event, cause, retryInMs } = stood;
    const shown = cause && shownProblem(cause, this.redactor);
    const timeMs = this.clock.now();
    const timers: RunningTimer[] =
      retryInMs === undefined ? [] : [{ event, startedMs: timeMs, delayMs: retryInMs }];
    const base = { timeMs, actor, value: to, timers };
    if (retryInMs === undefined) this.#live.delete(actor);
    else {
      const context = { cause: shown ?? null };
      this.enter({
        actor,
        describe: () => ({
          ...{ ...base, type: 'actor', kind, parent: null, state: to, context, known: true },
          timeMs: this.clock.now(),
        }),
      });
    }
    this.tell({
      ...{ ...base, type: 'step', source: null, event: { type: event, name: event, payload: null } },
      ...{ from, to, taken: [], refused: [], sent: [] },
      ...(shown ? { cause: shown } : {}),
    });
  }

  /** Nobody of that name is alive, or waits to be. */
  gone(actor: string): void {
    this.#live.delete(actor);
  }

  end(actor: string, how: EndFrame['how'], cause: Problem | null): void {
    this.tell({ type: 'end', timeMs: this.clock.now(), actor, how, cause });
  }

  /**
   * One frame for each live actor comes first, in a turn of its own.
   * @param left called once it has ended, also because the watcher threw
   * @returns `end`: ends it; `close`: also tells the watcher that it is over
   */
  watch(
    watcher: InspectWatcher,
    left: () => void = () => {},
  ): { end(): void; close(cause: Problem | null): void } {
    const watch = new Watch(watcher, this.clock, this.#gatherMs, () => {
      this.#drop(watch);
      left();
    });
    if (!this.active) {
      this.epoch += 1;
      this.active = true;
      for (const hear of this.switched) hear(true);
    }
    for (const inspected of this.#live.values()) {
      const draft = inspected.describe();
      if (!draft) continue;
      this.#lastId += 1;
      watch.add({ ...draft, id: this.#lastId }, 2 * frameBytes);
    }
    this.#watches.add(watch);
    return { end: () => watch.end(), close: (cause) => watch.close(cause) };
  }

  #drop(watch: Watch): void {
    if (!this.#watches.delete(watch) || this.#watches.size > 0) return;
    this.active = false;
    for (const hear of this.switched) hear(false);
  }
}

/** One watcher, and what waits for it. */
class Watch {
  readonly #watcher: InspectWatcher;
  readonly #clock: Clock;
  readonly #gatherMs: number;
  readonly #drop: () => void;
  readonly #gathering = new Gathering();
  #timer: Timer | undefined;
  #isOver = false;
  /** The first hand-out does not wait. */
  #delayMs = 0;

  constructor(watcher: InspectWatcher, clock: Clock, gatherMs: number, drop: () => void) {
    this.#watcher = watcher;
    this.#clock = clock;
    this.#gatherMs = gatherMs;
    this.#drop = drop;
  }

  add(...frame: Parameters<Gathering['add']>): void {
    if (this.#isOver) return;
    this.#gathering.add(...frame);
    this.#schedule();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#gathering.take();
    this.#drop();
  }

  close(cause: Problem | null): void {
    if (this.#isOver) return;
    while (!this.#isOver && !this.#gathering.isEmpty) this.#hand();
    if (this.#isOver) return;
    try {
      this.#watcher.over(cause);
    } catch {
      // Its own affair: it gets nothing more in any case.
    }
    this.end();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isOver) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#delayMs = this.#gatherMs;
      if (this.#isBehind()) this.#schedule();
      else this.#hand();
    }, this.#delayMs);
  }

  #isBehind(): boolean {
    try {
      return this.#watcher.isBehind?.() === true;
    } catch {
      this.end();
      return false;
    }
  }

  #hand(): void {
    if (this.#gathering.isEmpty) return;
    try {
      this.#watcher.frames(this.#gathering.take(handedMax));
    } catch {
      this.end();
    }
    if (!this.#gathering.isEmpty) this.#schedule();
  }
}
