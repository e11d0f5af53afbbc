/** The store of a pipeline: opened when it is free, heard, and closed within a deadline. */
import { type Clock, sleep } from '../contract/clock.ts';
import { errorCodes, type Problem, toProblem } from '../contract/errors.ts';
import type { Reporter } from '../contract/report.ts';
import { statesStream } from '../contract/state-records.ts';
import type { CloudStore, EdgeStore } from '../contract/store.ts';
import { formatSize } from '../domain/quantities.ts';
import { off } from './actor.ts';
import { tellDrops } from './drops.ts';

/** A store that is open, and what its recovery has to say. */
export interface OpenedStore {
  readonly edge: EdgeStore | null;
  readonly cloud: CloudStore | null;
  /** What was found wrong at the start and mended. */
  readonly recovered?: Problem | undefined;
}

/** How long an orderly end may take unless somebody says otherwise. */
export const drainDeadlineMs = 4_500;

/** An owner that is about to end, say because its parent was killed, is waited for this long. */
const ownerDeadlineMs = drainDeadlineMs + 1_000;
const ownerPollMs = 200;

/** Rejects when it cannot be opened. */
export async function openWhenFree(
  open: () => Promise<OpenedStore>,
  clock: Clock,
  report: Reporter,
): Promise<{ store: OpenedStore; from: string }> {
  const until = clock.monotonic() + ownerDeadlineMs;
  let from = off;
  for (;;) {
    try {
      return { store: await open(), from };
    } catch (thrown) {
      const cause = toProblem(thrown);
      if (cause.code !== 'store-locked' || clock.monotonic() >= until) throw thrown;
      if (from === off) report({ type: 'transition', from, to: 'locked', event: 'start', cause });
      from = 'locked';
      await sleep(clock, ownerPollMs);
    }
  }
}

/** Tells what an orderly end leaves behind for the next start; nothing when that is nothing. Never throws. */
export function tellWhatStays({ edge }: OpenedStore, cursor: string, report: Reporter): void {
  if (!edge || edge.status().state === 'failed') return;
  try {
    let { readings, bytes } = edge.backlog(cursor, statesStream);
    for (const stream of edge.streams()) {
      if (stream === statesStream) continue;
      const open = edge.openSegment(stream);
      readings += open.count;
      bytes += open.bytes;
    }
    if (readings === 0) return;
    const [what, stay] = readings === 1 ? ['1 reading', 'stays'] : [`${readings} readings`, 'stay'];
    report({ type: 'note', text: `${what} (${formatSize(bytes)}) ${stay} here until the next start` });
  } catch (thrown) {
    report({ type: 'problem', ...toProblem(thrown) });
  }
}

/** Time the store has for closing even when the actors took all of it; one whose disk is gone may never close. */
const closeMsMin = 400;

/** What kept the store from closing, or `null`. */
export async function closeStore(store: OpenedStore, clock: Clock, until: number): Promise<Problem | null> {
  const over = new AbortController();
  const deadlineMs = Math.max(closeMsMin, Math.round(until - clock.monotonic()));
  const late: Problem = {
    code: 'store-failed',
    message: `the store did not close within ${deadlineMs} ms`,
    advice: errorCodes['store-failed'].advice,
  };
  const closed = async () => (store.edge ?? store.cloud)?.close();
  const outcome = await Promise.race([
    closed().then(() => null, toProblem),
    sleep(clock, deadlineMs, over.signal).then(() => late),
  ]);
  over.abort();
  return outcome;
}

/** Tells of the store in the log from now on; `failed` is called when it takes nothing more. */
export function tellStore(
  store: OpenedStore,
  from: string,
  report: Reporter,
  clock: Clock,
  failed: (cause: Problem) => void,
): void {
  if (store.recovered) report({ type: 'problem', ...store.recovered });
  const any = store.edge ?? store.cloud;
  if (!any) return;
  report({ type: 'transition', from, to: any.status().state, event: 'start' });
  const drops = tellDrops(report, clock);
  any.subscribe((event) => {
    if (event.type === 'forked') {
      report({ type: 'note', text: `new epoch ${event.toEpoch} after ${event.fromEpoch}` }, 'warn');
    }
    if (event.type === 'damaged') report({ type: 'problem', ...event.problem });
    if (event.type === 'dropped') drops.tell(event.dropped, event.text);
    if (event.type !== 'state') return;
    drops.rest();
    const { from, to, cause } = event;
    report({ type: 'transition', from, to, event: cause?.code ?? 'ROOM', ...(cause ? { cause } : {}) });
    if (to === 'failed') {
      const { advice } = errorCodes['store-failed'];
      failed(cause ?? { code: 'store-failed', message: 'the store failed', advice });
    }
  });
}
