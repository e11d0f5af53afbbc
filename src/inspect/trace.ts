/** Follows one life of a root actor while somebody watches, by what xstate tells of it, and makes frames of that. */
import type { AnyActorRef, AnyMachineSnapshot, EventObject, InspectionEvent } from 'xstate';
import type { Problem } from '../contract/errors.ts';
import type { ActorFrame, EndFrame, Refusal, StepFrame } from '../contract/inspect.ts';
import type { Trouble } from '../contract/kind.ts';
import type { Draft } from './gathering.ts';
import { frameBytes, type Inspected, type Inspection } from './inspection.ts';
import { knownMachine } from './machine.ts';
import { eventName, statePath } from './names.ts';
import { Timers } from './timers.ts';
import { ContextView, describeEvent, shownProblem } from './view.ts';

/** Under which name an actor is inspected, and where. */
export interface InspectedAs {
  readonly inspection: Inspection;
  readonly actor: string;
  readonly kind: string;
  readonly parent: string | null;
}

/** Events that arrived and were not dealt with yet; more than that are not told apart by who sent them. */
const arrivedMax = 10_000;

type Microstep = Extract<InspectionEvent, { type: '@xstate.microstep' }>;
type Arrival = Extract<InspectionEvent, { type: '@xstate.event' }>;

export class Trace implements Inspected {
  readonly actor: string;
  readonly #as: InspectedAs;
  readonly #inspection: Inspection;
  readonly #context: ContextView;
  #root: AnyActorRef | undefined;
  #timers: Timers | undefined;
  /** Of the inspection, when what follows was begun. */
  #epoch = 0;
  #isOver = false;
  #arrived: { readonly event: EventObject; readonly source: string | null }[] = [];
  /** As the step that is under way found it. */
  #before: AnyMachineSnapshot | undefined;
  /** As the microstep before left it; absent between steps. */
  #between: AnyMachineSnapshot | undefined;
  #taken: string[] = [];
  #refused: Refusal[] = [];
  #sent: { readonly to: string; readonly event: string }[] = [];
  #timersChanged = false;

  constructor(as: InspectedAs) {
    this.#as = as;
    this.actor = as.actor;
    this.#inspection = as.inspection;
    this.#context = new ContextView(as.inspection.redactor);
  }

  get isActive(): boolean {
    return this.#inspection.active;
  }

  /** The actor is there, and about to start. */
  enter(root: AnyActorRef): void {
    this.#root = root;
    this.#timers = new Timers(root, this.#inspection.clock);
    this.#inspection.enter(this);
  }

  /** To be called only while active. Never throws: that would come out of `send`. */
  hear(inspection: InspectionEvent): void {
    try {
      this.#hear(inspection);
    } catch {
      this.#forget();
    }
  }

  /** An exception came out of its statechart, with the event that waits first. */
  threw(cause: Problem): void {
    if (!this.isActive || this.#epoch !== this.#inspection.epoch || this.#isOver) return;
    this.#isOver = true;
    const [head] = this.#arrived;
    if (!head || !this.#before) return;
    try {
      this.#tellStep(head.event, this.#before, this.#before, cause);
    } catch {
      this.#forget();
    }
  }

  end(how: EndFrame['how'], cause: Problem | null): void {
    this.#isOver = true;
    this.#inspection.leave(this);
    if (!this.isActive) return;
    this.#inspection.end(this.actor, how, cause && shownProblem(cause, this.#inspection.redactor));
  }

  describe(): Draft<ActorFrame> | null {
    try {
      const snapshot = this.#root?.getSnapshot() as AnyMachineSnapshot | undefined;
      if (snapshot?.status !== 'active' || this.#isOver) return null;
      // Not in the midst of a step that another watcher waits for.
      if (this.#epoch !== this.#inspection.epoch) this.#begin(snapshot);
      return this.#described(snapshot, true);
    } catch {
      return null;
    }
  }

  #hear(inspection: InspectionEvent): void {
    const { actorRef } = inspection;
    const isRoot = actorRef.sessionId === inspection.rootId;
    if (inspection.type === '@xstate.event') {
      if (isRoot) this.#arrive(inspection);
      else if (inspection.sourceRef === this.#root) this.#send(inspection);
      return;
    }
    if (!isRoot || this.#isOver) return;
    switch (inspection.type) {
      case '@xstate.microstep':
        this.#microstep(inspection);
        return;
      case '@xstate.action':
        if (inspection.action.type === 'xstate.raise' || inspection.action.type === 'xstate.cancel')
          this.#timersChanged = true;
        return;
      case '@xstate.snapshot':
        this.#stepped(inspection.snapshot as AnyMachineSnapshot, inspection.event as EventObject);
        return;
    }
  }

  #arrive({ event, sourceRef }: Arrival): void {
    if (this.#epoch !== this.#inspection.epoch) this.#begin(this.#root?.getSnapshot());
    // It fired.
    if (sourceRef === this.#root) this.#timersChanged = true;
    if (this.#arrived.length < arrivedMax)
      this.#arrived.push({ event, source: sourceRef ? this.#nameOf(sourceRef as AnyActorRef) : null });
  }

  #send({ actorRef, event }: Arrival): void {
    if (event.type === 'xstate.init') return;
    this.#sent.push({ to: this.#nameOf(actorRef as AnyActorRef), event: eventName(event.type) });
  }

  #nameOf(ref: AnyActorRef): string {
    if (ref === this.#root) return this.actor;
    // An effect that was given no id of its own goes by its name.
    const { src } = ref as { src?: unknown };
    const name = /^\d+\./.test(ref.id) && typeof src === 'string' ? src : ref.id;
    return `${this.actor}#${name}`;
  }

  #microstep({ event, snapshot, ...rest }: Microstep): void {
    const after = snapshot as AnyMachineSnapshot;
    const { _transitions: taken } = rest;
    const before = this.#between ?? this.#before;
    const machine = knownMachine(after.machine);
    const isEventless = taken.length > 0 && taken[0]!.eventType === '';
    if (before) {
      // Before each event those are asked that need none.
      if (machine.hasAlways && this.#between)
        this.#refused.push(...machine.refused(before._nodes, '', isEventless ? taken : []));
      if (!isEventless) this.#refused.push(...machine.refused(before._nodes, event.type, taken));
    }
    for (const definition of taken) {
      const id = machine.idOf(definition);
      if (id !== undefined) this.#taken.push(id);
    }
    this.#between = after;
  }

  #stepped(snapshot: AnyMachineSnapshot, event: EventObject): void {
    if (event.type === 'xstate.init') {
      this.#begin(snapshot);
      const draft = this.#described(snapshot, false);
      this.#inspection.tell(draft, 2 * frameBytes);
      return;
    }
    const before = this.#before;
    if (event.type === 'xstate.stop' || !before) {
      this.#forget();
      return;
    }
    const machine = knownMachine(snapshot.machine);
    if (machine.hasAlways && this.#between && snapshot.status === 'active')
      this.#refused.push(...machine.refused(snapshot._nodes, '', []));
    this.#tellStep(event, before, snapshot);
  }

  #tellStep(
    event: EventObject,
    before: AnyMachineSnapshot,
    after: AnyMachineSnapshot,
    thrown?: Problem,
  ): void {
    const { clock, redactor } = this.#inspection;
    const { shown, bytes } = describeEvent(event, redactor);
    const context = this.#context.changed(after.context);
    const timers = this.#timersChanged ? this.#timers?.changed() : undefined;
    const cause = thrown ?? (goesWrong(before, after) ? this.#context.cause(after.context) : undefined);
    const draft: Draft<StepFrame> = {
      type: 'step',
      timeMs: clock.now(),
      actor: this.actor,
      source: this.#sourceOf(event),
      event: shown,
      from: statePath(before.value),
      to: statePath(after.value),
      value: after.value,
      taken: this.#taken,
      refused: this.#refused,
      sent: this.#sent,
      ...(context ? { context: context.value } : {}),
      ...(timers ? { timers } : {}),
      ...(cause ? { cause: thrown ? shownProblem(thrown, redactor) : cause } : {}),
    };
    this.#next(after);
    this.#inspection.tell(draft, frameBytes + bytes + (context?.bytes ?? 0));
  }

  #sourceOf(event: EventObject): string | null {
    const at = this.#arrived.findIndex((one) => one.event === event);
    if (at < 0) return null;
    const { source } = this.#arrived[at]!;
    this.#arrived.splice(0, at + 1);
    return source;
  }

  #described(snapshot: AnyMachineSnapshot, known: boolean): Draft<ActorFrame> {
    return {
      type: 'actor',
      timeMs: this.#inspection.clock.now(),
      actor: this.actor,
      kind: this.#as.kind,
      parent: this.#as.parent,
      state: statePath(snapshot.value),
      value: snapshot.value,
      context: this.#context.all(snapshot.context).value,
      timers: this.#timers?.all() ?? [],
      known,
    };
  }

  /** What happens from now on is followed from that snapshot. */
  #begin(snapshot: AnyMachineSnapshot | undefined): void {
    if (this.#epoch !== this.#inspection.epoch) {
      this.#epoch = this.#inspection.epoch;
      this.#arrived = [];
      this.#context.forget();
    }
    if (snapshot) this.#next(snapshot);
  }

  #next(snapshot: AnyMachineSnapshot): void {
    this.#before = snapshot;
    this.#between = undefined;
    this.#taken = [];
    this.#refused = [];
    this.#sent = [];
    this.#timersChanged = false;
  }

  /** What is known is of no use: the next event begins anew. */
  #forget(): void {
    this.#epoch = 0;
    this.#arrived = [];
    this.#before = undefined;
    this.#between = undefined;
  }
}

/** Whether a step brings something wrong, or moves to a state of trouble; an actor on its way back still knows its last cause. */
function goesWrong(before: AnyMachineSnapshot, after: AnyMachineSnapshot): boolean {
  if (
    (after.context as Partial<Trouble> | null)?.cause !== (before.context as Partial<Trouble> | null)?.cause
  )
    return true;
  if (statePath(before.value) === statePath(after.value)) return false;
  return after.hasTag('trouble') || after.hasTag('failed');
}
