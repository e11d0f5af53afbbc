/**
 * What a page that is opened now is told of a pipeline's past. Each actor has a place of its own, so that a busy one does not push
 * out what a quiet one did hours ago; what no longer fits goes into a picture of the actor as it was before the rest.
 */
import type { ActorFrame, InspectFrame } from '../contract/inspect.ts';
import { sensorKey } from '../inspect/skipped.ts';
import { keepLines, type LineLimits } from './kept-lines.ts';
import type { ConsoleEvent, EntriesEvent, FramesEvent } from './wire.ts';

export interface Kept {
  /** @param bytes of each frame, as JSON */
  addFrames(event: FramesEvent, bytes: readonly number[]): void;
  addEntries(event: EntriesEvent, bytes: number): void;
  /** The pipeline was begun to be inspected anew: who is not among these has gone unseen. */
  begin(alive: ReadonlySet<string>): void;
  /** How each actor was before what is kept of it. */
  pictures(): readonly ActorFrame[];
  /** What happened since, oldest first, with the ids that it had. */
  past(): readonly ConsoleEvent[];
  readonly bytes: number;
}

interface Item {
  readonly id: number;
  readonly timeMs: number;
  readonly frame: InspectFrame;
  readonly bytes: number;
}

interface Lane {
  items: Item[];
  bytes: number;
  picture: ActorFrame | null;
  /** Its last life is over. */
  ended: boolean;
}

export interface KeptLimits extends LineLimits {
  readonly perActor: number;
  readonly perSensor: number;
  readonly framesBytes: number;
  /** Actors and sensors. */
  readonly lanes: number;
}

export const keptLimits: KeptLimits = {
  perActor: 200,
  perSensor: 600,
  entries: 500,
  framesBytes: 3 * 2 ** 20,
  entriesBytes: 512 * 1_024,
  lanes: 2_000,
};

export function keepPast(pipeline: string, limits: KeptLimits = keptLimits): Kept {
  const lanes = new Map<string, Lane>();
  const lines = keepLines(limits);
  let framesBytes = 0;

  const shorten = (lane: Lane, count: number) => {
    for (const { frame, bytes } of lane.items.splice(0, count)) {
      lane.bytes -= bytes;
      framesBytes -= bytes;
      lane.picture = pictureAfter(lane.picture, frame);
    }
  };
  const forget = (key: string, lane: Lane) => {
    framesBytes -= lane.bytes;
    lanes.delete(key);
  };
  const makeRoom = () => {
    for (const mayGo of goFirst) {
      if (lanes.size <= limits.lanes) break;
      for (const [key, lane] of lanes) {
        if (lanes.size <= limits.lanes) break;
        if (mayGo(key, lane)) forget(key, lane);
      }
    }
    while (framesBytes > limits.framesBytes) {
      const [key, largest] = largestOf(lanes);
      shorten(largest, Math.ceil(largest.items.length / 4));
      if (largest.items.length === 0 && largest.ended) forget(key, largest);
    }
  };

  return {
    addFrames({ id, timeMs, frames }, bytes) {
      for (const [i, frame] of frames.entries()) {
        const key = frame.type === 'sample' ? sensorKey(frame) : frame.actor;
        const lane = lanes.get(key) ?? { items: [], bytes: 0, picture: null, ended: false };
        // Behind the others: the first is the one that was quiet for longest.
        lanes.delete(key);
        lanes.set(key, lane);
        lane.items.push({ id, timeMs, frame, bytes: bytes[i]! });
        lane.bytes += bytes[i]!;
        framesBytes += bytes[i]!;
        lane.ended = frame.type === 'end';
        const most = frame.type === 'sample' ? limits.perSensor : limits.perActor;
        if (lane.items.length > most) shorten(lane, lane.items.length - most);
      }
      makeRoom();
    },
    addEntries: lines.add,
    begin(alive) {
      for (const [key, lane] of lanes) {
        const isSensor = lane.items[0]?.frame.type === 'sample';
        if (!isSensor && !lane.ended && !alive.has(key)) forget(key, lane);
      }
    },
    pictures: () => [...lanes.values()].flatMap(({ picture }) => picture ?? []),
    past() {
      const items = [...lanes.values()].flatMap((lane) => lane.items);
      const byEvent = new Map<number, { timeMs: number; frames: InspectFrame[] }>();
      for (const { id, timeMs, frame } of items) {
        const known = byEvent.get(id);
        if (known) known.frames.push(frame);
        else byEvent.set(id, { timeMs, frames: [frame] });
      }
      const frames = [...byEvent].map(([id, { timeMs, frames: own }]): FramesEvent => {
        const inOrder = own.sort((a, b) => a.id - b.id);
        return { type: 'frames', id, timeMs, pipeline, frames: inOrder };
      });
      return [...frames, ...lines.past()].sort((a, b) => a.id - b.id);
    },
    get bytes() {
      return framesBytes + lines.bytes;
    },
  };
}

/** Who makes room for others: lives that are over, then what belongs to somebody, and only then those that may rest for days. */
const goFirst: readonly ((key: string, lane: Lane) => boolean)[] = [
  (_, { ended }) => ended,
  (key) => key.includes('/') || key.startsWith('['),
  () => true,
];

function largestOf(lanes: ReadonlyMap<string, Lane>): readonly [string, Lane] {
  let largest: [string, Lane] | undefined;
  for (const one of lanes) if (!largest || one[1].bytes > largest[1].bytes) largest = one;
  return largest!;
}

/** The actor after one more of its frames; `null` when its life is over, or nothing was known of it. */
function pictureAfter(before: ActorFrame | null, frame: InspectFrame): ActorFrame | null {
  if (frame.type === 'actor') return { ...frame, known: true };
  if (frame.type === 'end') return null;
  if (frame.type === 'sample' || before === null) return before;
  const { id, timeMs, to: state, value } = frame;
  return {
    ...before,
    ...{ id, timeMs, state, value },
    ...('context' in frame && { context: frame.context }),
    ...(frame.timers && { timers: frame.timers }),
  };
}
