/** Reads a sensor at a steady pace, or lets it send by itself, and hands each reading on. */
import { assign, sendTo, setup } from 'xstate';
import { z } from 'zod';
import {
  boolean,
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
import { deviceTypes, quantitiesOfType, sensorNames, sensorsByDefault } from '../src/domain/bricklets.ts';

const readingName = () => z.string().min(1).max(64);

const plausible = () =>
  z.strictObject({
    min: number().optional().describe('Lowest value to believe, in the unit of the sensor.'),
    max: number().optional().describe('Highest value to believe.'),
  });

const sensors = z
  .array(
    z.union([
      z.enum(sensorNames),
      z.strictObject({
        sensor: z.enum(sensorNames).describe('What to read.'),
        as: readingName().optional().describe('Its name in readings, if it is to be another.'),
        unit: z
          .string()
          .max(16)
          .optional()
          .describe('How readings write its unit, if otherwise; values stay as they are.'),
        plausible: plausible().optional().describe('What to believe, if not what the sensor is known for.'),
      }),
    ]),
  )
  .min(1)
  .optional()
  .describe('What to read of a device that measures several things; all of them unless given.');

const config = z
  .strictObject({
    device: z
      .strictObject({
        host: hostName().prefault('127.0.0.1').describe('Host of the brick daemon.'),
        port: tcpPort().prefault(4223).describe('Port of the brick daemon.'),
        uid: deviceUid({ orEmpty: true })
          .prefault('')
          .describe('UID of the device; empty takes the only one of the wanted type.'),
        secret: secret().prefault('').describe('Authentication secret of the brick daemon; empty for none.'),
        type: z
          .enum(deviceTypes)
          .prefault('barometer')
          .describe('Wanted type, of whatever generation; `fogrun devices HOST` shows what is there.'),
      })
      .prefault({})
      .describe('Which device.'),
    sensors,
    sensor: readingName()
      .optional()
      .describe('Name of what is measured, in each reading, if it is one sensor and to be called otherwise.'),
    mode: z
      .enum(['poll', 'callback'])
      .prefault('poll')
      .describe(
        '`poll` asks each time; `callback` has the device send by itself. It keeps one pace for each sensor, so that two pollers must not set one sensor of a device to two paces.',
      ),
    'on-change': boolean()
      .prefault(false)
      .describe(
        'With callbacks: only values that changed. Devices of the first generation and GPS know nothing else.',
      ),
    every: duration({ min: '10ms', max: '1d' }).prefault('1s').describe('Pace of the readings.'),
    timeout: duration({ min: '50ms', max: '1m' })
      .prefault('2500ms')
      .describe('Longest wait for the connection and for each answer.'),
    'stale-after': duration({ min: '50ms', max: '1d' })
      .prefault('10s')
      .describe('How long without a good value before the connection is made anew.'),
    plausible: plausible()
      .optional()
      .describe(
        'Values outside are kept but marked `implausible`, and not averaged in; for one sensor. Unless given, what the sensor is known for (850 to 1100 hPa for pressure, say).',
      ),
    retry: retryPolicy(),
  })
  .superRefine((value, context) => {
    const { type } = value.device;
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    const has = quantitiesOfType(type).map(({ sensor }) => sensor);
    const names = value.sensors?.map((one) => (typeof one === 'string' ? one : one.sensor));
    for (const [index, name] of (names ?? []).entries()) {
      if (!has.includes(name)) {
        complain(['sensors', index], `a device of type ${type} has no ${name}; it has ${has.join(', ')}`);
      } else if (names!.indexOf(name) < index) complain(['sensors', index], `${name} is named twice`);
    }
    const called =
      value.sensors?.map((one) => (typeof one === 'string' ? one : (one.as ?? one.sensor))) ?? [];
    for (const [index, name] of called.entries()) {
      if (called.indexOf(name) === index || names!.indexOf(names![index]!) < index) continue;
      complain(
        ['sensors', index],
        `another sensor is called ${name} already, so nobody could tell them apart`,
      );
    }
    const read = names ?? sensorsByDefault(type);
    if (read.length === 1) return;
    const hint = `this poller reads ${read.join(', ')}; say it for each in \`sensors\``;
    if (value.sensor !== undefined) complain(['sensor'], `names one sensor, but ${hint}`);
    if (value.plausible !== undefined) complain(['plausible'], `is for one sensor, but ${hint}`);
  });

export type SensorPollerConfig = z.output<typeof config>;

/** What the task `device` tells. */
export type SensorEvent =
  | { readonly type: 'CONNECTED'; readonly device: DeviceInfo; readonly simulated: boolean }
  | { readonly type: 'READING' }
  /** No value, or none that can be believed; the connection still stands. */
  | { readonly type: 'NO_VALUE'; readonly cause: Problem }
  | { readonly type: 'LOST'; readonly cause: Problem }
  /** The daemon does not have the device: it was unplugged, or is not there. Its return is looked out for. */
  | { readonly type: 'GONE'; readonly cause: Problem }
  | { readonly type: 'BACK' };

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

/** Where the way of a device that does not do as it should leads. */
const troubles = {
  NO_VALUE: [
    { guard: 'nothingYet', target: 'waitingForValue', actions: 'noteTrouble' },
    { target: 'stale', actions: 'noteTrouble' },
  ],
  LOST: { target: 'waitingToRetry', actions: 'planRetry' },
  GONE: { target: 'absent', actions: 'planRetry' },
} as const;
/** Back to where readings come in. */
const recovered = [
  { guard: 'sendsByItself', target: 'listening', actions: 'well' },
  { target: 'polling', actions: 'well' },
] as const;
const reads = {
  tags: ['rest'],
  on: {
    // Not before: a device that connects and says nothing must not be asked at the shortest wait for ever.
    READING: { guard: 'unwell', actions: 'well' },
    ...troubles,
  },
} as const;

export const sensorPoller = defineKind<'sensor-poller', typeof config, SensorPollerEffects>({
  name: 'sensor-poller',
  purpose:
    'Reads a TinkerForge sensor at a steady pace, or lets it send by itself, and hands each reading on.',
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
      does: 'Connects to the device, reads it or listens to it, and puts each reading into the port.',
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
        identified: assign({ device: ({ event }) => (event as { device?: DeviceInfo }).device ?? null }),
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
      guards: {
        unwell: ({ context }) => context.attempt > 0 || context.cause !== null,
        sendsByItself: ({ context }) => context.config.mode === 'callback',
        nothingYet: ({ event }) => causeIn(event)?.code === 'device-no-value',
      },
      delays: {
        retry: ({ context }) => context.retryInMs ?? 0,
        staleAfter: ({ context }) => context.config['stale-after'],
        // It says so at least this often.
        silentAfter: ({ context }) => context.config['stale-after'] + 2 * context.config.every,
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
            CONNECTED: [
              { guard: 'sendsByItself', target: 'listening', actions: 'identified' },
              { target: 'polling', actions: 'identified' },
            ],
            LOST: troubles.LOST,
            GONE: troubles.GONE,
          },
          after: { connectDeadline: { target: 'waitingToRetry', actions: 'planRetry' } },
        },
        polling: reads,
        listening: reads,
        stale: {
          tags: ['trouble'],
          on: {
            ...troubles,
            READING: recovered,
            NO_VALUE: [troubles.NO_VALUE[0], { actions: 'noteTrouble' }],
          },
          after: { staleAfter: { target: 'waitingToRetry', actions: 'planRetryOfStale' } },
        },
        // It answers and cannot measure yet: no new connection would help, as long as it says so.
        waitingForValue: {
          tags: ['trouble'],
          on: {
            ...troubles,
            READING: recovered,
            NO_VALUE: [{ ...troubles.NO_VALUE[0], reenter: true }, troubles.NO_VALUE[1]],
          },
          after: { silentAfter: { target: 'stale' } },
        },
        absent: {
          tags: ['trouble'],
          on: { BACK: 'connecting', RETRY: 'connecting', LOST: troubles.LOST },
          after: { retry: 'connecting' },
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
