/** Everything that a simulated world says: each line to whoever listens, state changes and violations kept. */
import type { Clock } from '../contract/clock.ts';
import {
  type Level,
  type LogEntry,
  levelOf,
  type Report,
  type TransitionReport,
} from '../contract/report.ts';
import type { SimTransition, SimViolation } from './run.ts';

/** What must hold; docs/simulation.md explains each. */
export const invariants = [
  'stored-before-deleted',
  'order',
  'unaltered',
  'accepted-stays',
  'measured',
  'balance',
  'once',
  'gaps',
  'one-past',
  'waits-end',
  'jitter',
  'backoff',
  'well-again',
  'drained',
  'orderly-end',
  'no-leaks',
  'no-bugs',
] as const;

export type Invariant = (typeof invariants)[number];

/** Of what belongs to no process. */
export const worldName = 'world';
/** The actor that stands for a process as a whole. */
export const processActor = 'process';

/** So many violations are enough to see what is wrong. */
const violationsMax = 20;

export class Telling {
  readonly transitions: SimTransition[] = [];
  readonly violations: SimViolation[] = [];
  /** When each actor of each process was last heard of, ms, by `process/actor`. */
  readonly heardMs = new Map<string, number>();
  /** Hears of each state change of an actor. */
  heard: (process: string, actor: string, report: TransitionReport) => void = () => {};
  readonly #clock: Clock;
  readonly #listen: ((entry: LogEntry) => void) | undefined;

  constructor(clock: Clock, listen?: (entry: LogEntry) => void) {
    this.#clock = clock;
    this.#listen = listen;
  }

  say(process: string, actor: string, report: Report, level?: Level): void {
    const atMs = this.#clock.monotonic();
    this.heardMs.set(`${process}/${actor}`, atMs);
    if (report.type === 'transition') this.heard(process, actor, report);
    if (report.type === 'transition' && !actor.includes('/')) {
      const { from, to, event, cause } = report;
      this.transitions.push({ atMs, process, actor, from, to, event, ...(cause ? { cause } : {}) });
    }
    const problem =
      report.type === 'problem' ? report : report.type === 'transition' ? report.cause : undefined;
    this.#listen?.({
      time: this.#clock.now(),
      level: level ?? levelOf(report),
      pipeline: process,
      actor,
      report,
    });
    if (problem?.code === 'internal') {
      this.violate('no-bugs', process, `${actor} met a programming error: ${problem.message}`);
    }
  }

  violate(invariant: Invariant, process: string, text: string): void {
    if (this.violations.length >= violationsMax) return;
    const atMs = this.#clock.monotonic();
    this.violations.push({ atMs, invariant, process, text });
    this.say(process, 'invariants', { type: 'note', text: `${invariant}: ${text}` }, 'error');
  }
}
