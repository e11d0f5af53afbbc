/** A brick daemon with barometers that are not there, for trying fogrun out and for tests. */
import { assign, setup } from 'xstate';
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

const shape = z
  .discriminatedUnion('shape', [
    z.strictObject({
      shape: z.literal('const').describe('Always the same.'),
      value: number().describe('Value in hPa.'),
    }),
    z.strictObject({
      shape: z.literal('linear').describe('From one value to another, then again from the start.'),
      from: number().describe('First value in hPa.'),
      to: number().describe('Last value in hPa.'),
      over: duration().describe('Time from first to last.'),
    }),
    z.strictObject({
      shape: z.literal('sine').describe('Up and down around a mean.'),
      mean: number().describe('Mean in hPa.'),
      amplitude: number({ min: 0 }).describe('Greatest distance from the mean in hPa.'),
      period: duration().describe('Time of one wave.'),
    }),
    z.strictObject({
      shape: z.literal('random-walk').describe('A step up or down every second, the same for the same seed.'),
      start: number().describe('First value in hPa.'),
      step: number({ min: 0 }).describe('Greatest step in hPa.'),
      seed: number({ integer: true }).prefault(1).describe('Seed of the walk.'),
      min: number().prefault(950).describe('Lower bound in hPa.'),
      max: number().prefault(1050).describe('Upper bound in hPa.'),
    }),
    z.strictObject({
      shape: z.literal('csv').describe('Values from a file, one a line, then again from the start.'),
      file: z.string().min(1).describe('Path, seen from the directory fogrun runs in.'),
      every: duration().prefault('1s').describe('Time from one value to the next.'),
    }),
  ])
  .describe('How the value moves.');

const config = z.strictObject({
  host: hostName().prefault('127.0.0.1').describe('Address to listen on.'),
  port: tcpPort({ min: 0 }).prefault(4223).describe('Port to listen on; 0 takes any free one.'),
  secret: secret().prefault('').describe('Authentication secret that clients must know; empty for none.'),
  devices: z
    .array(
      z.strictObject({
        type: z
          .enum(['barometer', 'barometer-v2'])
          .prefault('barometer')
          .describe('Barometer Bricklet or Barometer Bricklet 2.0.'),
        uid: deviceUid().prefault('bAr').describe('UID in base58.'),
        pressure: shape.prefault({ shape: 'sine', mean: 1013.25, amplitude: 2.5, period: '3h' }),
      }),
    )
    .min(1)
    .prefault([{}])
    .describe('What hangs on the emulated master brick.'),
  'bind-attempts': number({ min: 1, max: 1_000_000, integer: true })
    .prefault(1_000)
    .describe('Attempts to listen before giving up.'),
  retry: retryPolicy(),
});

export type TinkerforgeEmulatorConfig = z.output<typeof config>;

/** What the task `daemon` tells. */
export type DaemonEvent = { readonly type: 'LISTENING'; readonly host: string; readonly port: number };

export interface TinkerforgeEmulatorEffects {
  daemon: Task<TinkerforgeEmulatorConfig, DaemonEvent>;
  retryInMs: (attempt: number) => number;
}

interface Context extends Trouble {
  readonly config: TinkerforgeEmulatorConfig;
  readonly address: string | null;
}

export const tinkerforgeEmulator = defineKind<
  'tinkerforge-emulator',
  typeof config,
  TinkerforgeEmulatorEffects
>({
  name: 'tinkerforge-emulator',
  purpose:
    'Speaks the TinkerForge protocol in place of a brick daemon with barometers; its readings are marked simulated.',
  config,
  accepts: null,
  emits: null,
  store: null,
  serves: true,
  placeable: true,
  onFailed: 'stay',
  example: `bricks:
  kind: tinkerforge-emulator
  port: 4223
  devices:
    - { type: barometer, uid: bAr, pressure: { shape: sine, mean: 1013.25, amplitude: 2.5, period: 3h } }`,
  effects: {
    daemon: { as: 'task', does: 'Listens and answers like a brick daemon until it is aborted.' },
    retryInMs: { as: 'instant', does: 'Says how long to wait before an attempt.' },
  },
  statechart: (effects) =>
    setup({
      types: {
        context: {} as Context,
        input: {} as { config: TinkerforgeEmulatorConfig },
        events: {} as DaemonEvent | EndedEvent | FailedEvent | ControlEvent,
      },
      actors: { daemon: task(effects.daemon) },
      actions: {
        planRetry: assign(({ context, event }) =>
          nextAttempt(
            context,
            event,
            effects.retryInMs,
            deadlineMissed('the emulator did not start in time'),
          ),
        ),
        well: assign(noTrouble),
        noteTrouble: assign(({ event }) => ({ cause: causeIn(event) ?? null })),
        listening: assign(({ event }) => ({
          ...noTrouble,
          address: event.type === 'LISTENING' ? `${event.host}:${event.port}` : null,
        })),
      },
      guards: {
        hopeless: ({ context, event }) =>
          context.attempt + 1 >= context.config['bind-attempts'] ||
          !['address-in-use', 'address-refused'].includes(causeIn(event)?.code ?? ''),
      },
      delays: { retry: ({ context }) => context.retryInMs ?? 0 },
    }).createMachine({
      id: 'tinkerforge-emulator',
      context: ({ input }) => ({ ...noTrouble, config: input.config, address: null }),
      initial: 'serving',
      on: { STOP: '.stopped' },
      states: {
        serving: {
          invoke: { id: 'daemon', src: 'daemon', input: ({ context }) => context.config },
          initial: 'starting',
          on: {
            PAUSE: 'paused',
            FAILED: [
              { guard: 'hopeless', target: 'failed', actions: 'noteTrouble' },
              { target: 'waitingToRetry', actions: 'planRetry' },
            ],
            ENDED: { target: 'failed', actions: 'noteTrouble' },
          },
          states: {
            starting: {
              on: { LISTENING: { target: 'listening', actions: 'listening' } },
              after: { 10000: { target: '#tinkerforge-emulator.waitingToRetry', actions: 'planRetry' } },
            },
            listening: { tags: ['rest'] },
          },
        },
        waitingToRetry: {
          tags: ['trouble'],
          on: { RETRY: 'serving', PAUSE: 'paused' },
          after: { retry: 'serving' },
        },
        paused: { entry: 'well', tags: ['rest'], on: { RESUME: 'serving' } },
        failed: { type: 'final', tags: ['failed'] },
        stopped: { type: 'final' },
      },
    }),
});
