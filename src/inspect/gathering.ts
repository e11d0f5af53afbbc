/**
 * What waits for one watcher, within bounds. Beyond them it is thinned out: of each actor the beginning and the end of a life and
 * the newest step stay, of each sensor the newest sample; a life of which the watcher never heard and that is over goes as a whole.
 */
import type { ActorFrame, InspectFrame, StepFrame } from '../contract/inspect.ts';
import { afterSkipped, sensorKey } from './skipped.ts';

/** More than that, in frames or in bytes, does not wait, unless that many actors are alive. */
export const framesMax = 500;
export const bytesMax = 512 * 1024;

interface Waiting {
  frame: InspectFrame;
  /** Of its JSON text, about. */
  readonly bytes: number;
}

export class Gathering {
  #waiting: Waiting[] = [];
  #bytes = 0;
  #framesMax = framesMax;
  #bytesMax = bytesMax;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** What waits now, frames and about as many bytes. */
  get size(): { readonly frames: number; readonly bytes: number } {
    return { frames: this.#waiting.length, bytes: this.#bytes };
  }

  add(frame: InspectFrame, bytes: number): void {
    this.#waiting.push({ frame, bytes });
    this.#bytes += bytes;
    if (this.#waiting.length <= this.#framesMax && this.#bytes <= this.#bytesMax) return;
    this.#waiting = thinOut(this.#waiting);
    this.#bytes = this.#waiting.reduce((sum, { bytes: each }) => sum + each, 0);
    // Twice what had to stay, so that it is not thinned out again for each frame.
    this.#framesMax = Math.max(framesMax, 2 * this.#waiting.length);
    this.#bytesMax = Math.max(bytesMax, 2 * this.#bytes);
  }

  /** The oldest, at most `countMax`. */
  take(countMax = Number.POSITIVE_INFINITY): InspectFrame[] {
    const taken = this.#waiting.splice(0, countMax);
    this.#bytes -= taken.reduce((sum, { bytes }) => sum + bytes, 0);
    if (this.isEmpty) {
      this.#framesMax = framesMax;
      this.#bytesMax = bytesMax;
    }
    return taken.map(({ frame }) => frame);
  }
}

/** What is known of an actor while one goes back from its newest frame. */
interface Looked {
  /** Newest step of the life that is looked at. */
  step: Waiting | null;
  /** The end of the life that is looked at. */
  end: Waiting | null;
  /** A later life began. */
  isFollowed: boolean;
}

function thinOut(waiting: readonly Waiting[]): Waiting[] {
  const kept: Waiting[] = [];
  const gone = new Set<Waiting>();
  const actors = new Map<string, Looked>();
  const samples = new Set<string>();
  const keep = (one: Waiting) => void kept.push(one);
  for (const one of waiting.toReversed()) {
    const { frame } = one;
    const { actor, type } = frame;
    if (type === 'sample') {
      const key = sensorKey(frame);
      if (samples.has(key)) continue;
      samples.add(key);
      keep(one);
      continue;
    }
    let looked = actors.get(actor);
    if (!looked) {
      looked = { step: null, end: null, isFollowed: false };
      actors.set(actor, looked);
    }
    if (type === 'step') {
      if (looked.step) looked.step.frame = afterSkipped(looked.step.frame as StepFrame, frame);
      else {
        // A copy: others watch too.
        looked.step = { ...one };
        keep(looked.step);
      }
    } else if (type === 'end') {
      looked.step = null;
      looked.end = one;
      keep(one);
    } else {
      if (looked.end && isForgettable(frame, looked)) {
        for (const each of [looked.step, looked.end]) if (each) gone.add(each);
      } else keep(one);
      actors.set(actor, { step: null, end: null, isFollowed: true });
    }
  }
  return kept.reverse().filter((one) => !gone.has(one));
}

/** Nobody needs to know that a life was, when another followed it or when its actor was one of many that come and go. */
const isForgettable = ({ parent }: ActorFrame, { isFollowed }: Looked) => isFollowed || parent !== null;

/** A frame before it has a number. */
export type Draft<Frame = InspectFrame> = Frame extends InspectFrame ? Omit<Frame, 'id'> : never;
