/**
 * Bounds what strangers can make a log say: whoever connects and is turned away again and again must not fill a disk.
 * What is left out is counted in a line of its own. State changes of declared actors are never left out.
 */
import type { Clock, Timer } from '../contract/clock.ts';
import { type Level, levelOf, type Report, type Reporter } from '../contract/report.ts';
import type { Log } from './log.ts';

/** Lines at once, and lines a second after that. */
interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

/** For warnings and errors that are no state change, per actor and kind of report. */
const troubles: Allowance = { burst: 50, perSecond: 10 };
/** For what comes and goes with the connections of an actor, all of them together. */
const comings: Allowance = { burst: 200, perSecond: 200 };

/** How long lines are left out before that is said. */
const gatherMs = 1_000;

export interface LimitedLog extends Log {
  /** Says what is still unsaid; for the end. */
  flush(): void;
}

/** Strangers have new names again and again, so what belongs to an actor shares that actor's allowance. */
export function limitLog(log: Log, clock: Clock): LimitedLog {
  const buckets = new Map<string, Bucket>();
  const bucketOf = (pipeline: string, actor: string, what: 'note' | 'problem' | 'transition'): Bucket => {
    const key = `${pipeline}/${actor}/${what}`;
    let bucket = buckets.get(key);
    if (!bucket) {
      const allowance = what === 'transition' ? comings : troubles;
      bucket = new Bucket(clock, allowance, what, log.reporter(pipeline, actor));
      buckets.set(key, bucket);
    }
    return bucket;
  };
  return {
    reporter(pipeline, actor) {
      const report = log.reporter(pipeline, actor);
      const owner = ownerOf(actor);
      return (what, given, atMs) => {
        const level = given ?? levelOf(what);
        const kind = limitedAs(what, level, owner !== null);
        if (!kind || bucketOf(pipeline, owner ?? actor, kind).takes(level)) report(what, given, atMs);
      };
    },
    flush() {
      for (const bucket of buckets.values()) bucket.say();
    },
  };
}

/** The declared actor that another one belongs to; `null` for a declared one. */
export function ownerOf(actor: string): string | null {
  const slash = actor.indexOf('/');
  return slash < 0 ? null : actor.slice(0, slash);
}

function limitedAs(report: Report, level: Level, owned: boolean): 'note' | 'problem' | 'transition' | null {
  const { type } = report;
  const trouble = level === 'warn' || level === 'error';
  if ((type === 'note' || type === 'problem') && trouble) return type;
  return owned && (type === 'transition' || type === 'note') ? 'transition' : null;
}

class Bucket {
  readonly #clock: Clock;
  readonly #allowance: Allowance;
  readonly #what: string;
  readonly #report: Reporter;
  #left: number;
  #atMs: number;
  #dropped = 0;
  #level: Level = 'info';
  #timer: Timer | undefined;

  constructor(clock: Clock, allowance: Allowance, what: string, report: Reporter) {
    this.#clock = clock;
    this.#allowance = allowance;
    this.#what = what;
    this.#report = report;
    this.#left = allowance.burst;
    this.#atMs = clock.monotonic();
  }

  /** Whether one more line may be said now. */
  takes(level: Level): boolean {
    const { burst, perSecond } = this.#allowance;
    const now = this.#clock.monotonic();
    this.#left = Math.min(burst, this.#left + ((now - this.#atMs) * perSecond) / 1_000);
    this.#atMs = now;
    if (this.#left >= 1) {
      this.#left -= 1;
      return true;
    }
    this.#dropped += 1;
    this.#level = level;
    this.#timer ??= this.#clock.setTimeout(() => this.say(), gatherMs);
    return false;
  }

  say(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const dropped = this.#dropped;
    this.#dropped = 0;
    if (dropped === 0) return;
    const text =
      this.#what === 'transition'
        ? `… ${dropped} more lines of its connections`
        : `… ${dropped} more like this`;
    this.#report({ type: 'note', text }, this.#level);
  }
}
