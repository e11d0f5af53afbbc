/** The history of an actor: lines that a person can read, and how it was at each of them. Pure. */
import type { Refusal, StepFrame } from '../../../contract/inspect.ts';
import type { PastItem } from '../model/past.ts';
import { afterFrame, type LiveActor } from '../model/world.ts';

/** A part of an actor's past that comes from a frame. */
export type FrameItem = Extract<PastItem, { readonly entry: null }>;

/** One line of the history: one step, or several that say the same again and again. */
export interface HistoryLine {
  /** Stays the same while it grows. */
  readonly key: number;
  /** Oldest first; all of them. */
  readonly items: readonly FrameItem[];
  /** What is repeated: one step, or the few of a cycle such as `sending`, `awaitingAck`. */
  readonly cycle: readonly FrameItem[];
  /** How often that happened. */
  readonly count: number;
}

const cycleMax = 4;

/** Newest first. */
export function historyOf(items: readonly PastItem[]): readonly HistoryLine[] {
  const frames = items.filter((item): item is FrameItem => item.frame !== null);
  const words = frames.map(wordOf);
  const lines: HistoryLine[] = [];
  for (let at = 0; at < frames.length; ) {
    const { period, count } = longestRun(words, at);
    const run = frames.slice(at, at + period * count);
    lines.push({ key: run[0]!.place, items: run, cycle: run.slice(0, period), count });
    at += run.length;
  }
  return lines.reverse();
}

/** The shortest of those cycles that cover most from there on. */
function longestRun(words: readonly string[], at: number): { period: number; count: number } {
  let best = { period: 1, count: 1 };
  for (let period = 1; period <= cycleMax && at + period < words.length; period += 1) {
    let end = at + period;
    while (end < words.length && words[end] === words[end - period]) end += 1;
    const count = Math.floor((end - at) / period);
    if (count > 1 && count * period > best.count * best.period) best = { period, count };
  }
  return best;
}

/** What two frames have in common that say the same. */
function wordOf({ frame }: FrameItem): string {
  // Each beginning and each end is a line of its own.
  if (frame.type !== 'step') return `${frame.type} ${frame.id}`;
  const { event, from, to, cause, taken, refused } = frame;
  const guards = refused.map(({ transition }) => transition);
  return [event.type, from, to, cause?.code ?? '', taken.join(' '), guards.join(' ')].join('\n');
}

/** An actor as it was at one of its frames. */
export interface Moment {
  readonly item: FrameItem;
  /** `null` where nothing is known of it. */
  readonly before: LiveActor | null;
  readonly after: LiveActor | null;
  /** Its place among what is kept, from 0; and how many there are. */
  readonly index: number;
  readonly total: number;
}

/**
 * How it was when the frame with that id had come; `null` when that is not kept any more. A pipeline that begins anew counts its
 * frames from the start again: the newest of that id is meant.
 */
export function momentAt(items: readonly PastItem[], frameId: number): Moment | null {
  const frames = items.filter((item): item is FrameItem => item.frame !== null);
  const index = frames.findLastIndex(({ frame }) => frame.id === frameId);
  if (index < 0) return null;
  let before: LiveActor | null = null;
  for (const { frame } of frames.slice(0, index)) before = afterFrame(before, frame);
  const item = frames[index]!;
  return { item, before, after: afterFrame(before, item.frame), index, total: frames.length };
}

/** The frame so many places later, or earlier where that is negative; `null` beyond the ends. */
export function frameBeside(items: readonly PastItem[], frameId: number, by: number): number | null {
  const frames = items.filter((item): item is FrameItem => item.frame !== null);
  const index = frames.findLastIndex(({ frame }) => frame.id === frameId);
  return index < 0 ? null : (frames[index + by]?.frame.id ?? null);
}

/** What stands instead of a frame that is not there. */
export function missingText(items: readonly PastItem[], frameId: number, isReplay: boolean): string {
  if (!isReplay) return 'This moment is not kept here any more. What is below is now.';
  const isOver = items.some(({ frame }) => frame !== null && frame.id > frameId);
  const why = isOver ? 'is not in this recording' : 'had not come yet';
  return `This moment ${why}. What is below is what the slider stands at.`;
}

/** `a → b`, or `a` where it stayed. */
export function wayOf({ from, to }: Pick<StepFrame, 'from' | 'to'>): string {
  return from === to ? to : `${from} → ${to}`;
}

/** How a line reads, its time and count left out. */
export interface LineText {
  readonly event: string;
  readonly way: string;
  /** It did something, went wrong, or was of no interest to the actor. */
  readonly sort: 'moved' | 'stayed' | 'ignored' | 'began' | 'ended';
}

export function lineText({ frame }: FrameItem): LineText {
  if (frame.type === 'actor') {
    const event = frame.known ? 'was there already' : 'began';
    return { event, way: frame.state, sort: 'began' };
  }
  if (frame.type === 'end') {
    const how = { stopped: 'ended', failed: 'failed', threw: 'threw' }[frame.how];
    return { event: how, way: '', sort: 'ended' };
  }
  const sort =
    frame.from !== frame.to ? 'moved' : frame.taken.length + frame.refused.length > 0 ? 'stayed' : 'ignored';
  return { event: frame.event.name, way: wayOf(frame), sort };
}

/** The states that a cycle goes through, in order, each once: `sending ⇄ awaitingAck`. */
export function cycleText(cycle: readonly FrameItem[]): string {
  const states = cycle.flatMap(({ frame }) => (frame.type === 'step' ? [frame.from, frame.to] : []));
  return [...new Set(states)].join(' ⇄ ');
}

/** Names of guards that said no, each once; those without a name of their own left out. */
export function guardNames(refused: readonly Refusal[]): readonly string[] {
  return [...new Set(refused.map(({ guard }) => guard))].filter((guard) => guard !== 'guard');
}
