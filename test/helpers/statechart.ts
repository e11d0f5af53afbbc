/** Fake effects that a test plays by hand, and a statechart run on a virtual clock. */
import type { AnyStateMachine, EventObject } from 'xstate';
import { errorCodes, FogrunError, type Problem } from '../../src/contract/errors.ts';
import type { ActorKind, Effect, Task, TaskIo } from '../../src/contract/kind.ts';
import type { Report, TransitionReport } from '../../src/contract/report.ts';
import { runActor } from '../../src/runtime/actor.ts';
import { buildStatechart } from '../../src/runtime/effects.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

/** A task that waits, and says only what the test says. */
export function fakeTask<Input, Emits extends EventObject, Receives extends EventObject = EventObject>() {
  const commands: string[] = [];
  const events: Receives[] = [];
  const lives: { io: TaskIo<Input, Emits, Receives>; settle: PromiseWithResolvers<void> }[] = [];
  const effect: Task<Input, Emits, Receives> = (io) => {
    const settle = Promise.withResolvers<void>();
    lives.push({ io, settle });
    io.receive((event) => {
      commands.push(event.type);
      events.push(event);
    });
    io.signal.addEventListener('abort', () => settle.resolve(), { once: true });
    return settle.promise;
  };
  return {
    effect,
    /** What the machine sent, by name. */
    commands,
    events,
    /** Says something in the newest life. */
    emit: (event: Emits) => lives.at(-1)!.io.emit(event),
    /** Rejects the newest life. */
    fail: (thrown: unknown) => lives.at(-1)!.settle.reject(thrown),
    end: () => lives.at(-1)!.settle.resolve(),
    get lives() {
      return lives.length;
    },
    /** Lives that were not aborted. */
    get running() {
      return lives.filter(({ io }) => !io.signal.aborted).length;
    },
    io: (i: number) => lives[i]!.io,
  };
}

/** A request that waits until the test answers. */
export function fakeRequest<Input, Output>() {
  const calls: { input: Input; signal: AbortSignal; answer: PromiseWithResolvers<Output> }[] = [];
  const effect: Effect<Input, Output> = (input, signal) => {
    const answer = Promise.withResolvers<Output>();
    calls.push({ input, signal, answer });
    return answer.promise;
  };
  return {
    effect,
    calls,
    answer: (output: Output) => calls.at(-1)!.answer.resolve(output),
    fail: (thrown: unknown) => calls.at(-1)!.answer.reject(thrown),
  };
}

export function problem(code: Problem['code'], message: string = code): Problem {
  return { code, message, advice: errorCodes[code].advice };
}

export function failure(code: Problem['code'], message: string = code): FogrunError {
  return new FogrunError(code, message);
}

export interface Played {
  readonly clock: VirtualClock;
  readonly reports: TransitionReport[];
  /** States so far, oldest first. */
  states(): string[];
  state(): string;
  last(): TransitionReport;
  send(type: string, more?: object): Promise<void>;
  readonly ended: ReturnType<typeof runActor>['ended'];
  kill(): void;
}

/** Runs a statechart on a clock of its own. */
export function playMachine(machine: (life: AbortSignal) => AnyStateMachine, input?: unknown): Played {
  const clock = createVirtualClock();
  const reports: TransitionReport[] = [];
  const report = (entry: Report) => void (entry.type === 'transition' && reports.push(entry));
  const actor = runActor(machine(new AbortController().signal), { clock, report, input });
  return {
    clock,
    reports,
    states: () => reports.map(({ to }) => to),
    state: () => actor.state(),
    last: () => reports.at(-1)!,
    async send(type, more = {}) {
      actor.send({ type, ...more });
      await clock.flush();
    },
    ended: actor.ended,
    kill: () => actor.kill(),
  };
}

/** Runs a kind with a config as it would stand in YAML. */
export function play(kind: ActorKind, effects: Record<string, unknown>, config: object = {}): Played {
  return playMachine((life) => buildStatechart(kind, effects, life), { config: kind.config.parse(config) });
}

/** A task that says these events at once and then waits. */
export function saying(...events: EventObject[]) {
  return (io: TaskIo<unknown, EventObject>): Promise<void> =>
    new Promise((resolve) => {
      io.signal.addEventListener('abort', () => resolve(), { once: true });
      for (const event of events) io.emit(event);
    });
}
