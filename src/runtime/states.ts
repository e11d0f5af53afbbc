/**
 * Tells the cloud how an edge is: transitions of its declared actors become readings of the stream `states` in its own store,
 * and travel as all others do. It gives way to readings everywhere, and must not feed itself: what bringing states to the
 * cloud causes is told by nobody, or waits until readings go the same way.
 */
import type { Clock, Timer } from '../contract/clock.ts';
import { sleep } from '../contract/clock.ts';
import type { ClockTrust } from '../contract/clock-trust.ts';
import { type Problem, toProblem } from '../contract/errors.ts';
import { streamsMax } from '../contract/link.ts';
import type { Plan } from '../contract/plan.ts';
import type { Reporter, TransitionReport } from '../contract/report.ts';
import { encodeState, encodeStatus, type StatusReason, statesStream } from '../contract/state-records.ts';
import type { EdgeStore } from '../contract/store.ts';
import { healthAfter, Notable } from './states-notable.ts';
import { StatesQueue } from './states-queue.ts';
import type { Board, Sight } from './status.ts';

/** Transitions gather for so long after the first, and commits are so far apart at least, ms. */
const gatherMs = 100;
const commitEveryMs = 1_000;
/** Looks again for room so often, ms. */
const lookAgainMs = 30_000;
/** Size at which an open segment is sealed whatever happens. */
const sealBytes = 256 * 1024;
/** What is notable is sealed so long after it was written, and so far apart at least, when no readings are sealed before, ms. */
const sealSoonMs = 2_000;
const sealEveryMs = 60_000;
/** A start has come to something by then, ms. */
const startMs = 1_000;
/** Between two words on the whole while all is as usual, ms. */
export const statusEveryMs = 600_000;
/** What an orderly end spends on it, ms. */
const endMsMax = 500;

export interface StatesEnv {
  /** The plan that counts now. */
  readonly plan: () => Plan;
  readonly store: EdgeStore;
  /** Name of the uploader, and of its cursor. */
  readonly cursor: string;
  readonly clock: Clock;
  readonly trust: ClockTrust;
  readonly board: Board;
  readonly version: string;
  readonly report: Reporter;
}

export interface States {
  /** Says that the edge ends in order; nothing is written after that. Never rejects. */
  end(): Promise<void>;
}

/** A pipeline that brings nothing to a cloud tells nothing either. */
export function tellStates(env: StatesEnv): States {
  const { plan } = env;
  const told = plan().states ?? 'none';
  const brings = (kind: string) => plan().actors.some((actor) => actor.kind.name === kind);
  const nothing = { end: async () => {} };
  if (told === 'none' || !brings('file-rotator') || !brings('uploader')) return nothing;
  const others = otherStreams(env);
  if (others >= streamsMax) {
    const text = `its own states are not told: ${others} streams of readings are as many as a cloud takes`;
    env.report({ type: 'note', text }, 'warn');
    return nothing;
  }
  return new Teller(env, told === 'all');
}

/** Streams of readings that there are or that the pipeline names: they have places in the cloud before this one. */
function otherStreams({ plan, store }: StatesEnv): number {
  const named = plan().actors.flatMap(({ config }) => (config as { stream?: string }).stream ?? []);
  const others = new Set([...store.streams(), ...named]);
  others.delete(statesStream);
  return others.size;
}

class Teller implements States {
  readonly #env: StatesEnv;
  readonly #all: boolean;
  readonly #notable = new Notable();
  readonly #queue: StatesQueue;
  readonly #stop: (() => void)[] = [];
  #over = false;
  #writing: Promise<void> | null = null;
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #sealTimer: Timer | undefined;
  #startTimer: Timer | undefined;
  #writtenMs = Number.NEGATIVE_INFINITY;
  #sealedMs = Number.NEGATIVE_INFINITY;
  #statusMs = Number.NEGATIVE_INFINITY;
  #statusDue: StatusReason | null = null;
  /** Something of what waits should be heard of soon by the cloud; or of what was written. */
  #isNotable = false;
  #sealWanted = false;
  #wasTroubled = false;

  constructor(env: StatesEnv, all: boolean) {
    this.#env = env;
    this.#all = all;
    this.#queue = new StatesQueue(env.clock);
    const { board, store, clock } = env;
    const moved = (sight: Sight, report: TransitionReport, timeMs: number) =>
      this.#moved(sight, report, timeMs);
    board.moved.add(moved);
    this.#stop.push(() => board.moved.delete(moved));
    this.#stop.push(
      store.subscribe((event) => {
        if (event.type === 'sealed' && event.header.stream === statesStream) this.#sealWanted = false;
        else if (event.type === 'sealed') this.#readingsSealed();
        else if (event.type === 'state' && event.to === 'open' && !this.#queue.isEmpty) this.#writeIn(0);
        else if (event.type === 'state' && event.to === 'failed') this.#end();
      }),
    );
    // What an earlier life left open goes with the first word of this one.
    this.#startTimer = clock.setTimeout(() => this.#say('start'), startMs);
  }

  async end(): Promise<void> {
    if (this.#over) return;
    this.#end();
    const enough = new AbortController();
    const last = Promise.resolve(this.#writing).then(() => this.#sayAndAppend('end', 1, true));
    await Promise.race([last.catch(() => {}), sleep(this.#env.clock, endMsMax, enough.signal)]);
    enough.abort();
  }

  #end(): void {
    this.#over = true;
    for (const stop of this.#stop) stop();
    const { clock } = this.#env;
    for (const timer of [this.#timer, this.#sealTimer, this.#startTimer]) clock.clearTimeout(timer);
  }

  #moved(sight: Sight, report: TransitionReport, timeMs: number): void {
    const { name } = sight;
    const condition = sight.source.condition();
    const health = healthAfter(report, condition);
    const settled = condition.state === report.to && condition.settled;
    const isNotable = this.#notable.isNotable(name, report, health, settled);
    if (isNotable || this.#all) {
      const { from, to, event, cause, attempt = null, retryInMs = null } = report;
      const line = encodeState({
        ...{ actor: name, timeMs, from, to, event, health, attempt, retryInMs },
        cause: causeText(cause),
      });
      this.#queue.push(line, timeMs);
      this.#writeIn(gatherMs);
    }
    if (isNotable) this.#isNotable = true;
    const isTroubled = this.#notable.troubled.length > 0;
    if (this.#wasTroubled && !isTroubled) this.#say('mended');
    this.#wasTroubled = isTroubled;
  }

  /** The regular word goes along with readings, so that an edge that has none comes to rest. */
  #readingsSealed(): void {
    if (this.#env.clock.monotonic() - this.#statusMs >= statusEveryMs) this.#say('regular');
  }

  #say(reason: StatusReason): void {
    this.#notable.keep(this.#env.plan().actors.map(({ name }) => name));
    if (this.#statusDue !== 'start') this.#statusDue = reason;
    if (reason !== 'regular') this.#isNotable = true;
    this.#writeIn(gatherMs);
  }

  #queueStatus(reason: StatusReason): void {
    const { store, cursor, clock, board, version } = this.#env;
    if (store.status().state === 'failed') return;
    const timeMs = clock.now();
    let { readings, bytes, oldestMs } = store.backlog(cursor, statesStream);
    for (const stream of store.streams()) {
      if (stream === statesStream) continue;
      const open = store.openSegment(stream);
      readings += open.count;
      bytes += open.bytes;
      oldestMs ??= open.sinceMs;
    }
    const actors = board.states().map(({ name, state, health, sinceMs, cause }) => ({
      ...{ actor: name, state, health, sinceMs },
      cause: causeText(cause),
    }));
    const backlog = { readings, bytes, oldestMs };
    this.#queue.push(encodeStatus({ timeMs, reason, version, backlog, actors }), timeMs);
    this.#statusMs = clock.monotonic();
  }

  #writeIn(delayMs: number): void {
    if (this.#over || this.#writing) return;
    const { clock } = this.#env;
    const now = clock.monotonic();
    const at = Math.max(now + delayMs, this.#writtenMs + this.#commitEveryMs());
    if (at >= this.#timerAtMs) return;
    clock.clearTimeout(this.#timer);
    this.#timerAtMs = at;
    this.#timer = clock.setTimeout(() => {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#write();
    }, at - now);
  }

  #write(): void {
    const due = this.#statusDue;
    this.#statusDue = null;
    this.#writing = this.#sayAndAppend(due, sealBytes, false)
      .catch((thrown) => this.#giveUp(thrown))
      .finally(() => {
        this.#writing = null;
        this.#goOn();
      });
  }

  /** Readings go on without it. */
  #giveUp(thrown: unknown): void {
    // A store that failed says so itself, and ends the pipeline.
    const problem = toProblem(thrown);
    if (problem.code !== 'store-failed') this.#env.report({ type: 'problem', ...problem });
    this.#end();
  }

  /** Rejects when the store cannot say what waits in it, too. */
  async #sayAndAppend(due: StatusReason | null, bytes: number, last: boolean): Promise<void> {
    if (due) this.#queueStatus(due);
    await this.#append(bytes, last);
  }

  /** What came while the last commit was under way, or waits for something. */
  #goOn(): void {
    if (this.#over) return;
    if (this.#sealWanted) this.#sealSoon();
    if (this.#statusDue) this.#writeIn(gatherMs);
    if (!this.#queue.isEmpty) this.#writeIn(this.#hasRoom() ? gatherMs : lookAgainMs);
    const due = this.#queue.dueInMs();
    if (due !== null) this.#writeIn(this.#hasRoom() ? due : lookAgainMs);
  }

  #hasRoom(): boolean {
    const batch = this.#queue.batch(false);
    return batch === null || this.#env.store.policies.spare([batch]);
  }

  async #append(bytes: number, last: boolean): Promise<void> {
    const { store, trust, clock } = this.#env;
    // What was free when the last reading came, hours ago may be, says nothing: a commit without room ends the pipeline.
    await store.policies.lookForRoom();
    const batch = this.#queue.batch(trust.doubt() !== null, last);
    // Asked and taken in one turn of the event loop, so that nothing is dropped or turned away for it.
    if (!batch || store.status().state !== 'open' || !store.policies.spare([batch])) return;
    this.#writtenMs = clock.monotonic();
    const isNotable = this.#isNotable;
    this.#isNotable = false;
    this.#queue.taken(batch);
    await store.append([batch], bytes);
    this.#sealWanted ||= isNotable;
  }

  /** While the uploader has no link there is no hurry: what is sealed with readings will do. */
  #sealSoon(): void {
    if (this.#over || this.#sealTimer !== undefined) return;
    const { clock, cursor, store } = this.#env;
    if (this.#notable.troubled.includes(cursor)) return;
    const delayMs = Math.max(sealSoonMs, this.#sealedMs + sealEveryMs - clock.monotonic());
    this.#sealTimer = clock.setTimeout(() => {
      this.#sealTimer = undefined;
      if (!this.#sealWanted || this.#notable.troubled.includes(cursor)) return;
      this.#sealWanted = false;
      this.#sealedMs = clock.monotonic();
      if (store.openSegment(statesStream).count > 0) void store.seal(statesStream).catch(() => {});
    }, delayMs);
  }

  /** As for readings: a rotator that spares an SD card spares it from these as well. */
  #commitEveryMs(): number {
    const rotator = this.#env.plan().actors.find(({ kind }) => kind.name === 'file-rotator');
    const { 'commit-every': everyMs = 0 } = (rotator?.config ?? {}) as { 'commit-every'?: number };
    return Math.max(commitEveryMs, everyMs);
  }
}

function causeText(cause: Problem | null | undefined): string | null {
  return cause ? `${cause.code}: ${cause.message}` : null;
}
