/** An actor that runs in another process, as it is inspected here: by the frames that come from there. */

import type { Problem } from '../contract/errors.ts';
import type { ActorFrame, EndFrame, InspectFrame, StateValue } from '../contract/inspect.ts';
import type { Draft } from '../inspect/gathering.ts';
import { frameBytes, type Inspected, type Inspection, type Stood } from '../inspect/inspection.ts';

export class PlacedView implements Inspected {
  readonly actor: string;
  readonly #kind: string;
  readonly #inspection: Inspection;
  readonly #state: () => string;
  /** As its process described it, and every step since. */
  #known: Draft<ActorFrame> | null = null;
  /** Of the inspection in which this life was told; what comes before that is of an earlier one. */
  #epoch = 0;
  #isOver = false;

  /** @param state of the actor by its reports, for as long as its process has not described it */
  constructor(inspection: Inspection, actor: string, kind: string, state: () => string) {
    this.#inspection = inspection;
    this.actor = actor;
    this.#kind = kind;
    this.#state = state;
  }

  /** Its process is about to run it. */
  begin(): void {
    this.#isOver = false;
    this.#inspection.enter(this);
  }

  describe(): Draft<ActorFrame> {
    const timeMs = this.#inspection.clock.now();
    if (!this.#isTold) this.#known = null;
    this.#epoch = this.#inspection.epoch;
    if (this.#known) return { ...this.#known, timeMs, known: true };
    const state = this.#state();
    return {
      ...{
        type: 'actor',
        timeMs,
        actor: this.actor,
        kind: this.#kind,
        parent: null,
        state,
        value: stateValue(state),
      },
      ...{ context: {}, timers: [], known: true },
    };
  }

  /** Takes what its process tells. */
  relay(frame: InspectFrame): void {
    if (!this.#inspection.active || this.#isOver || (frame.type !== 'actor' && !this.#isTold)) return;
    if (frame.type === 'actor') {
      this.#epoch = this.#inspection.epoch;
      this.#known = frame;
      this.#inspection.enter(this);
    } else if (frame.type === 'end') {
      this.#forget();
      this.#inspection.leave(this);
    } else if (frame.type === 'step' && this.#known) {
      const { to, value, timers = this.#known.timers } = frame;
      const context = 'context' in frame ? frame.context : this.#known.context;
      this.#known = { ...this.#known, state: to, value, timers, context };
    }
    this.#inspection.tell(frame, Math.max(frameBytes, JSON.stringify(frame).length));
  }

  /** A change of state that its process did not make. */
  stand(change: Omit<Stood, 'actor' | 'kind'>): void {
    this.#end('threw', change.cause ?? null);
    this.#inspection.stand({ ...change, actor: this.actor, kind: this.#kind });
  }

  /** It has ended for good, or until somebody restarts it. */
  finish(): void {
    this.#end('stopped', null);
    this.#isOver = true;
    this.#inspection.gone(this.actor);
  }

  /** Unless its process said so itself. */
  #end(how: EndFrame['how'], cause: Problem | null): void {
    if (!this.#isTold) return;
    this.#forget();
    this.#inspection.end(this.actor, how, cause);
  }

  get #isTold(): boolean {
    return this.#epoch === this.#inspection.epoch;
  }

  #forget(): void {
    this.#known = null;
    this.#epoch = 0;
  }
}

/** `a.b` becomes `{ a: 'b' }`; states of kinds that are in several at a time are told by their process alone. */
function stateValue(state: string): StateValue {
  const names = state.split('.');
  return names.reduceRight<StateValue | undefined>(
    (inner, name) => (inner === undefined ? name : { [name]: inner }),
    undefined,
  )!;
}
