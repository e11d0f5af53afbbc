/** Asks a sensor for its value at a steady pace and hands each reading on. */
import { assign, sendTo, setup } from 'xstate';
import { z } from 'zod';
import {
  deviceUid,
  duration,
  hostName,
  number,
  retryPolicy,
  secret,
  tcpPort,
} from '../src/contract/config.ts';
import type { DeviceInfo } from '../src/contract/device.ts';
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

const config = z.strictObject({
  device: z
    .strictObject({
      host: hostName().prefault('127.0.0.1').describe('Host of the brick daemon.'),
      port: tcpPort().prefault(4223).describe('Port of the brick daemon.'),
      uid: deviceUid({ orEmpty: true })
        .prefault('')
        .describe('UID of the device; empty takes the only one of the wanted type.'),
      secret: secret().prefault('').describe('Authentication secret of the brick daemon; empty for none.'),
      type: z
        .enum(['barometer'])
        .prefault('barometer')
        .describe('Wanted type; `barometer` is the Barometer Bricklet, old or 2.0.'),
    })
    .prefault({})
    .describe('Which sensor.'),
  sensor: z
    .string()
    .min(1)
    .max(64)
    .prefault('pressure')
    .describe('Name of what is measured, in each reading.'),
  every: duration({ min: '10ms', max: '1d' }).prefault('1s').describe('Pace of the readings.'),
  timeout: duration({ min: '50ms', max: '1m' })
    .prefault('2500ms')
    .describe('Longest wait for the connection and for each answer.'),
  'stale-after': duration({ min: '50ms', max: '1d' })
    .prefault('10s')
    .describe('How long without a good value before the connection is made anew.'),
  plausible: z
    .strictObject({
      min: number().prefault(850).describe('Lowest value to believe, in the unit of the sensor.'),
      max: number().prefault(1100).describe('Highest value to believe.'),
    })
    .prefault({})
    .describe('Values outside are kept but marked `implausible`, and not averaged in.'),
  retry: retryPolicy(),
});

export type SensorPollerConfig = z.output<typeof config>;

/** What the task `device` tells. */
export type SensorEvent =
  | { readonly type: 'CONNECTED'; readonly device: DeviceInfo; readonly simulated: boolean }
  | { readonly type: 'READING'; readonly value: number }
  /** No value, or none that can be believed; the connection still stands. */
  | { readonly type: 'NO_VALUE'; readonly cause: Problem }
  | { readonly type: 'LOST'; readonly cause: Problem };

/** What the machine tells the task `device`. */
export type SensorCommand = { readonly type: 'CONNECT' } | { readonly type: 'DISCONNECT' };

export interface SensorPollerEffects {
  device: Task<SensorPollerConfig, SensorEvent, SensorCommand>;
  retryInMs: (attempt: number) => number;
}

interface Context extends Trouble {
  readonly config: SensorPollerConfig;
  readonly device: DeviceInfo | null;
}

const noValue = deadlineMissed('no value that can be believed within the deadline');

export const sensorPoller = defineKind<'sensor-poller', typeof config, SensorPollerEffects>({
  name: 'sensor-poller',
  purpose: 'Asks a TinkerForge sensor for its value at a steady pace and hands each reading on.',
  config,
  accepts: null,
  emits: 'readings',
  store: null,
  placeable: true,
  onFailed: 'stay',
  example: `barometer:
  kind: sensor-poller
  device: { host: 192.168.1.20, uid: bAr }
  every: 1s
  to: rotator`,
  effects: {
    device: {
      as: 'task',
      does: 'Connects to the device, reads it at the pace, and puts each reading into the port.',
    },
    retryInMs: { as: 'instant', does: 'Says how long to wait before an attempt.' },
  },
  statechart: (effects) =>
    setup({
      types: {
        context: {} as Context,
        input: {} as { config: SensorPollerConfig },
        events: {} as SensorEvent | EndedEvent | FailedEvent | ControlEvent,
      },
      actors: { device: task(effects.device) },
      actions: {
        connect: sendTo('device', { type: 'CONNECT' }),
        disconnect: sendTo('device', { type: 'DISCONNECT' }),
        well: assign(noTrouble),
        noteTrouble: assign(({ event }) => ({ cause: causeIn(event) ?? null })),
        planRetry: assign(({ context, event }) =>
          nextAttempt(
            context,
            event,
            effects.retryInMs,
            deadlineMissed(`no device at ${context.config.device.host} within the deadline`),
          ),
        ),
        // What made it stale is the cause, not that it lasted.
        planRetryOfStale: assign(({ context }) => nextAttempt(context, context, effects.retryInMs, noValue)),
      },
      guards: { unwell: ({ context }) => context.attempt > 0 || context.cause !== null },
      delays: {
        retry: ({ context }) => context.retryInMs ?? 0,
        staleAfter: ({ context }) => context.config['stale-after'],
        // The task has deadlines of its own for each step; this one is for all of them together.
        connectDeadline: ({ context }) => context.config.timeout * 4,
      },
    }).createMachine({
      id: 'sensor-poller',
      context: ({ input }) => ({ ...noTrouble, config: input.config, device: null }),
      invoke: { id: 'device', src: 'device', input: ({ context }) => context.config },
      initial: 'connecting',
      on: {
        STOP: '.stopped',
        PAUSE: '.paused',
        FAILED: { target: '.failed', actions: 'noteTrouble' },
        ENDED: { target: '.failed', actions: 'noteTrouble' },
      },
      states: {
        connecting: {
          entry: 'connect',
          on: {
            CONNECTED: { target: 'polling', actions: assign({ device: ({ event }) => event.device }) },
            LOST: { target: 'waitingToRetry', actions: 'planRetry' },
          },
          after: { connectDeadline: { target: 'waitingToRetry', actions: 'planRetry' } },
        },
        polling: {
          tags: ['rest'],
          on: {
            // Not before: a device that connects and says nothing must not be asked at the shortest wait for ever.
            READING: { guard: 'unwell', actions: 'well' },
            NO_VALUE: { target: 'stale', actions: 'noteTrouble' },
            LOST: { target: 'waitingToRetry', actions: 'planRetry' },
          },
        },
        stale: {
          tags: ['trouble'],
          on: {
            READING: { target: 'polling', actions: 'well' },
            NO_VALUE: { actions: 'noteTrouble' },
            LOST: { target: 'waitingToRetry', actions: 'planRetry' },
          },
          after: { staleAfter: { target: 'waitingToRetry', actions: 'planRetryOfStale' } },
        },
        waitingToRetry: {
          entry: 'disconnect',
          tags: ['trouble'],
          on: { RETRY: 'connecting' },
          after: { retry: 'connecting' },
        },
        paused: {
          entry: ['disconnect', 'well'],
          tags: ['rest'],
          on: { RESUME: 'connecting', PAUSE: {} },
        },
        failed: { type: 'final', tags: ['failed'] },
        stopped: { type: 'final' },
      },
    }),
});
