/** Tells those who watch a pipeline what it is and says. Nothing runs while nobody watches. */
import type { Timer } from '../contract/clock.ts';
import type { Watcher } from '../contract/control.ts';
import { type Problem, toProblem } from '../contract/errors.ts';
import type { InspectWatcher } from '../contract/inspect.ts';
import type { LogEntry } from '../contract/report.ts';
import type { PipelineStatus } from '../contract/status.ts';
import type { ControlEnv } from './control.ts';
import { ownerOf } from './log-limit.ts';
import type { LoopWatch } from './loop-watch.ts';

const everyMsDefault = 1_000;
const everyMsMin = 100;
/** State changes gather for so long before they are shown. */
const soonMs = 100;

type EndListener = (cause: Problem | null) => void;

/** Tells of the end of a pipeline that may live for years: unlike its promise this forgets who has left. */
export class Ending {
  readonly #ended: Promise<Problem | null>;
  readonly #listeners = new Set<EndListener>();
  #isOver = false;

  constructor(ended: Promise<Problem | null>) {
    this.#ended = ended;
    void ended.then((cause) => {
      this.#isOver = true;
      for (const hear of this.#listeners) hear(cause);
    });
  }

  add(listener: EndListener): void {
    if (this.#isOver) void this.#ended.then(listener);
    else this.#listeners.add(listener);
  }

  delete(listener: EndListener): void {
    this.#listeners.delete(listener);
  }
}

/**
 * Entries of the past come before it returns, the first status right after. A watcher that throws is dropped.
 * @returns ends it
 */
export function watch(
  env: Pick<ControlEnv, 'clock' | 'board'> & { readonly ending: Ending; readonly loop: LoopWatch },
  status: () => PipelineStatus,
  watcher: Watcher,
  options: { everyMs?: number; entriesMax?: number } = {},
): () => void {
  const { clock, board } = env;
  const everyMs = Math.max(everyMsMin, options.everyMs || everyMsDefault);
  let timer: Timer | undefined;
  let dueMs = Number.POSITIVE_INFINITY;
  let over = false;
  const endLoop = env.loop.begin();

  const end = () => {
    over = true;
    endLoop();
    board.listeners.delete(hear);
    env.ending.delete(close);
    clock.clearTimeout(timer);
  };
  const tell = (say: () => void) => {
    if (over) return;
    try {
      say();
    } catch {
      end();
    }
  };
  const schedule = (delayMs: number) => {
    const at = clock.monotonic() + delayMs;
    if (over || dueMs <= at) return;
    clock.clearTimeout(timer);
    dueMs = at;
    timer = clock.setTimeout(show, delayMs);
  };
  const show = () => {
    dueMs = Number.POSITIVE_INFINITY;
    let now: PipelineStatus;
    try {
      now = status();
    } catch (thrown) {
      // Nothing more will come, and that must not look like a pipeline at rest.
      tell(() => watcher.over(toProblem(thrown)));
      return end();
    }
    tell(() => watcher.status(now));
    schedule(everyMs);
  };
  const hear = (entry: LogEntry) => {
    tell(() => watcher.entry(entry));
    // What belongs to an actor changes all the time, and waits for its turn.
    if (entry.report.type === 'transition' && ownerOf(entry.actor) === null) schedule(soonMs);
  };

  const close = (cause: Problem | null) => {
    tell(() => watcher.over(cause));
    end();
  };

  for (const entry of board.recent.last(options.entriesMax ?? 0)) tell(() => watcher.entry(entry));
  if (over) return end;
  board.listeners.add(hear);
  schedule(0);
  env.ending.add(close);
  return end;
}

/** @returns ends it */
export function inspect(
  { board, ending }: Pick<ControlEnv, 'board'> & { readonly ending: Ending },
  watcher: InspectWatcher,
): () => void {
  const close = (cause: Problem | null) => watched.close(cause);
  const watched = board.inspection.watch(watcher, () => ending.delete(close));
  ending.add(close);
  return watched.end;
}
