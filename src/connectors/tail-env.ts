/** What following a file needs to know, and whom it tells. */
import type { Clock } from '../contract/clock.ts';
import type { Taken } from '../domain/intake.ts';
import type { LineReaderOptions } from './line-reader.ts';
import type { SourceFiles } from './source-files.ts';

export interface TailOptions extends LineReaderOptions {
  /** Absolute. */
  readonly path: string;
  readonly mode: 'tail' | 'once';
  readonly from: 'start' | 'end';
  /** Between two looks, ms. */
  readonly everyMs: number;
  /** How long a file that was rotated away must not have grown, ms. */
  readonly rotationGraceMs: number;
}

/** What the follower uses and tells. */
export interface TailEnv {
  readonly files: SourceFiles;
  readonly clock: Clock;
  /** Judges whole lines, all of them or as many as make one batch. */
  judge(bytes: Uint8Array, firstLine: number): Taken;
  /** Sends what was judged, if anything, with the position after it. */
  send(taken: Taken | null, position: string): void;
  /** Nothing more should be read before there is room. */
  isFull(): boolean;
  /** Resolves when there is room, or when `signal` aborts. */
  room(signal: AbortSignal): Promise<void>;
  /** Resolves when everything sent is accepted. */
  accepted(): Promise<void>;
  /** A line was longer than the limit. */
  tooLong(line: number): void;
  /** Something happened to the file that people should know. */
  note(text: string, level: 'info' | 'warn'): void;
  tell(event: 'BEHIND' | 'CAUGHT_UP' | 'MISSING' | 'DONE'): void;
}
