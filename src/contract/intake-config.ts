/** Settings that every source of lines has: what becomes of values that are no readings, and how much is taken. */
import { z } from 'zod';
import type { IntakeRules } from '../domain/intake.ts';
import { namePattern } from '../domain/segment.ts';
import { number, size } from './config.ts';
import { statesStream } from './state-records.ts';

const name = () => z.string().min(1).max(256);

/** Fields for the config of a kind; `device` is the default of the field of that name. */
export function intakeFields(device: string) {
  return {
    device: name()
      .prefault(device)
      .describe('Device in readings that are made of other JSON values than readings.'),
    sensor: name().prefault('value').describe('Sensor in those readings.'),
    unit: z.string().min(1).max(64).optional().describe('Unit in those readings; none unless given.'),
    stream: z
      .string()
      .regex(
        namePattern,
        'expected up to 64 letters, digits, `.`, `_`, `-`, beginning and ending with a letter or digit',
      )
      .refine((stream) => stream !== statesStream, {
        error: `\`${statesStream}\` is the stream in which an edge tells of itself: readings need another one`,
      })
      .prefault('readings')
      .describe('Stream that the readings go to.'),
    'line-max': size({ min: '64B', max: '1MiB' })
      .prefault('64KiB')
      .describe('Longest line, or element of a JSON array, that is taken.'),
    'depth-max': number({ min: 1, max: 256, integer: true })
      .prefault(32)
      .describe('Most arrays and objects within each other that a line may have.'),
  };
}

/** Longest batch of readings, bytes: wrapping can make short lines many times as long. */
const batchBytesMax = 2 ** 20;

/** The rules that those fields make. */
export function intakeRules(config: {
  readonly device: string;
  readonly sensor: string;
  readonly unit?: string | undefined;
  readonly 'line-max': number;
  readonly 'depth-max': number;
}): IntakeRules {
  const { device, sensor, unit } = config;
  return {
    device,
    sensor,
    ...(unit === undefined ? {} : { unit }),
    lineBytesMax: config['line-max'],
    depthMax: config['depth-max'],
    batchBytesMax,
  };
}
