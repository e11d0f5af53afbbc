/**
 * A recording as something to move about in: the world at any moment, soon, also backwards. Worlds share what did not change between
 * them, so that one kept now and then costs little.
 */
import type { ConsoleEvent, RecordingHeader } from '../../wire.ts';
import { createPast, type PastItem, type PastView } from './past.ts';
import { emptyWorld, fold, type World } from './world.ts';

/** A transition, as somewhere to step to. */
export interface Moment {
  /** When its event was said, on the console's clock, ms since 1970. */
  readonly timeMs: number;
  /** Something went wrong then. */
  readonly isTrouble: boolean;
}

export interface Recording {
  readonly header: RecordingHeader;
  readonly fromMs: number;
  readonly toMs: number;
  /** Moments with a transition, oldest first. */
  readonly moments: readonly Moment[];
  /** Everything as it was then. */
  at(timeMs: number): { readonly world: World; readonly past: PastView };
  /** When the console had heard of the newest part of the past that fits, ms since 1970; `null` when none does. */
  heardMs(fits: (item: PastItem) => boolean): number | null;
}

/** So soon after the first pipeline the others have said something too. */
const settleMs = 250;
/** A world is kept every so many events. */
const keyframeEvents = 200;

export function createRecording(header: RecordingHeader, events: readonly ConsoleEvent[]): Recording {
  const past = createPast(null);
  const keyframes: World[] = [emptyWorld];
  const moments: Moment[] = [];
  // Ids are given anew: a recording may hold several lives of a console, in which they begin again.
  // Nor does their time go back, whatever was done to the clock: a moment is found by it.
  let newestMs = Number.NEGATIVE_INFINITY;
  const numbered = events.map((event, i): ConsoleEvent => {
    newestMs = Math.max(newestMs, event.timeMs);
    return { ...event, id: i + 1, timeMs: newestMs };
  });
  let world = emptyWorld;
  numbered.forEach((event, i) => {
    world = fold(world, event);
    // What a page forgets on a reset stays in the recording's past.
    if (event.type !== 'reset') past.add(event);
    if ((i + 1) % keyframeEvents === 0) keyframes.push(world);
    const moment = momentOf(event);
    if (moment) moments.push(moment);
  });
  // Before the first word of a pipeline there is nothing to be seen.
  const first = numbered.find(({ type }) => type === 'status') ?? numbered[0];
  const fromMs = first ? first.timeMs + settleMs : header.startedMs;
  const toMs = Math.max(fromMs, numbered.at(-1)?.timeMs ?? fromMs);
  let last = { place: 0, world: emptyWorld };
  return {
    ...{ header, fromMs, toMs, moments },
    at(timeMs) {
      const place = placeAfter(numbered, timeMs);
      const keyframe = Math.floor(place / keyframeEvents);
      const isNear = last.place <= place && last.place >= keyframe * keyframeEvents;
      let [now, from] = isNear ? [last.world, last.place] : [keyframes[keyframe]!, keyframe * keyframeEvents];
      for (; from < place; from += 1) now = fold(now, numbered[from]!);
      last = { place, world: now };
      return { world: now, past: past.view(place) };
    },
    heardMs(fits) {
      const item = past.view().items.findLast(fits);
      return item ? numbered[item.eventId - 1]!.timeMs : null;
    },
  };
}

function momentOf(event: ConsoleEvent): Moment | null {
  if (event.type !== 'frames') return null;
  const steps = event.frames.filter((frame) => frame.type === 'step' && frame.from !== frame.to);
  if (steps.length === 0) return null;
  return { timeMs: event.timeMs, isTrouble: steps.some((step) => 'cause' in step && step.cause) };
}

/** So many of them had been said by then. */
function placeAfter(events: readonly { readonly timeMs: number }[], timeMs: number): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (events[middle]!.timeMs <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where a step leads: the nearest transition behind or before that time; `null` when there is none. */
export function momentBeside(recording: Recording, timeMs: number, way: 1 | -1): Moment | null {
  const { moments } = recording;
  const after = placeAfter(moments, timeMs);
  if (way === 1) return moments[after] ?? null;
  for (let i = after - 1; i >= 0; i -= 1) if (moments[i]!.timeMs < timeMs) return moments[i]!;
  return null;
}

/** Lines of NDJSON, as they come in pieces; a last line that was cut off is left out, and so is what is no event. */
export async function readRecording(
  pieces: AsyncIterable<string>,
  onProgress: (events: number) => void = () => {},
): Promise<Recording> {
  const events: ConsoleEvent[] = [];
  let header: RecordingHeader | null = null;
  let rest = '';
  const line = (text: string) => {
    const value = parsed(text);
    if (value === null) return;
    if (header === null && 'recording' in value) header = value as RecordingHeader;
    else if ('type' in value && 'timeMs' in value) events.push(value as ConsoleEvent);
  };
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    for (const each of lines) line(each);
    onProgress(events.length);
  }
  line(rest);
  if (header === null) throw new Error('this is no recording of fogrun');
  return createRecording(header, events);
}

function parsed(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
