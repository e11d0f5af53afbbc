/** Effects of the kind `tinkerforge-emulator`. */
import type {
  TinkerforgeEmulatorConfig,
  TinkerforgeEmulatorEffects,
} from '../../machines/tinkerforge-emulator.ts';
import type { Clock, Random } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Reporter } from '../contract/report.ts';
import type { Shape } from '../domain/shapes.ts';
import { parseCsvShape } from './csv-shape.ts';
import { startEmulator } from './emulator/server.ts';

export interface EmulatorEnv {
  readonly clock: Clock;
  readonly random: Random;
  readonly report: Reporter;
  readonly retryInMs: (attempt: number) => number;
  readonly readText: (file: string) => Promise<string>;
}

export function emulatorEffects(env: EmulatorEnv): TinkerforgeEmulatorEffects {
  return {
    retryInMs: env.retryInMs,
    async daemon({ input: config, signal, emit }) {
      const { host, port, secret } = config;
      const devices = await Promise.all(
        config.devices.map(async ({ type, uid, pressure }) => ({
          type,
          uid,
          pressure: await shapeOf(pressure, env),
        })),
      );
      const emulator = await startEmulator({ host, port, secret, devices }, env);
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

async function shapeOf(
  pressure: TinkerforgeEmulatorConfig['devices'][number]['pressure'],
  env: EmulatorEnv,
): Promise<Shape> {
  if (pressure.shape !== 'csv') return pressure;
  let text: string;
  try {
    text = await env.readText(pressure.file);
  } catch (cause) {
    throw new FogrunError('file-unreadable', `the values in ${pressure.file} cannot be read`, { cause });
  }
  return { shape: 'csv', values: parseCsvShape(text), every: pressure.every };
}
