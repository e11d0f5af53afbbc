/** Effects of the kind `tinkerforge-emulator`. */
import type {
  ShapeConfig,
  TinkerforgeEmulatorConfig,
  TinkerforgeEmulatorEffects,
} from '../../machines/tinkerforge-emulator.ts';
import type { Clock, Random } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Reporter } from '../contract/report.ts';
import { brickletOfModel } from '../domain/bricklets.ts';
import type { Shape } from '../domain/shapes.ts';
import { parseCsvShape } from './csv-shape.ts';
import type { StartEmulator } from './emulator/server.ts';

export interface EmulatorEnv {
  readonly clock: Clock;
  readonly random: Random;
  readonly report: Reporter;
  readonly retryInMs: (attempt: number) => number;
  readonly readText: (file: string) => Promise<string>;
  readonly startEmulator: StartEmulator;
}

export function emulatorEffects(env: EmulatorEnv): TinkerforgeEmulatorEffects {
  return {
    retryInMs: env.retryInMs,
    async daemon({ input: config, signal, emit }) {
      const { host, port, secret } = config;
      const devices = await Promise.all(
        config.devices.map(async ({ type, uid, pressure, values, unplug }) => {
          const told = Object.entries({ ...values, ...(pressure ? { pressure } : {}) });
          const shapes = await Promise.all(
            told.map(async ([name, shape]) => [name, shape && (await shapeOf(shape, name, type, env))]),
          );
          return { type, uid, unplug, values: Object.fromEntries(shapes) };
        }),
      );
      const emulator = await env.startEmulator({ host, port, secret, devices }, env);
      try {
        if (signal.aborted) return;
        emit({ type: 'LISTENING', host: emulator.host, port: emulator.port });
        env.report({
          type: 'note',
          text: `emulating ${describe(config)} on ${emulator.host}:${emulator.port}`,
        });
        await new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        );
      } finally {
        await emulator.close();
      }
    },
  };
}

function describe(config: TinkerforgeEmulatorConfig): string {
  return config.devices.map(({ type, uid }) => `${type} ${uid}`).join(', ');
}

async function shapeOf(shape: ShapeConfig, name: string, model: string, env: EmulatorEnv): Promise<Shape> {
  if (shape.shape === 'random-walk') {
    const range = brickletOfModel(model)!.quantities.find(({ sensor }) => sensor === name)?.range;
    return { ...shape, min: shape.min ?? range?.min ?? 0, max: shape.max ?? range?.max ?? 1 };
  }
  if (shape.shape !== 'csv') return shape;
  let text: string;
  try {
    text = await env.readText(shape.file);
  } catch (cause) {
    throw new FogrunError('file-unreadable', `the values in ${shape.file} cannot be read`, { cause });
  }
  return { shape: 'csv', values: parseCsvShape(text, ['value', name]), every: shape.every };
}
