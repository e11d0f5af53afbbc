/** A brick daemon with sensors that are not there, for trying fogrun out and for tests. */
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
import { brickletOfModel, models, sensorNames, stateNames } from '../src/domain/bricklets.ts';
import { readUid } from '../src/domain/uid.ts';

/** @param walk bounds of a walk where none are given; without them, those of the device */
function shape(walk?: { readonly min: number; readonly max: number }) {
  const bound = (which: 'min' | 'max', text: string) =>
    walk
      ? number().prefault(walk[which]).describe(`${text}.`)
      : number().optional().describe(`${text}; the end of what the device can show unless given.`);
  return z.discriminatedUnion('shape', [
    z.strictObject({
      shape: z.literal('const').describe('Always the same.'),
      value: number().describe('The value, in the unit of the sensor.'),
    }),
    z.strictObject({
      shape: z.literal('linear').describe('From one value to another, then again from the start.'),
      from: number().describe('First value.'),
      to: number().describe('Last value.'),
      over: duration().describe('Time from first to last.'),
    }),
    z.strictObject({
      shape: z.literal('sine').describe('Up and down around a mean.'),
      mean: number().describe('The mean.'),
      amplitude: number({ min: 0 }).describe('Greatest distance from the mean.'),
      period: duration().describe('Time of one wave.'),
    }),
    z.strictObject({
      shape: z.literal('random-walk').describe('A step up or down every second, the same for the same seed.'),
      start: number().describe('First value.'),
      step: number({ min: 0 }).describe('Greatest step.'),
      seed: number({ integer: true }).prefault(1).describe('Seed of the walk.'),
      min: bound('min', 'Lower bound'),
      max: bound('max', 'Upper bound'),
    }),
    z.strictObject({
      shape: z.literal('csv').describe('Values from a file, one a line, then again from the start.'),
      file: z.string().min(1).describe('Path, seen from the directory fogrun runs in.'),
      every: duration().prefault('1s').describe('Time from one value to the next.'),
    }),
  ]);
}

const valueShape = shape();

export type ShapeConfig = z.output<typeof valueShape>;

const valueNames = [...sensorNames, ...stateNames] as const;

const values = z
  .strictObject(
    Object.fromEntries(
      valueNames.map((name) => [name, valueShape.optional().describe(`How ${name} moves.`)] as const),
    ) as Record<string, z.ZodOptional<typeof valueShape>>,
  )
  .optional()
  .describe(
    'How each value moves; what is left out follows a quiet day. Beside what is measured: `fix` (0 or 1) and `satellites` of GPS, `accuracy` (0 to 3) of air quality.',
  );

const device = z
  .strictObject({
    type: z
      .enum(models)
      .prefault('barometer')
      .describe('What it is; where generations differ, `-v2` or `-v3` says which.'),
    uid: deviceUid().prefault('bAr').describe('UID in base58.'),
    pressure: shape({ min: 950, max: 1050 })
      .optional()
      .describe('How the pressure moves: short for `values.pressure`.'),
    values,
    unplug: z
      .strictObject({
        after: duration().describe('Since the start.'),
        for: duration().describe('How long it is away.'),
        every: duration().optional().describe('From one time to the next; it happens once unless given.'),
      })
      .optional()
      .describe('Pulls its cable, to see what happens then.'),
  })
  .superRefine(({ type, pressure, values: told }, context) => {
    const { quantities, states } = brickletOfModel(type)!;
    const has = [...quantities.map(({ sensor }) => sensor), ...Object.keys(states ?? {})];
    const complain = (path: string[], name: string) =>
      context.addIssue({
        code: 'custom',
        path,
        message: `a device of type ${type} has no ${name}; it has ${has.join(', ')}`,
      });
    if (pressure && !has.includes('pressure')) complain(['pressure'], 'pressure');
    for (const [name, shape] of Object.entries(told ?? {})) {
      if (shape && !has.includes(name)) complain(['values', name], name);
    }
  });

const config = z.strictObject({
  host: hostName().prefault('127.0.0.1').describe('Address to listen on.'),
  port: tcpPort({ min: 0 }).prefault(4223).describe('Port to listen on; 0 takes any free one.'),
  secret: secret().prefault('').describe('Authentication secret that clients must know; empty for none.'),
  devices: z
    .array(device)
    .min(1)
    .max(8)
    .superRefine((devices, context) => {
      const uids = devices.map(({ uid }) => readUid(uid));
      for (const [index, uid] of uids.entries()) {
        if (uids.indexOf(uid) === index) continue;
        context.addIssue({ code: 'custom', path: [index, 'uid'], message: 'another device has this UID' });
      }
    })
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
    'Speaks the TinkerForge protocol in place of a brick daemon with sensors; their readings are marked simulated.',
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
    - { type: barometer, uid: bAr, pressure: { shape: sine, mean: 1013.25, amplitude: 2.5, period: 3h } }
    - { type: co2, uid: cAr, values: { temperature: { shape: const, value: 21 } } }`,
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
