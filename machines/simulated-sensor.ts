/** A sensor that is not there, without any hardware or daemon: for trying out, for tests, for load. */
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { duration, number } from '../src/contract/config.ts';
import type { Problem } from '../src/contract/errors.ts';
import {
  type ControlEvent,
  causeIn,
  defineKind,
  type EndedEvent,
  type FailedEvent,
  noTrouble,
  type Task,
  type Trouble,
  task,
} from '../src/contract/kind.ts';
import { namePattern } from '../src/domain/segment.ts';

const span = () => duration({ min: '1s', max: '366d' });
/** Sums and roundings of these stay finite: JSON has no word for what is not, and would say null. */
const amountMax = 1e15;
const amount = () => number({ min: -amountMax, max: amountMax });
const size = () => number({ min: 0, max: amountMax });

const curve = z
  .discriminatedUnion('curve', [
    z.strictObject({
      curve: z.literal('const').describe('Always the same.'),
      value: amount().describe('The value.'),
    }),
    z.strictObject({
      curve: z.literal('linear').describe('From one value to another, then again from the start.'),
      from: amount().describe('First value.'),
      to: amount().describe('Last value.'),
      over: span().describe('Time from first to last.'),
    }),
    z.strictObject({
      curve: z.literal('sine').describe('Up and down around a mean.'),
      mean: amount().describe('Mean.'),
      amplitude: size().describe('Greatest distance from the mean.'),
      period: span().describe('Time of one wave.'),
    }),
    z.strictObject({
      curve: z.literal('day').describe('A wave of 24 hours, as temperature has it.'),
      mean: amount().describe('Mean.'),
      amplitude: size().describe('Greatest distance from the mean.'),
      peak: duration({ min: '1ms', max: '1d' })
        .prefault('14h')
        .describe('When it is highest, after midnight UTC.'),
    }),
    z.strictObject({
      curve: z.literal('wander').describe('Without a plan, as air pressure has it.'),
      mean: amount().describe('Mean.'),
      amplitude: size().describe('Greatest distance from the mean.'),
      period: span().prefault('12h').describe('Time of its longest waves.'),
    }),
  ])
  .describe('How the value moves over the time of day.');

const happening = {
  every: span().describe('Once in each span of this length, at a moment that the seed chooses.'),
  for: duration({ min: '1ms', max: '366d' }).describe('How long it lasts.'),
};

const config = z
  .strictObject({
    device: z.string().min(1).max(256).prefault('simulated').describe('Device in each reading.'),
    sensor: z.string().min(1).max(64).prefault('pressure').describe('What is measured, in each reading.'),
    unit: z.string().max(64).prefault('hPa').describe('Unit in each reading.'),
    every: duration({ min: '1ms', max: '1d' }).prefault('1s').describe('Pace of the readings.'),
    value: curve.prefault({ curve: 'wander', mean: 1013.25, amplitude: 15 }),
    noise: size().prefault(0).describe('Standard deviation of what chance adds to each value.'),
    decimals: number({ min: 0, max: 9, integer: true }).prefault(2).describe('Digits after the point.'),
    seed: number({ integer: true })
      .prefault(1)
      .describe('The same seed gives the same values at the same time, also after a restart.'),
    plausible: z
      .strictObject({
        min: number().optional().describe('Lowest value to believe.'),
        max: number().optional().describe('Highest value to believe.'),
      })
      .prefault({})
      .describe('Values outside are kept but marked `implausible`, and not averaged in.'),
    faults: z
      .strictObject({
        outage: z.strictObject(happening).optional().describe('No values; what is missed becomes a gap.'),
        stuck: z.strictObject(happening).optional().describe('The value stays as it is.'),
        spike: z
          .strictObject({ ...happening, by: amount().describe('How far, up or down as the seed chooses.') })
          .optional()
          .describe('Values far off.'),
      })
      .prefault({})
      .describe('What goes wrong now and then.'),
    stream: z
      .string()
      .regex(namePattern, 'expected letters, digits, `.`, `_` or `-`, up to 64')
      .prefault('readings')
      .describe('The stream that the readings go to.'),
  })
  .superRefine(({ faults }, context) => {
    for (const [name, fault] of Object.entries(faults)) {
      if (!fault || fault.for < fault.every) continue;
      const message = 'must be shorter than `every`, or there would be nothing else';
      context.addIssue({ code: 'custom', path: ['faults', name, 'for'], message });
    }
  });

export type SimulatedSensorConfig = z.output<typeof config>;

/** What the task `sensor` tells. */
export type SimulatedEvent =
  | { readonly type: 'READING' }
  | { readonly type: 'OUTAGE'; readonly cause: Problem; readonly forMs: number };

export interface SimulatedSensorEffects {
  sensor: Task<SimulatedSensorConfig, SimulatedEvent>;
}

interface Context extends Trouble {
  readonly config: SimulatedSensorConfig;
}

export const simulatedSensor = defineKind<'simulated-sensor', typeof config, SimulatedSensorEffects>({
  name: 'simulated-sensor',
  purpose: 'Makes up readings at a steady pace, with faults if you like; each is marked simulated.',
  config,
  accepts: null,
  emits: 'readings',
  store: null,
  placeable: true,
  onFailed: 'stay',
  example: `thermometer:
  kind: simulated-sensor
  sensor: temperature
  unit: °C
  every: 1s
  value: { curve: day, mean: 12, amplitude: 6, peak: 14h }
  noise: 0.1
  faults:
    outage: { every: 1h, for: 30s }
  to: rotator`,
  effects: {
    sensor: { as: 'task', does: 'Makes up a value at each turn and puts the readings into the port.' },
  },
  statechart: (effects) =>
    setup({
      types: {
        context: {} as Context,
        input: {} as { config: SimulatedSensorConfig },
        events: {} as SimulatedEvent | EndedEvent | FailedEvent | ControlEvent,
      },
      actors: { sensor: task(effects.sensor) },
      actions: {
        well: assign(noTrouble),
        noteTrouble: assign(({ event }) => ({ cause: causeIn(event) ?? null })),
        noteOutage: assign(({ event }) => ({
          cause: causeIn(event) ?? null,
          retryInMs: event.type === 'OUTAGE' ? event.forMs : null,
        })),
      },
      // The task ends an outage with its next reading; this one is behind that.
      delays: { overdue: ({ context }) => (context.retryInMs ?? 0) + 2 * context.config.every + 1_000 },
    }).createMachine({
      id: 'simulated-sensor',
      context: ({ input }) => ({ ...noTrouble, config: input.config }),
      initial: 'running',
      on: { STOP: '.stopped' },
      states: {
        running: {
          invoke: { id: 'sensor', src: 'sensor', input: ({ context }) => context.config },
          initial: 'measuring',
          on: {
            PAUSE: 'paused',
            FAILED: { target: 'failed', actions: 'noteTrouble' },
            ENDED: { target: 'failed', actions: 'noteTrouble' },
          },
          states: {
            measuring: { tags: ['rest'], on: { OUTAGE: { target: 'outage', actions: 'noteOutage' } } },
            outage: {
              tags: ['trouble'],
              on: {
                READING: { target: 'measuring', actions: 'well' },
                OUTAGE: { actions: 'noteOutage' },
              },
              after: { overdue: { target: '#simulated-sensor.running', reenter: true, actions: 'well' } },
            },
          },
        },
        paused: { entry: 'well', tags: ['rest'], on: { RESUME: 'running', PAUSE: {} } },
        failed: { type: 'final', tags: ['failed'] },
        stopped: { type: 'final' },
      },
    }),
});
