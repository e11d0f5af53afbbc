/** Keeps one declared actor alive: restarts it within bounds after an exception, then gives up visibly. */
import type { AnyStateMachine, EventObject } from 'xstate';
import type { Clock, Timer } from '../contract/clock.ts';
import { errorCodes, type Problem, toProblem } from '../contract/errors.ts';
import type { Reporter } from '../contract/report.ts';
import { formatDuration } from '../domain/quantities.ts';
import { off, type RunningActor, runActor } from './actor.ts';

export interface RestartPolicy {
  /** Exceptions within `withinMs` after which the actor is given up. */
  readonly restartsMax: number;
  readonly withinMs: number;
  /** Wait before the first restart; doubles with each further one. */
  readonly delayMs: number;
}

export const restartPolicy: RestartPolicy = { restartsMax: 3, withinMs: 60_000, delayMs: 500 };

export interface SupervisedOptions {
  readonly name: string;
  /** Builds the statechart anew for each life; its effects end with `life`. */
  readonly build: (life: AbortSignal) => AnyStateMachine;
  readonly input: unknown;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly policy?: RestartPolicy;
}

export type SupervisedEnd = { readonly how: 'stopped' } | { readonly how: 'failed'; readonly cause: Problem };

export interface Supervised {
  readonly name: string;
  state(): string;
  send(event: EventObject): void;
  /** Sends `STOP` and resolves when the actor has ended; after `deadlineMs` it is ended at once. */
  stop(deadlineMs: number): Promise<void>;
  readonly ended: Promise<SupervisedEnd>;
  /** Resolves when it first rests, is in trouble, or has ended. */
  readonly settled: Promise<void>;
}

export function supervise(options: SupervisedOptions): Supervised {
  const { clock, report } = options;
  const policy = options.policy ?? restartPolicy;
  const ended = Promise.withResolvers<SupervisedEnd>();
  const settled = Promise.withResolvers<void>();
  ended.promise.then(() => settled.resolve());
  const crashes: number[] = [];
  let life = new AbortController();
  let actor: RunningActor | undefined;
  let timer: Timer | undefined;
  let state = off;
  let stopping = false;

  const finish = (end: SupervisedEnd) => {
    clock.clearTimeout(timer);
    timer = undefined;
    life.abort();
    ended.resolve(end);
  };
  const say = (
    to: string,
    event: string,
    extra: { cause: Problem; attempt?: number; retryInMs?: number },
  ) => {
    report({ type: 'transition', from: actor?.state() ?? state, to, event, ...extra });
    state = to;
  };
  const crashed = (cause: Problem) => {
    life.abort();
    actor?.kill();
    if (stopping) {
      say('failed', 'exception', { cause });
      actor = undefined;
      return finish({ how: 'failed', cause });
    }
    const now = clock.monotonic();
    while (crashes.length > 0 && crashes[0]! < now - policy.withinMs) crashes.shift();
    crashes.push(now);
    if (crashes.length > policy.restartsMax) {
      const message = `${options.name} failed ${crashes.length} times within ${formatDuration(policy.withinMs)}, last: ${cause.message}`;
      const limit: Problem = { code: 'restart-limit', message, advice: errorCodes['restart-limit'].advice };
      say('failed', 'restart-limit', { cause: limit });
      actor = undefined;
      return finish({ how: 'failed', cause: limit });
    }
    const retryInMs = policy.delayMs * 2 ** (crashes.length - 1);
    say('waitingToRestart', 'exception', { cause, attempt: crashes.length, retryInMs });
    actor = undefined;
    timer = clock.setTimeout(start, retryInMs);
  };
  const start = () => {
    timer = undefined;
    life = new AbortController();
    try {
      actor = runActor(options.build(life.signal), { clock, report, input: options.input, from: state });
    } catch (thrown) {
      // Building it throws for wrong bindings only: no restart mends that.
      const cause = toProblem(thrown);
      say('failed', 'start', { cause });
      return finish({ how: 'failed', cause });
    }
    const own = actor;
    own.settled.then(() => settled.resolve());
    own.ended.then((end) => {
      if (own !== actor) return;
      if (end.how === 'threw') crashed(end.cause);
      else finish(end);
    });
  };
  start();

  return {
    name: options.name,
    state: () => actor?.state() ?? state,
    send: (event) => actor?.send(event),
    async stop(deadlineMs) {
      stopping = true;
      if (!actor) return finish({ how: 'stopped' });
      const deadline = clock.setTimeout(() => {
        actor?.kill();
        finish({ how: 'stopped' });
      }, deadlineMs);
      actor.send({ type: 'STOP' });
      await ended.promise;
      clock.clearTimeout(deadline);
    },
    ended: ended.promise,
    settled: settled.promise,
  };
}
