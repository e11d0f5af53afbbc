/** Frames, edges and weather as they come from a control socket, checked before anybody builds on them. */
import { FogrunError } from '../contract/errors.ts';
import type { EdgeHistory, EdgeSummary, FleetChanges } from '../contract/fleet.ts';
import type { InspectFrame } from '../contract/inspect.ts';
import type { Weather } from '../contract/weather.ts';
import {
  isNumber,
  isProblem,
  isText,
  isTruth,
  like,
  listOf,
  orAbsent,
  orNull,
} from './ipc-control-answers.ts';
import { isIpcMessage } from './ipc-wire.ts';

const depthMax = 16;
const isStateValue = (value: unknown, depth = 0): boolean =>
  isText(value) ||
  (isIpcMessage(value) &&
    depth < depthMax &&
    Object.values(value).every((inner) => isStateValue(inner, depth + 1)));
const isTimer = like({ event: isText, startedMs: isNumber, delayMs: isNumber });
const base = { id: isNumber, timeMs: isNumber, actor: isText };
const frames: Readonly<Record<InspectFrame['type'], (value: unknown) => boolean>> = {
  actor: like({
    ...{ ...base, kind: isText, parent: orNull(isText), state: isText, value: isStateValue },
    ...{ timers: listOf(isTimer), known: isTruth },
  }),
  step: like({
    ...{ ...base, source: orNull(isText), event: like({ type: isText, name: isText }) },
    ...{ from: isText, to: isText, value: isStateValue, taken: listOf(isText) },
    refused: listOf(like({ transition: isText, guard: isText })),
    sent: listOf(like({ to: isText, event: isText })),
    timers: orAbsent(listOf(isTimer)),
    ...{ cause: orAbsent(isProblem), skipped: orAbsent(isNumber) },
  }),
  end: like({ ...base, how: isText, cause: orNull(isProblem) }),
  sample: like({
    ...{ ...base, device: isText, sensor: isText, unit: orNull(isText), value: isNumber },
    ...{ readingTimeMs: isNumber, edge: orNull(isText) },
  }),
};

/** Those that can be shown: others may be of a newer fogrun. */
export function readFrames(value: unknown): readonly InspectFrame[] {
  if (!Array.isArray(value)) return [];
  return value.filter((frame): frame is InspectFrame => {
    const { type } = isIpcMessage(frame) ? frame : { type: null };
    return typeof type === 'string' && Object.hasOwn(frames, type) && frames[type as 'step'](frame);
  });
}

const isEdge = like({
  ...{ edge: isText, epoch: isText, session: orNull(isText), sessionState: orNull(isText) },
  ...{ connectedMs: orNull(isNumber), lastWordMs: orNull(isNumber), agent: orNull(isText) },
  ...{ clockOffsetMs: orNull(isNumber), certificateUntilMs: orNull(isNumber) },
  backlog: orNull(like({ readings: isNumber, bytes: isNumber, oldestMs: orNull(isNumber), atMs: isNumber })),
  readings: isNumber,
  lost: (value) => isIpcMessage(value) && Object.values(value).every(isNumber),
  actors: listOf(
    like({ actor: isText, state: isText, health: isText, sinceMs: isNumber, cause: orNull(isText) }),
  ),
});
const isChanges = like({
  ...{ mark: orNull(isText), whole: isTruth, edges: listOf(isEdge) },
  heardMs: (value) => isIpcMessage(value) && Object.values(value).every(isNumber),
});
const isHistory = like({
  edge: isText,
  transitions: listOf(
    like({
      ...{ seq: isNumber, epoch: isText, timeMs: isNumber, actor: isText, from: isText, to: isText },
      ...{ event: isText, health: isText, cause: orNull(isText), attempt: orNull(isNumber) },
      ...{ retryInMs: orNull(isNumber), storedMs: isNumber },
    }),
  ),
  before: orNull(isText),
});
const isWeather = like({
  series: listOf(
    like({
      ...{ edge: isText, sensor: isText, unit: orNull(isText) },
      means: listOf(like({ timeMs: isNumber, mean: isNumber, readings: isNumber })),
    }),
  ),
  gaps: listOf(
    like({ edge: isText, fromMs: isNumber, toMs: isNumber, reason: isText, count: orNull(isNumber) }),
  ),
  forecasts: listOf(like({ edge: isText, atMs: isNumber, forecast: like({ sensor: isText, text: isText }) })),
});

/** @throws FogrunError `control-lost` for what is no list of edges */
export function checkEdges(value: unknown): readonly EdgeSummary[] {
  if (listOf(isEdge)(value)) return value as readonly EdgeSummary[];
  throw new FogrunError('control-lost', 'the pipeline answered with what is no list of edges');
}

/**
 * An older pipeline, which knows of no marks, answers with a list of all edges.
 * @throws FogrunError `control-lost` for what does not say what changed
 */
export function checkChanges(value: unknown): FleetChanges {
  if (Array.isArray(value)) return { mark: null, whole: true, edges: checkEdges(value), heardMs: {} };
  if (isChanges(value)) return value as FleetChanges;
  throw new FogrunError('control-lost', 'the pipeline answered with what does not say which edges changed');
}

/** @throws FogrunError `control-lost` for what is no history of an edge */
export function checkHistory(value: unknown): EdgeHistory {
  if (isHistory(value)) return value as EdgeHistory;
  throw new FogrunError('control-lost', 'the pipeline answered with what is no history of an edge');
}

/** @throws FogrunError `control-lost` for what is no weather */
export function checkWeather(value: unknown): Weather {
  if (isWeather(value)) return value as Weather;
  throw new FogrunError('control-lost', 'the pipeline answered with what is no weather');
}
