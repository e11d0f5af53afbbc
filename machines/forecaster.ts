/** Makes a forecast from each segment's mean and the means before it, and sends it to the edge. */
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { duration, retryPolicy } from '../src/contract/config.ts';
import { checkSensors, forecastFields } from '../src/contract/forecast-config.ts';
import {
  type ControlEvent,
  carriesBug,
  causeIn,
  deadlineMissed,
  defineKind,
  type Effect,
  type EndedEvent,
  type FailedEvent,
  nextAttempt,
  noTrouble,
  request,
  type Task,
  type Trouble,
  task,
} from '../src/contract/kind.ts';
import { formatDuration } from '../src/domain/quantities.ts';

const fields = z.strictObject({
  sensor: z.string().min(1).max(64).prefault('pressure').describe('Sensor whose readings are averaged.'),
  window: duration({ min: '1m', max: '1d' })
    .prefault('3h')
    .describe('How far back the pressure tendency looks.'),
  'minimum-span': duration({ min: '1s', max: '1d' })
    .prefault('30m')
    .describe('Shortest span of data from which a tendency is given.'),
  ...forecastFields,
  retry: retryPolicy(),
});
const config = fields.superRefine(checkSensors).superRefine((value, context) => {
  const { window, 'minimum-span': span } = value;
  if (span < window) return;
  const message = `${formatDuration(span)} is not less than \`window\`, ${formatDuration(window)}: there would never be a tendency`;
  context.addIssue({ code: 'custom', path: ['minimum-span'], message });
});

export type ForecasterConfig = z.output<typeof config>;

/** What the task `forecasts` tells. */
export type ForecastEvent = { readonly type: 'FORECAST'; readonly edge: string; readonly sequence: number };

export interface ForecasterEffects {
  catchUp: Effect<ForecasterConfig, { readonly segments: number }>;
  forecasts: Task<ForecasterConfig, ForecastEvent>;
  retryInMs: (attempt: number) => number;
}

interface Context extends Trouble {
  readonly config: ForecasterConfig;
}

export const forecaster = defineKind<'forecaster', typeof config, ForecasterEffects>({
  name: 'forecaster',
  purpose:
    'Averages one sensor over each segment, derives the pressure tendency, and answers with a forecast of the weather.',
  config,
  accepts: 'received',
  emits: 'messages',
  emitsOptional: true,
  store: 'cloud',
  placeable: true,
  onFailed: 'stay',
  example: `forecaster:
  kind: forecaster
  sensor: pressure
  altitude: 98
  to: receiver`,
  effects: {
    catchUp: {
      as: 'request',
      does: 'Averages the stored segments that no forecast was made for, say after a crash.',
    },
    forecasts: {
      as: 'task',
      does: 'Takes segments from the port as they come in, forecasts, sends the forecast on, and keeps the mean.',
    },
    retryInMs: { as: 'instant', does: 'Says how long to wait before an attempt.' },
  },
  statechart: (effects) =>
    setup({
      types: {
        context: {} as Context,
        input: {} as { config: ForecasterConfig },
        events: {} as ForecastEvent | EndedEvent | FailedEvent | ControlEvent,
      },
      actors: { catchUp: request(effects.catchUp), forecasts: task(effects.forecasts) },
      actions: {
        well: assign(noTrouble),
        noteTrouble: assign(({ event }) => ({ cause: causeIn(event) ?? null })),
        planRetry: assign(({ context, event }) =>
          nextAttempt(context, event, effects.retryInMs, deadlineMissed('catching up did not end in time')),
        ),
      },
      guards: { carriesBug },
      delays: { retry: ({ context }) => context.retryInMs ?? 0 },
    }).createMachine({
      id: 'forecaster',
      context: ({ input }) => ({ ...noTrouble, config: input.config }),
      initial: 'catchingUp',
      on: { STOP: '.stopped', PAUSE: '.paused' },
      states: {
        catchingUp: {
          invoke: {
            src: 'catchUp',
            input: ({ context }) => context.config,
            onDone: 'ready',
            onError: [
              { guard: 'carriesBug', target: 'failed', actions: 'noteTrouble' },
              { target: 'waitingToRetry', actions: 'planRetry' },
            ],
          },
          after: { 600000: { target: 'waitingToRetry', actions: 'planRetry' } },
        },
        ready: {
          entry: 'well',
          tags: ['rest'],
          invoke: { src: 'forecasts', input: ({ context }) => context.config },
          on: {
            FAILED: [
              { guard: 'carriesBug', target: 'failed', actions: 'noteTrouble' },
              { target: 'waitingToRetry', actions: 'planRetry' },
            ],
            ENDED: { target: 'failed', actions: 'noteTrouble' },
          },
        },
        waitingToRetry: {
          tags: ['trouble'],
          on: { RETRY: 'catchingUp' },
          after: { retry: 'catchingUp' },
        },
        paused: { entry: 'well', tags: ['rest'], on: { RESUME: 'catchingUp', PAUSE: {} } },
        failed: { type: 'final', tags: ['failed'] },
        stopped: { type: 'final' },
      },
    }),
});
