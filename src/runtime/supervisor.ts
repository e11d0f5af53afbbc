/** Keeps one declared actor alive: restarts it within bounds after an exception, then gives up visibly. */
import type { AnyStateMachine, EventObject } from 'xstate';
import type { Clock, Timer } from '../contract/clock.ts';
import { errorCodes, type Problem, toProblem } from '../contract/errors.ts';
import type { Reporter } from '../contract/report.ts';
import { formatDuration } from '../domain/quantities.ts';
import type { InspectedAs } from '../inspect/trace.ts';
import { off, type RunningActor, runActor } from './actor.ts';
import type { Condition, Request } from './condition.ts';

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
  /** State that its first report comes from, such as that of an actor whose place it takes; `off` when absent. */
  readonly from?: string | undefined;
  /** Where it is inspected, and what hides the secrets in its causes; nowhere and nothing when absent. */
  readonly inspected?: InspectedAs | undefined;
}

export type SupervisedEnd = { readonly how: 'stopped' } | { readonly how: 'failed'; readonly cause: Problem };

export interface Supervised {
  readonly name: string;
  state(): string;
  condition(): Condition;
  /** Whether that event would change anything in the state it is in. */
  can(request: Request): boolean;
  /** Whether there is any state in which that event means something. */
  knows(request: Request): boolean;
  /** Lives after the first. */
  readonly restarts: number;
  /** It has ended, and nothing but `restart` brings it back. */
  readonly over: boolean;
  /** The child process that it is placed in, if any; `pid` is `null` while that does not run. */
  readonly process?: { readonly name: string; readonly pid: number | null } | null;
  send(event: EventObject): void;
  /** Sends `STOP` and resolves when the actor has ended; after `deadlineMs` it is ended at once. */
  stop(deadlineMs: number): Promise<void>;
  /**
   * Ends this life as `stop` does and begins another, also after it had ended or failed; does not count as a failure.
   * False when it is being stopped or restarted already.
   */
  restart(deadlineMs: number): boolean;
  /** Of the life that runs, and of those that follow it until it stays ended; a new one after a restart from there. */
  readonly ended: Promise<SupervisedEnd>;
  /** Resolves when it first rests, is in trouble, or has ended. */
  readonly settled: Promise<void>;
}

export function supervise(options: SupervisedOptions): Supervised {
  const { clock, report, inspected } = options;
  const policy = options.policy ?? restartPolicy;
  let ended = Promise.withResolvers<SupervisedEnd>();
  const settled = Promise.withResolvers<void>();
  ended.promise.then(() => settled.resolve());
  const crashes: number[] = [];
  let life = new AbortController();
  let actor: RunningActor | undefined;
  let timer: Timer | undefined;
  let state = options.from ?? off;
  let stopping = false;
  /** This life is being ended in favour of a new one. */
  let replacing = false;
  let over = false;
  let lives = 0;
  /** As of the last word of the supervisor itself. */
  let said: { cause: Problem | null; attempt: number } = { cause: null, attempt: 0 };

  const finish = (end: SupervisedEnd) => {
    clock.clearTimeout(timer);
    timer = undefined;
    over = true;
    life.abort();
    inspected?.inspection.gone(options.name);
    ended.resolve(end);
  };
  const replace = () => {
    replacing = false;
    life.abort();
    state = actor?.state() ?? state;
    actor?.kill();
    actor = undefined;
    start();
  };
  const say = (
    to: string,
    event: string,
    extra: { cause: Problem; attempt?: number; retryInMs?: number },
  ) => {
    const from = actor?.state() ?? state;
    report({ type: 'transition', from, to, event, ...extra });
    inspected?.inspection.stand({ ...inspected, from, to, event, ...extra });
    state = to;
    said = { cause: extra.cause, attempt: extra.attempt ?? 0 };
  };
  const crashed = (cause: Problem) => {
    life.abort();
    actor?.kill();
    if (replacing) {
      report({ type: 'problem', ...cause });
      return replace();
    }
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
    clock.clearTimeout(timer);
    timer = undefined;
    over = false;
    lives += 1;
    life = new AbortController();
    try {
      actor = runActor(options.build(life.signal), {
        clock,
        report,
        inspected,
        input: options.input,
        from: state,
      });
    } catch (thrown) {
      // Building it throws for wrong bindings only: no restart mends that.
      const thrownCause = toProblem(thrown);
      const cause = inspected?.inspection.redactor.problem(thrownCause) ?? thrownCause;
      say('failed', 'start', { cause });
      return finish({ how: 'failed', cause });
    }
    const own = actor;
    own.settled.then(() => settled.resolve());
    own.ended.then((end) => {
      if (own !== actor) return;
      if (end.how === 'threw') crashed(end.cause);
      else if (replacing) replace();
      else finish(end);
    });
  };
  start();

  return {
    name: options.name,
    state: () => actor?.state() ?? state,
    condition: () => {
      if (actor) return actor.condition();
      const health = !over ? 'trouble' : state === 'failed' ? 'failed' : 'ended';
      return { state, health, settled: true, ...said };
    },
    // While it waits for a restart, it can be restarted at once.
    can: (request) => actor?.can(request) ?? (request === 'RETRY' && timer !== undefined),
    knows: (request) => actor?.knows(request) ?? request === 'RETRY',
    get restarts() {
      return lives - 1;
    },
    get over() {
      return over;
    },
    send(event) {
      if (actor) actor.send(event);
      else if (event.type === 'RETRY' && timer !== undefined) start();
    },
    restart(deadlineMs) {
      if (replacing || (stopping && !over)) return false;
      stopping = false;
      if (!over && actor) {
        replacing = true;
        timer = clock.setTimeout(replace, deadlineMs);
        actor.send({ type: 'STOP' });
        return true;
      }
      if (over) ended = Promise.withResolvers();
      replace();
      return true;
    },
    async stop(deadlineMs) {
      stopping = true;
      replacing = false;
      if (!actor) return finish({ how: 'stopped' });
      // The one for a restart, if any.
      clock.clearTimeout(timer);
      timer = undefined;
      const deadline = clock.setTimeout(() => {
        actor?.kill();
        finish({ how: 'stopped' });
      }, deadlineMs);
      actor.send({ type: 'STOP' });
      await ended.promise;
      clock.clearTimeout(deadline);
    },
    get ended() {
      return ended.promise;
    },
    settled: settled.promise,
  };
}
