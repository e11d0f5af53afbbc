/** Effects of the kind `sensor-poller`: a device read at a steady pace. */
import type {
  SensorCommand,
  SensorEvent,
  SensorPollerConfig,
  SensorPollerEffects,
} from '../../machines/sensor-poller.ts';
import { type Clock, sleep } from '../contract/clock.ts';
import type { Device, DeviceTarget } from '../contract/device.ts';
import { errorCodes, FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Batch, OutPort } from '../contract/port.ts';
import { encodeReading, type Reading } from '../domain/reading.ts';

/** The stream that measured values go to. */
const stream = 'readings';

export interface PollerEnv {
  readonly output: OutPort<Batch>;
  readonly clock: Clock;
  readonly connect: (
    target: DeviceTarget,
    type: 'barometer',
    env: { signal: AbortSignal },
  ) => Promise<Device>;
  readonly retryInMs: (attempt: number) => number;
}

export function pollerEffects(env: PollerEnv): SensorPollerEffects {
  return {
    retryInMs: env.retryInMs,
    async device({ input: config, signal, emit, receive }) {
      const failure = Promise.withResolvers<never>();
      failure.promise.catch(() => {});
      const tally = createTally(config, env);
      let visit: AbortController | undefined;
      receive((command: SensorCommand) => {
        visit?.abort();
        visit = undefined;
        if (command.type === 'DISCONNECT') return;
        visit = new AbortController();
        const until = AbortSignal.any([signal, visit.signal]);
        pollDevice(config, env, tally, until, (event) => !until.aborted && emit(event)).catch(failure.reject);
      });
      const ended = new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => resolve(), { once: true }),
      );
      await Promise.race([ended, failure.promise]);
    },
  };
}

/** Connects and reads until the signal aborts or the device is lost; tells what happens. */
async function pollDevice(
  config: SensorPollerConfig,
  env: PollerEnv,
  tally: Tally,
  signal: AbortSignal,
  tell: (event: SensorEvent) => void,
): Promise<void> {
  const { device: where, timeout: timeoutMs } = config;
  let device: Device;
  try {
    device = await env.connect({ ...where, timeoutMs }, where.type, { signal });
  } catch (thrown) {
    return tell({ type: 'LOST', cause: expected(thrown) });
  }
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  device.onLost(() => {
    over.abort();
    tell({
      type: 'LOST',
      cause: problem('device-unreachable', `the connection to ${address(config)} ended`),
    });
  });
  try {
    tell({ type: 'CONNECTED', device: device.info, simulated: device.simulated });
    const start = env.clock.monotonic();
    for (let turn = 0; !until.aborted; ) {
      await readOnce(config, env, tally, device, until, tell);
      // A turn that came too late is left out rather than made up for.
      const passed = env.clock.monotonic() - start;
      turn = Math.max(turn + 1, Math.ceil(passed / config.every));
      await sleep(env.clock, start + turn * config.every - env.clock.monotonic(), until);
    }
  } finally {
    device.close();
    tally.interrupt();
  }
}

async function readOnce(
  config: SensorPollerConfig,
  env: PollerEnv,
  tally: Tally,
  device: Device,
  until: AbortSignal,
  tell: (event: SensorEvent) => void,
): Promise<void> {
  try {
    const value = await device.read();
    if (until.aborted) return;
    if (!Number.isFinite(value)) throw new FogrunError('device-error', `${address(config)} sent no number`);
    const { min, max } = config.plausible;
    const plausible = value >= min && value <= max;
    const reading: Reading = {
      device: device.info.uid,
      sensor: config.sensor,
      time: new Date(env.clock.now()).toISOString(),
      value,
      unit: device.unit,
      ...(device.simulated ? { simulated: true } : {}),
      ...(plausible ? {} : { implausible: true }),
    };
    tally.take(reading);
    if (plausible) return tell({ type: 'READING', value });
    const range = `${min} to ${max} ${device.unit}`;
    tell({
      type: 'NO_VALUE',
      cause: problem('device-implausible', `${address(config)} said ${value}, not ${range}`),
    });
  } catch (thrown) {
    tally.interrupt();
    if (!until.aborted) tell({ type: 'NO_VALUE', cause: expected(thrown) });
  }
}

interface Tally {
  take(reading: Reading): void;
  /** No reading came when one was due, for a reason worth a gap. */
  interrupt(): void;
}

/** A turn this many periods late means that nobody measured: the machine slept, say. */
const latePeriods = 10;

/** Hands readings to the port, and counts those that were not measured or found no room as a gap. */
function createTally(config: SensorPollerConfig, env: PollerEnv): Tally {
  /** When the last reading was handed on, monotonic ms and ISO text. */
  let last: { at: number; time: string } | undefined;
  let interrupted = false;

  return {
    interrupt() {
      interrupted = true;
    },
    take(reading) {
      // The store is full: a sensor cannot be held back, so this one is missed and counted with the next.
      if (env.output.blocked) {
        interrupted = true;
        return;
      }
      const at = env.clock.monotonic();
      const periods = last ? Math.round((at - last.at) / config.every) : 0;
      // Being a little late now and then is no gap.
      const gap = (interrupted && periods > 1) || periods > latePeriods;
      const missed = {
        gap: 'missed' as const,
        ...(last ? { fromTime: last.time } : {}),
        toTime: reading.time,
        count: periods - 1,
        text: `${config.sensor} of ${reading.device} was not measured between these moments`,
      };
      interrupted = false;
      last = { at, time: reading.time };
      void env.output.send({ stream, lines: encodeReading(reading), count: 1, ...(gap ? { missed } : {}) });
    },
  };
}

function address(config: SensorPollerConfig): string {
  const { host, port, uid } = config.device;
  return uid === '' ? `the ${config.device.type} at ${host}:${port}` : `device ${uid} at ${host}:${port}`;
}

function problem(code: 'device-unreachable' | 'device-implausible', message: string): Problem {
  return { code, message, advice: errorCodes[code].advice };
}

/** Programming errors must not look like a sensor that is away. */
function expected(thrown: unknown): Problem {
  const cause = toProblem(thrown);
  if (cause.code === 'internal') throw thrown;
  return cause;
}
