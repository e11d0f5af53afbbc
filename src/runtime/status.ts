/**
 * What is known of each actor at one moment: every report passes here on its way to the log, and only counters change
 * with it. Nothing runs on its own.
 */
import type { Clock } from '../contract/clock.ts';
import type { Problem } from '../contract/errors.ts';
import {
  type LogEntry,
  levelOf,
  type Report,
  type Reporter,
  type TransitionReport,
} from '../contract/report.ts';
import { statesStream } from '../contract/state-records.ts';
import type { ActorStatus, Health, Waiting } from '../contract/status.ts';
import { Inspection } from '../inspect/inspection.ts';
import type { Condition } from './condition.ts';
import type { Log } from './log.ts';
import { limitLog } from './log-limit.ts';
import { Samples } from './samples.ts';
import { withoutSecrets } from './secrets.ts';
import { Recent } from './status-recent.ts';
import { Tally } from './status-tally.ts';
import type { Supervised } from './supervisor.ts';
import { Travels } from './travels.ts';
import { WeatherNews } from './weather-news.ts';

/** Further actors that belong to others are counted, and no longer listed. */
const ownedListedMax = 200;

/** How an actor is before it has been started. */
const notStarted: Condition = { state: 'off', health: 'ended', settled: true, cause: null, attempt: 0 };

/** What the runtime knows of an actor besides its reports. */
export interface Source {
  readonly condition: () => Condition;
  readonly supervised?: Pick<Supervised, 'restarts' | 'process'>;
}

/** Whether what leaves a state with a countdown is the next attempt, and not a person's other word, more trouble, or another life. */
function isRetry({ event }: TransitionReport): boolean {
  return event === 'RETRY' || event === 'BACK' || event.startsWith('after ');
}

/** What has been seen of one actor. */
export class Sight {
  readonly name: string;
  readonly kind: string;
  readonly tally: Tally;
  /** Actors that belong to it. */
  readonly owned = new Set<Sight>();
  /** Told of each of its state changes. */
  readonly changed = new Set<() => void>();
  source: Source = { condition: () => notStarted };
  readonly #owner: Sight | null;
  readonly #clock: Clock;
  #sinceMs: number;
  #retryAtMs: number | null = null;
  #transitions = 0;
  #retries = 0;
  #about: string | null = null;
  #lastProblem: Problem | null = null;
  #lastProblemMs = 0;
  /** By what they are about. */
  readonly #alarms = new Map<string, string>();
  /** Last segment sent of each stream: one that is sent again is not counted again. */
  readonly #sent = new Map<string, number>();

  constructor(name: string, kind: string, owner: Sight | null, clock: Clock) {
    this.name = name;
    this.kind = kind;
    this.tally = new Tally(clock);
    this.#owner = owner;
    this.#clock = clock;
    this.#sinceMs = clock.now();
  }

  see(report: Report): void {
    switch (report.type) {
      case 'transition':
        this.#transitions += 1;
        if (this.#retryAtMs !== null && isRetry(report)) this.#retries += 1;
        this.#sinceMs = this.#clock.now();
        this.#retryAtMs = report.retryInMs === undefined ? null : this.#sinceMs + report.retryInMs;
        if (report.cause) this.#fault(report.cause);
        for (const hear of this.changed) hear();
        break;
      case 'problem':
        this.#fault(report);
        break;
      case 'segment':
        if (report.stream === statesStream) break;
        if (report.what === 'acknowledged') this.tally.add(report.readings);
        else if (report.what === 'sent' && report.segment > (this.#sent.get(report.stream) ?? 0)) {
          this.#sent.set(report.stream, report.segment);
          this.tally.add(report.readings);
        }
        break;
      case 'note':
        this.#about = report.about ?? this.#about;
        break;
      case 'alarm':
        if (report.text === null) this.#alarms.delete(report.about);
        else this.#alarms.set(report.about, report.text);
        break;
      case 'stored':
        if (report.stream === statesStream) break;
        this.tally.add(report.readings);
        this.#owner?.tally.add(report.readings);
        break;
    }
  }

  /** When it came into its state, ms since 1970. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Segments are numbered anew. */
  forked(): void {
    this.#sent.clear();
  }

  status(waiting: Waiting | null, heldBack = false): ActorStatus {
    const { state, health, cause, attempt } = this.source.condition();
    const { supervised } = this.source;
    const perSecond = this.tally.perSecond();
    return {
      name: this.name,
      kind: this.kind,
      ...(this.#about === null ? {} : { about: this.#about }),
      state,
      health,
      sinceMs: this.#sinceMs,
      cause,
      lastError: this.#lastProblem && { problem: this.#lastProblem, atMs: this.#lastProblemMs },
      alarm: health === 'ended' || this.#alarms.size === 0 ? null : [...this.#alarms.values()].join('; '),
      attempt,
      retryAtMs: this.#retryAtMs,
      restarts: supervised?.restarts ?? 0,
      readings: this.tally.total,
      readingsPerSecond: Tally.mean(perSecond),
      perSecond,
      waiting,
      process: supervised?.process ?? null,
      heldBack,
      transitions: this.#transitions,
      retries: this.#retries,
    };
  }

  #fault({ code, message, advice }: Problem): void {
    this.#lastProblem = { code, message, advice };
    this.#lastProblemMs = this.#clock.now();
  }
}

/** All actors of a pipeline, and what was last said of it. */
export class Board {
  readonly recent: Recent;
  /** Told of each entry that the log gets; empty while nobody watches. */
  readonly listeners = new Set<(entry: LogEntry) => void>();
  /** Told of each transition of a declared actor; `timeMs` on the wall clock. */
  readonly moved = new Set<(sight: Sight, report: TransitionReport, timeMs: number) => void>();
  /** What becomes of segments. */
  readonly travels: Travels;
  /** What is said here passes by the board and comes to the log. */
  readonly log: Log;
  /** Who inspects its actors hears of them here. */
  readonly inspection: Inspection;
  /** What the cloud says of the weather. */
  readonly news: WeatherNews;
  /** Readings that come by, for those who inspect. */
  readonly samples: Samples;
  readonly #pipeline: string;
  readonly #clock: Clock;
  readonly #limited: ReturnType<typeof limitLog>;
  readonly #sights = new Map<string, Sight>();

  constructor(pipeline: string, log: Log, clock: Clock) {
    this.#pipeline = pipeline;
    this.#clock = clock;
    this.recent = new Recent(pipeline);
    this.travels = new Travels(clock);
    this.inspection = new Inspection(clock);
    this.news = new WeatherNews(clock);
    this.samples = new Samples(this.inspection, clock);
    this.#limited = limitLog({ reporter: (_, actor) => this.#kept(actor, log) }, clock);
    this.log = { reporter: (_, actor) => this.reporter(actor) };
  }

  /** A declared actor; one of that name that was known before is forgotten. */
  declare(name: string, kind: string): Sight {
    const sight = new Sight(name, kind, null, this.#clock);
    this.#sights.set(name, sight);
    return sight;
  }

  /** Declared actors are exactly these, in this order. */
  keep(names: readonly string[]): void {
    const sights = names.flatMap((name) => this.#sights.get(name) ?? []);
    this.#sights.clear();
    for (const sight of sights) this.#sights.set(sight.name, sight);
  }

  sight(name: string): Sight | undefined {
    return this.#sights.get(name);
  }

  /** An actor that belongs to a declared one, until `forget`. */
  own(owner: Sight, name: string, kind: string): { sight: Sight; report: Reporter; forget: () => void } {
    const sight = new Sight(name, kind, owner, this.#clock);
    owner.owned.add(sight);
    return { sight, report: this.#shown(this.#seen(sight)), forget: () => void owner.owned.delete(sight) };
  }

  /** A reporter that signs with that actor's name. */
  reporter(actor: string): Reporter {
    const sight = this.#sights.get(actor);
    return this.#shown(sight ? this.#seen(sight) : this.#limited.reporter(this.#pipeline, actor));
  }

  /** Each declared actor followed by those that belong to it. */
  statuses(
    waiting: (actor: string) => Waiting | null,
    isHeldBack: (actor: string) => boolean,
  ): { actors: ActorStatus[]; leftOut: number } {
    const actors: ActorStatus[] = [];
    let owned = 0;
    for (const sight of this.#sights.values()) {
      actors.push(sight.status(waiting(sight.name), isHeldBack(sight.name)));
      for (const each of sight.owned) {
        owned += 1;
        if (owned <= ownedListedMax) actors.push(each.status(null));
      }
    }
    return { actors, leftOut: Math.max(0, owned - ownedListedMax) };
  }

  /** Segments are numbered anew. */
  forked(): void {
    this.travels.forked();
    this.news.forked();
  }

  /** Names and states of those that belong to others, by their names without the owner's. */
  owned(): ReadonlyMap<string, { readonly name: string; readonly state: string }> {
    const found = new Map<string, { name: string; state: string }>();
    for (const sight of this.#sights.values()) {
      for (const { name, source } of sight.owned) {
        found.set(name.slice(sight.name.length + 1), { name, state: source.condition().state });
      }
    }
    return found;
  }

  /** How each declared actor is. */
  states(): readonly {
    name: string;
    state: string;
    health: Health;
    sinceMs: number;
    cause: Problem | null;
  }[] {
    return Array.from(this.#sights.values(), ({ name, source, sinceMs }) => {
      const { state, health, cause } = source.condition();
      return { name, state, health, sinceMs, cause };
    });
  }

  /** Says what the log has left unsaid. */
  flush(): void {
    this.#limited.flush();
  }

  /** No secret passes here, so that neither the log nor what is known of an actor holds one. */
  #shown(say: Reporter): Reporter {
    const { redactor } = this.inspection;
    return (report, level, atMs) => say(withoutSecrets(report, redactor), level, atMs);
  }

  #seen(sight: Sight): Reporter {
    const say = this.#limited.reporter(this.#pipeline, sight.name);
    return (report, level, atMs) => {
      sight.see(report);
      this.travels.see(report);
      this.news.see(report);
      if (report.type === 'transition' && this.#sights.get(sight.name) === sight) {
        for (const hear of this.moved) hear(sight, report, atMs ?? this.#clock.now());
      }
      say(report, level, atMs);
    };
  }

  #kept(actor: string, log: Log): Reporter {
    const say = log.reporter(this.#pipeline, actor);
    return (report, level, atMs) => {
      const time = atMs ?? this.#clock.now();
      const known = level ?? levelOf(report);
      this.recent.push(time, known, actor, report);
      if (this.listeners.size > 0) {
        const entry: LogEntry = { time, level: known, pipeline: this.#pipeline, actor, report };
        for (const hear of this.listeners) hear(entry);
      }
      say(report, level, atMs);
    };
  }
}
