/** Reads a file of JSON lines, once or as it grows, and goes on after a restart where it stopped. */
import { assign, sendTo, setup } from 'xstate';
import { z } from 'zod';
import { duration, number, retryPolicy, size } from '../src/contract/config.ts';
import type { Problem } from '../src/contract/errors.ts';
import {
  type ControlEvent,
  causeIn,
  deadlineMissed,
  defineKind,
  type EndedEvent,
  type FailedEvent,
  nextAttempt,
  noTrouble,
  type Task,
  type Trouble,
  task,
} from '../src/contract/kind.ts';
import { namePattern } from '../src/domain/segment.ts';

const config = z.strictObject({
  path: z
    .string()
    .regex(/^[^\0]{1,4096}$/, 'expected the path of a file')
    .describe('The file; a relative path begins at the directory fogrun was started in.'),
  mode: z
    .enum(['tail', 'once'])
    .prefault('tail')
    .describe('`tail` reads on as the file grows and is rotated; `once` reads what is there and is done.'),
  from: z
    .enum(['start', 'end'])
    .prefault('start')
    .describe('Where to begin with a file that is there at the first start; later starts go on.'),
  every: duration({ min: '10ms', max: '1d' })
    .prefault('250ms')
    .describe('How often to look whether the file grew, was rotated, or is there at all.'),
  'rotation-grace': duration({ min: '10ms', max: '1d' })
    .prefault('5s')
    .describe(
      'How long a file that was rotated away must not have grown before the one at the path is read instead.',
    ),
  device: z
    .string()
    .max(256)
    .prefault('')
    .describe('Device of values that are no readings of their own; empty takes the name of the file.'),
  sensor: z
    .string()
    .min(1)
    .max(256)
    .prefault('value')
    .describe('Sensor of values that are no readings of their own.'),
  unit: z.string().max(64).optional().describe('Unit of values that are no readings of their own.'),
  stream: z
    .string()
    .regex(namePattern, 'expected letters, digits, `.`, `_` or `-`, up to 64')
    .prefault('readings')
    .describe('The stream that the readings go to.'),
  'line-max': size({ min: '64B', max: '1MiB' }).prefault('64KiB').describe('Longest line that is taken.'),
  'depth-max': number({ min: 1, max: 1_000, integer: true })
    .prefault(32)
    .describe('Most arrays and objects within each other in a line.'),
  'read-max': size({ min: '4KiB', max: '4MiB' })
    .prefault('256KiB')
    .describe('Most that is read at once; what is read at once goes into the store as one batch.'),
  retry: retryPolicy(),
});

export type FileSourceConfig = z.output<typeof config>;

/** What the task `file` tells. */
export type FileEvent =
  /** There is more than can be read at once. */
  | { readonly type: 'BEHIND' }
  /** Everything there is has been read. */
  | { readonly type: 'CAUGHT_UP' }
  /** Nothing is at the path. */
  | { readonly type: 'MISSING'; readonly cause: Problem }
  /** The end was reached and everything read is accepted; only with `mode: once`. */
  | { readonly type: 'DONE' }
  | { readonly type: 'LOST'; readonly cause: Problem };

/** What the machine tells the task `file`. */
export type FileCommand = { readonly type: 'OPEN' } | { readonly type: 'CLOSE' };

export interface FileSourceEffects {
  file: Task<FileSourceConfig, FileEvent, FileCommand>;
  retryInMs: (attempt: number) => number;
}

interface Context extends Trouble {
  readonly config: FileSourceConfig;
}

/** The task has deadlines of its own for each step; this one is for all of them together. */
const openDeadlineMs = 60_000;
const notOpened = deadlineMissed(`the file was not opened within ${openDeadlineMs / 1_000}s`);

/** What the task may tell as long as it has the file open, or looks for it. */
const toldByFile = {
  BEHIND: 'reading',
  CAUGHT_UP: { target: 'tailing', actions: 'well' },
  MISSING: { target: 'waitingForFile', actions: 'noteTrouble' },
  DONE: { target: 'done', actions: 'well' },
  LOST: [
    { guard: 'hopeless', target: 'failed', actions: 'noteTrouble' },
    { target: 'waitingToRetry', actions: 'planRetry' },
  ],
} as const;

export const fileSource = defineKind<'file-source', typeof config, FileSourceEffects>({
  name: 'file-source',
  purpose: 'Reads a file of JSON lines, once or as it grows, and takes each line exactly once.',
  config,
  accepts: null,
  emits: 'readings',
  store: 'edge',
  placeable: true,
  onFailed: 'stay',
  example: `log:
  kind: file-source
  path: logs/readings.ndjson
  to: rotator`,
  effects: {
    file: {
      as: 'task',
      does: 'Opens the file where the store says it stopped, reads it, and puts its readings into the port.',
    },
    retryInMs: { as: 'instant', does: 'Says how long to wait before an attempt.' },
  },
  statechart: (effects) =>
    setup({
      types: {
        context: {} as Context,
        input: {} as { config: FileSourceConfig },
        events: {} as FileEvent | EndedEvent | FailedEvent | ControlEvent,
      },
      actors: { file: task(effects.file) },
      actions: {
        open: sendTo('file', { type: 'OPEN' }),
        close: sendTo('file', { type: 'CLOSE' }),
        well: assign(noTrouble),
        noteTrouble: assign(({ event }) => ({ cause: causeIn(event) ?? null })),
        planRetry: assign(({ context, event }) => nextAttempt(context, event, effects.retryInMs, notOpened)),
      },
      guards: {
        hopeless: ({ event }) => causeIn(event)?.code === 'store-version',
      },
      delays: {
        retry: ({ context }) => context.retryInMs ?? 0,
        // A file that breaks off again and again at one place must not be asked at the shortest wait for ever.
        steady: ({ context }) => context.config.retry.max,
        openDeadline: openDeadlineMs,
      },
    }).createMachine({
      id: 'file-source',
      context: ({ input }) => ({ ...noTrouble, config: input.config }),
      invoke: { id: 'file', src: 'file', input: ({ context }) => context.config },
      initial: 'opening',
      on: {
        STOP: '.stopped',
        PAUSE: '.paused',
        FAILED: { target: '.failed', actions: 'noteTrouble' },
        ENDED: { target: '.failed', actions: 'noteTrouble' },
      },
      states: {
        opening: {
          entry: 'open',
          on: toldByFile,
          after: { openDeadline: { target: 'waitingToRetry', actions: 'planRetry' } },
        },
        // Also while the store holds it back.
        reading: { tags: ['rest'], on: toldByFile, after: { steady: { actions: 'well' } } },
        tailing: { tags: ['rest'], on: toldByFile },
        waitingForFile: { tags: ['rest'], on: toldByFile },
        waitingToRetry: {
          entry: 'close',
          tags: ['trouble'],
          on: { RETRY: 'opening' },
          after: { retry: 'opening' },
        },
        paused: {
          entry: ['close', 'well'],
          tags: ['rest'],
          on: { RESUME: 'opening', PAUSE: {} },
        },
        failed: { type: 'final', tags: ['failed'] },
        done: { type: 'final' },
        stopped: { type: 'final' },
      },
    }),
});
