/** Makes fewer of frames that are too many for a page, so that it still knows exactly how things stand. Pure. */
import type { InspectFrame, StepFrame } from '../contract/inspect.ts';
import { afterSkipped, sensorKey } from '../inspect/skipped.ts';

/**
 * At most `countMax` of them, unless more are needed: of each actor its beginnings, its ends and its last step, of each sensor its
 * last sample. Of the other steps the newest stay; the next one of the same actor counts those before it that went, and tells what
 * they changed.
 */
export function thin(frames: readonly InspectFrame[], countMax: number): readonly InspectFrame[] {
  if (frames.length <= countMax) return frames;
  const needed = neededOf(frames);
  let room = countMax - needed.size;
  const kept = new Set(needed);
  for (let i = frames.length - 1; i >= 0 && room > 0; i -= 1) {
    if (kept.has(i) || frames[i]!.type !== 'step') continue;
    kept.add(i);
    room -= 1;
  }
  const gone = new Map<string, StepFrame>();
  return frames.flatMap((frame, i): InspectFrame[] => {
    if (frame.type !== 'step') return kept.has(i) ? [frame] : [];
    const before = gone.get(frame.actor);
    gone.delete(frame.actor);
    const whole = before ? afterSkipped(frame, before) : frame;
    if (kept.has(i)) return [whole];
    gone.set(frame.actor, whole);
    return [];
  });
}

/** Places of the frames without which a page would be wrong. */
function neededOf(frames: readonly InspectFrame[]): Set<number> {
  const needed = new Set<number>();
  const followed = new Set<string>();
  const sampled = new Set<string>();
  for (let i = frames.length - 1; i >= 0; i -= 1) {
    const frame = frames[i]!;
    if (frame.type === 'sample') {
      const key = sensorKey(frame);
      if (!sampled.has(key)) needed.add(i);
      sampled.add(key);
    } else if (frame.type === 'step') {
      if (!followed.has(frame.actor)) needed.add(i);
      followed.add(frame.actor);
    } else {
      needed.add(i);
      // The last step before it belongs to another life.
      followed.delete(frame.actor);
    }
  }
  return needed;
}
