/** What other programs may import: kinds, their building blocks, and the words of the domain. */
export { builtInKinds, kinds } from '../machines/index.ts';
export type { Clock, Random } from './contract/clock.ts';
export { duration, number, retryPolicy, secret, size, tcpPort } from './contract/config.ts';
export { type ErrorCode, errorCodes, FogrunError, type Problem, toProblem } from './contract/errors.ts';
export {
  type ActorKind,
  defineKind,
  type Effect,
  type EffectNote,
  noTrouble,
  request,
  type StateTag,
  type Task,
  type TaskIo,
  type Trouble,
  task,
} from './contract/kind.ts';
export type { Gap, GapReason } from './domain/gap.ts';
export type { Forecast } from './domain/message.ts';
export type { Reading, StoredReading } from './domain/reading.ts';
export type { SegmentHeader, SegmentRef } from './domain/segment.ts';
