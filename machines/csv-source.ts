/** Reads a CSV file once, as fast as the store takes it, or replays it at a chosen speed. */
import { assign, sendTo, setup } from 'xstate';
import { z } from 'zod';
import { boolean, number, retryPolicy, size } from '../src/contract/config.ts';
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

const column = () =>
  z.union([z.string().min(1).max(256), z.number().int().min(1).max(10_000)], {
    error: 'expected the name of a column, or its number from 1',
  });

const config = z
  .strictObject({
    path: z
      .string()
      .regex(/^[^\0]{1,4096}$/, 'expected the path of a file')
      .describe('The file; a relative path begins at the directory fogrun was started in.'),
    speed: z
      .union([z.literal('max'), number({ min: 0.001, max: 1_000_000 })], {
        error: 'expected `max`, or how many times as fast as it was recorded',
      })
      .prefault('max')
      .describe(
        '`max` reads the file once, as fast as the store takes it. A number replays it that many times as fast as its times tell.',
      ),
    repeat: boolean()
      .prefault(false)
      .describe('Whether a replay begins again at the end; needs `stamp: now`.'),
    stamp: z
      .enum(['recorded', 'now'])
      .prefault('recorded')
      .describe('Time of each reading: the one recorded in the file, or the moment it is replayed.'),
    delimiter: z
      .string()
      .regex(/^(?:tab|[ -!#-~])$/, 'expected one character, or `tab`')
      .prefault(',')
      .describe('Between two fields.'),
    decimal: z.enum(['.', ',']).prefault('.').describe('Sign before the decimals of a number.'),
    header: boolean()
      .prefault(true)
      .describe('Whether the first row names the columns; without it columns are numbers from 1.'),
    time: z
      .strictObject({
        column: column().describe('Column of the time.'),
        format: z
          .enum(['iso', 'unix', 'unix-ms'])
          .prefault('iso')
          .describe('ISO 8601 (UTC where no zone is given), seconds, or milliseconds since 1970.'),
      })
      .optional()
      .describe('When it was measured; without it each reading has the time it is read at.'),
    device: z
      .string()
      .max(256)
      .prefault('')
      .describe('Device in each reading; empty takes the name of the file.'),
    'device-column': column().optional().describe('Column of the device, in place of `device`.'),
    values: z
      .array(
        z.strictObject({
          column: column().describe('Column of the value; where it is empty there is no reading.'),
          sensor: z.string().min(1).max(256).optional().describe('Sensor; the column says it unless given.'),
          'sensor-column': column().optional().describe('Column of the sensor, in place of `sensor`.'),
          unit: z.string().max(64).prefault('').describe('Unit.'),
          'unit-column': column().optional().describe('Column of the unit, in place of `unit`.'),
        }),
      )
      .min(1)
      .max(256)
      .describe('What becomes a reading in each row.'),
    stream: z
      .string()
      .regex(namePattern, 'expected letters, digits, `.`, `_` or `-`, up to 64')
      .prefault('readings')
      .describe('The stream that the readings go to.'),
    'row-max': size({ min: '64B', max: '1MiB' }).prefault('64KiB').describe('Longest row that is taken.'),
    retry: retryPolicy(),
  })
  .superRefine((found, context) => {
    const wrong = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (found.speed !== 'max' && !found.time) {
      wrong(['speed'], 'a replay needs to know when each row was recorded: name the column in `time`');
    }
    if (found.repeat && (found.speed === 'max' || found.stamp !== 'now')) {
      wrong(['repeat'], 'needs a `speed` and `stamp: now`, or it would store the same times again and again');
    }
    if (found.header) return;
    const columns: [(string | number)[], string | number | undefined][] = [
      [['time', 'column'], found.time?.column],
      [['device-column'], found['device-column']],
      ...found.values.flatMap((value, i): [(string | number)[], string | number | undefined][] => [
        [['values', i, 'column'], value.column],
        [['values', i, 'sensor-column'], value['sensor-column']],
        [['values', i, 'unit-column'], value['unit-column']],
      ]),
    ];
    for (const [path, named] of columns) {
      if (typeof named === 'string') wrong(path, 'expected a number: without a header columns have no names');
    }
  });

export type CsvSourceConfig = z.output<typeof config>;

/** What the task `file` tells. */
export type CsvEvent =
  | { readonly type: 'READING' }
  /** The end was reached and everything read is accepted. */
  | { readonly type: 'DONE' }
  | { readonly type: 'LOST'; readonly cause: Problem };

/** What the machine tells the task `file`. */
export type CsvCommand = { readonly type: 'OPEN' } | { readonly type: 'CLOSE' };

export interface CsvSourceEffects {
  file: Task<CsvSourceConfig, CsvEvent, CsvCommand>;
  retryInMs: (attempt: number) => number;
}

interface Context extends Trouble {
  readonly config: CsvSourceConfig;
}

/** The task has deadlines of its own for each step; this one is for all of them together. */
const openDeadlineMs = 60_000;
const notOpened = deadlineMissed(`the file was not opened within ${openDeadlineMs / 1_000}s`);

export const csvSource = defineKind<'csv-source', typeof config, CsvSourceEffects>({
  name: 'csv-source',
  purpose: 'Reads a CSV file once or replays it at a chosen speed, and takes each row exactly once.',
  config,
  accepts: null,
  emits: 'readings',
  store: 'edge',
  placeable: true,
  onFailed: 'stay',
  example: `history:
  kind: csv-source
  path: weather.csv
  time: { column: time }
  values:
    - { column: p, sensor: pressure, unit: hPa }
    - { column: t, sensor: temperature, unit: °C }
  to: rotator`,
  effects: {
    file: {
      as: 'task',
      does: 'Opens the file where the store says it stopped, reads it at the pace, and puts its readings into the port.',
    },
    retryInMs: { as: 'instant', does: 'Says how long to wait before an attempt.' },
  },
  statechart: (effects) =>
    setup({
      types: {
        context: {} as Context,
        input: {} as { config: CsvSourceConfig },
        events: {} as CsvEvent | EndedEvent | FailedEvent | ControlEvent,
      },
      actors: { file: task(effects.file) },
      actions: {
        open: sendTo('file', { type: 'OPEN' }),
        close: sendTo('file', { type: 'CLOSE' }),
        well: assign(noTrouble),
        noteTrouble: assign(({ event }) => ({ cause: causeIn(event) ?? null })),
        planRetry: assign(({ context, event }) => nextAttempt(context, event, effects.retryInMs, notOpened)),
      },
      guards: { hopeless: ({ event }) => causeIn(event)?.code === 'store-version' },
      delays: {
        retry: ({ context }) => context.retryInMs ?? 0,
        // A file that breaks off again and again at one place must not be asked at the shortest wait for ever.
        steady: ({ context }) => context.config.retry.max,
        openDeadline: openDeadlineMs,
      },
    }).createMachine({
      id: 'csv-source',
      context: ({ input }) => ({ ...noTrouble, config: input.config }),
      invoke: { id: 'file', src: 'file', input: ({ context }) => context.config },
      initial: 'opening',
      on: {
        STOP: '.stopped',
        PAUSE: '.paused',
        FAILED: { target: '.failed', actions: 'noteTrouble' },
        ENDED: { target: '.failed', actions: 'noteTrouble' },
        LOST: [
          { guard: 'hopeless', target: '.failed', actions: 'noteTrouble' },
          { target: '.waitingToRetry', actions: 'planRetry' },
        ],
      },
      states: {
        opening: {
          entry: 'open',
          on: { READING: 'reading', DONE: { target: 'done', actions: 'well' } },
          after: { openDeadline: { target: 'waitingToRetry', actions: 'planRetry' } },
        },
        // Also while it waits for the time of the next row, or the store holds it back.
        reading: {
          tags: ['rest'],
          on: { DONE: { target: 'done', actions: 'well' } },
          after: { steady: { actions: 'well' } },
        },
        waitingToRetry: {
          entry: 'close',
          tags: ['trouble'],
          on: { RETRY: 'opening', LOST: {} },
          after: { retry: 'opening' },
        },
        paused: {
          entry: ['close', 'well'],
          tags: ['rest'],
          on: { RESUME: 'opening', PAUSE: {}, LOST: {} },
        },
        failed: { type: 'final', tags: ['failed'] },
        done: { type: 'final' },
        stopped: { type: 'final' },
      },
    }),
});
