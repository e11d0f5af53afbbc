/** What comes from a control socket, checked before anybody builds on it: the other end may be anything. */
import type { LetterInfo, Reloaded, SegmentInfo } from '../contract/control.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Histogram, PipelineStatus } from '../contract/status.ts';
import type { EdgeWhere } from '../contract/where.ts';
import { type IpcMessage, isIpcMessage } from './ipc-wire.ts';

type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

export const isText = (value: unknown) => typeof value === 'string';
export const isNumber = (value: unknown) => typeof value === 'number';
export const isTruth = (value: unknown) => typeof value === 'boolean';
export const orNull = (fits: (value: unknown) => boolean) => (value: unknown) =>
  value === null || fits(value);
export const orAbsent = (fits: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || fits(value);
export const listOf = (fits: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(fits);
export const like = (shape: Shape) => (value: unknown) =>
  isIpcMessage(value) && Object.entries(shape).every(([name, fits]) => fits(value[name]));

export const isProblem = like({ code: isText, message: isText, advice: isText });
const isWaiting = like({
  readings: orNull(isNumber),
  bytes: isNumber,
  oldestMs: orNull(isNumber),
  bytesMax: orNull(isNumber),
});
const isActor = like({
  name: isText,
  kind: isText,
  about: orAbsent(isText),
  state: isText,
  health: isText,
  sinceMs: isNumber,
  cause: orNull(isProblem),
  lastError: orNull(like({ problem: isProblem, atMs: isNumber })),
  attempt: isNumber,
  retryAtMs: orNull(isNumber),
  restarts: isNumber,
  readings: isNumber,
  readingsPerSecond: isNumber,
  perSecond: listOf(isNumber),
  waiting: orNull(isWaiting),
  process: orNull(like({ name: isText, pid: orNull(isNumber) })),
  heldBack: orAbsent(isTruth),
  transitions: orAbsent(isNumber),
  retries: orAbsent(isNumber),
});
const isWire = like({
  ...{ from: isText, to: isText, type: isText, items: isNumber, bytes: isNumber, bytesMax: isNumber },
  ...{ itemsTotal: isNumber, readingsTotal: orNull(isNumber), blocked: isTruth },
});
const isHistogram = (value: unknown) =>
  like({ atMostMs: listOf(isNumber), counts: listOf(isNumber), sumMs: isNumber })(value) &&
  isPlaces(value as Histogram);
const isPlaces = ({ atMostMs, counts }: Histogram) =>
  counts.length === atMostMs.length + 1 && atMostMs.every((most, i) => i === 0 || most > atMostMs[i - 1]!);
const isMeters = like({
  ackLatency: orNull(isHistogram),
  loopStallMsMax: orNull(isNumber),
  residentBytes: isNumber,
  cpuSeconds: isNumber,
});
const isStore = like({
  role: isText,
  path: isText,
  state: isText,
  cause: orNull(isProblem),
  bytes: isNumber,
  bytesMax: isNumber,
  letters: orAbsent(like({ letters: isNumber, readings: isNumber, bytes: isNumber })),
  lost: orAbsent((value) => isIpcMessage(value) && Object.values(value).every(isNumber)),
});
const isStatus = like({
  pipeline: isText,
  file: isText,
  edge: orNull(isText),
  pid: isNumber,
  version: isText,
  startedMs: isNumber,
  nowMs: isNumber,
  ending: isTruth,
  store: orNull(isStore),
  actors: listOf(isActor),
  actorsLeftOut: isNumber,
  wires: orAbsent(listOf(isWire)),
  meters: orAbsent(isMeters),
});
const isChanged = like({
  name: isText,
  what: listOf(isText),
  state: orNull(isText),
  cause: orNull(isProblem),
});
const isReloaded = like({
  unchanged: listOf(isText),
  changed: listOf(isChanged),
  added: listOf(isChanged),
  removed: listOf(isText),
  store: listOf(isText),
  warnings: listOf(isText),
});
const isSegment = like({
  stream: isText,
  sequence: isNumber,
  type: isText,
  fromSeq: isNumber,
  count: isNumber,
  bytes: isNumber,
  sealedAtMs: isNumber,
  discarded: isTruth,
});

const isLetter = like({
  ...{ id: isNumber, reason: isText, text: isText, stream: isText, epoch: isText, sequence: isNumber },
  ...{ fromSeq: isNumber, toSeq: isNumber, count: isNumber, bytes: isNumber, refusals: isNumber },
  ...{ sinceMs: isNumber, atMs: isNumber, settled: isTruth },
});

/** An entry of a log that can be shown. */
export const isEntry = like({
  time: (value) => Number.isFinite(value) && Math.abs(value as number) <= 8.64e15,
  level: isText,
  pipeline: isText,
  actor: isText,
  report: like({ type: isText }),
});

/** @throws FogrunError `control-lost` for what is no status */
export function checkStatus(value: unknown): PipelineStatus {
  if (isStatus(value)) return value as PipelineStatus;
  throw new FogrunError('control-lost', 'the pipeline answered with what is no status');
}

/** @throws FogrunError `control-lost` for what is no outcome of a reload */
export function checkReloaded(value: unknown): Reloaded {
  if (isReloaded(value)) return value as Reloaded;
  throw new FogrunError('control-lost', 'the pipeline answered with what is no outcome of a reload');
}

const isSent = like({ times: isNumber, firstMs: isNumber, lastMs: isNumber });
const isWhere = like({
  edge: isText,
  epoch: isText,
  stream: isText,
  seq: isNumber,
  nextSeq: isNumber,
  state: isText,
  segment: orNull(
    like({
      sequence: isNumber,
      fromSeq: isNumber,
      toSeq: isNumber,
      bytes: isNumber,
      sealedAtMs: isNumber,
      hash: orNull(isText),
    }),
  ),
  gap: orNull(
    like({
      gap: isText,
      count: isNumber,
      text: isText,
      fromTime: orAbsent(isText),
      toTime: orAbsent(isText),
    }),
  ),
  sent: orNull(isSent),
  acknowledgedMs: orNull(isNumber),
});

/** @throws FogrunError `control-lost` for what does not say where a reading is */
export function checkWhere(value: unknown): EdgeWhere {
  if (isWhere(value)) return value as EdgeWhere;
  throw new FogrunError('control-lost', 'the pipeline answered with what does not say where a reading is');
}

/** @throws FogrunError `control-lost` for what is no page of a list of segments */
export function readList(value: unknown): { total: number; list: readonly SegmentInfo[] } {
  const { total, list } = isIpcMessage(value) ? value : ({} as IpcMessage);
  if (Number.isSafeInteger(total) && listOf(isSegment)(list)) {
    return { total: total as number, list: list as readonly SegmentInfo[] };
  }
  throw new FogrunError('control-lost', 'the pipeline answered with what is no list of segments');
}

/** @throws FogrunError `control-lost` for what is no page of a list of dead letters */
export function readLetters(value: unknown): { total: number; list: readonly LetterInfo[] } {
  const { total, list } = isIpcMessage(value) ? value : ({} as IpcMessage);
  if (Number.isSafeInteger(total) && listOf(isLetter)(list)) {
    return { total: total as number, list: list as readonly LetterInfo[] };
  }
  throw new FogrunError('control-lost', 'the pipeline answered with what is no list of dead letters');
}

/** Puts bytes together that come in slices; rejects with `control-lost` when they break off. */
export async function readBody(ask: (from: number) => Promise<unknown>): Promise<Uint8Array> {
  const slices: Buffer[] = [];
  for (let from = 0; ; ) {
    const answer = await ask(from);
    const { total, base64 } = isIpcMessage(answer) ? answer : ({} as IpcMessage);
    const slice = Buffer.from(String(base64), 'base64');
    slices.push(slice);
    from += slice.length;
    if (from === total) return Buffer.concat(slices);
    if (slice.length === 0)
      throw new FogrunError('control-lost', 'the pipeline broke off in the middle of its answer');
  }
}
