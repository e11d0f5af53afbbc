/** Effects of the kind `sensor-poller`: a device read at a steady pace, or listened to. */
import type {
  SensorCommand,
  SensorEvent,
  SensorPollerConfig,
  SensorPollerEffects,
} from '../../machines/sensor-poller.ts';
import { type Clock, sleep } from '../contract/clock.ts';
import type { Device, DeviceTarget, DeviceWish, Measurement } from '../contract/device.ts';
import { errorCodes, FogrunError, type Problem } from '../contract/errors.ts';
import type { Memory } from '../contract/memory.ts';
import type { Batch, OutPort } from '../contract/port.ts';
import type { Reporter } from '../contract/report.ts';
import { listenTo } from './poller-listening.ts';
import {
  createTally,
  expected,
  judge,
  type Reads,
  type Tally,
  type WantedSensor,
  wantedSensors,
} from './poller-readings.ts';

export interface PollerEnv {
  readonly output: OutPort<Batch>;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly connect: (target: DeviceTarget, wish: DeviceWish, env: { signal: AbortSignal }) => Promise<Device>;
  /** Resolves when a device that would fit is plugged in, or with `orPresent` is there. */
  readonly awaitDevice: (
    target: DeviceTarget,
    wish: { readonly type: string; readonly orPresent: boolean },
    env: { signal: AbortSignal },
  ) => Promise<void>;
  readonly retryInMs: (attempt: number) => number;
  /** Keeps when each sensor was last read, so that what a restart of the actor costs is counted. */
  readonly memory?: Memory;
}

/** What lasts from one connection to the next. */
interface Poller {
  readonly config: SensorPollerConfig;
  readonly env: PollerEnv;
  readonly wanted: readonly WantedSensor[];
  readonly tally: Tally;
  /** UID of the device that was taken last because it was the only one. */
  taken: string;
  /** When a device was last said to be back, monotonic ms. */
  backAtMs: number;
  /** Time of the last reading that can be believed, ISO 8601; `null` before the first. */
  lastGood: string | null;
}

export function pollerEffects(env: PollerEnv): SensorPollerEffects {
  return {
    retryInMs: env.retryInMs,
    async device({ input: config, signal, emit, receive }) {
      const failure = Promise.withResolvers<never>();
      failure.promise.catch(() => {});
      const tally = createTally(config.every, env);
      const poller: Poller = {
        config,
        env,
        tally,
        wanted: wantedSensors(config),
        taken: '',
        backAtMs: -Infinity,
        lastGood: null,
      };
      let visit: AbortController | undefined;
      receive((command: SensorCommand) => {
        visit?.abort();
        visit = undefined;
        if (command.type === 'DISCONNECT') return;
        visit = new AbortController();
        const until = AbortSignal.any([signal, visit.signal]);
        visitDevice(poller, until, (event) => !until.aborted && emit(event), failure.reject).catch(
          failure.reject,
        );
      });
      const ended = new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => resolve(), { once: true }),
      );
      await Promise.race([ended, failure.promise]);
    },
  };
}

type Tell = (event: SensorEvent) => void;

/** A loose cable comes and goes at its pace, a broken daemon at any: neither may have us connect at that. */
const betweenReturnsMs = 1_000;

/** Connects and reads until the signal aborts or the device is lost; tells what happens. */
async function visitDevice(
  poller: Poller,
  signal: AbortSignal,
  tell: Tell,
  fail: (thrown: unknown) => void,
): Promise<void> {
  const { config, env, wanted, tally } = poller;
  const { device: where, timeout: timeoutMs } = config;
  const target = { ...where, timeoutMs };
  const lose = async (cause: Problem, orPresent: boolean) => {
    if (cause.code !== 'device-unknown') return tell({ type: 'LOST', cause });
    tell({ type: 'GONE', cause });
    try {
      await env.awaitDevice(target, { type: where.type, orPresent }, { signal });
      const waitMs = poller.backAtMs + betweenReturnsMs - env.clock.monotonic();
      if (waitMs > 0) await sleep(env.clock, waitMs, signal);
      poller.backAtMs = env.clock.monotonic();
      tell({ type: 'BACK' });
    } catch (thrown) {
      // The wait that runs beside ends as well.
      expected(thrown);
    }
  };
  let device: Device;
  try {
    const wish = { type: where.type, sensors: wanted.map(({ sensor }) => sensor) };
    device = await env.connect(target, wish, { signal });
  } catch (thrown) {
    return lose(expected(thrown), false);
  }
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  let cause: Problem | undefined;
  device.onLost((why) => {
    cause = why;
    over.abort();
  });
  try {
    sayTaken(poller, device);
    tell({ type: 'CONNECTED', device: device.info, simulated: device.simulated });
    const reads = { device, until, fail, ...judgement(poller, device, tell) };
    await (config.mode === 'callback' ? listenTo(config, env.clock, reads) : poll(config, env.clock, reads));
  } finally {
    device.close();
    tally.interrupt();
  }
  if (cause && !signal.aborted) await lose(cause, true);
}

function sayTaken(poller: Poller, { info }: Device): void {
  const { uid, type } = poller.config.device;
  if (uid !== '' || poller.taken === info.uid) return;
  poller.taken = info.uid;
  const text = `took ${type} ${info.uid} (${info.name}) at ${daemonAddress(poller.config)}, the only one there`;
  poller.env.report({ type: 'note', text });
}

function judgement(poller: Poller, device: Device, tell: Tell): Pick<Reads, 'keep' | 'confirm' | 'noValue'> {
  const { config, env, wanted, tally } = poller;
  /** What cannot be believed now, by sensor, with what it said. */
  const odd = new Map<string, string>();

  const assess = (measured: readonly Measurement[]) => {
    const wrong = measured.find(({ value }) => !Number.isFinite(value));
    if (wrong) throw new FogrunError('device-error', `${address(config)} sent no number`);
    const judged = judge(wanted, device, measured, env.clock.now());
    const news: string[] = [];
    for (const { reading, expected: range } of judged) {
      const text = `${address(config)} said ${reading.value}, not ${range}`;
      if (range === undefined) odd.delete(reading.sensor);
      else if (!odd.has(reading.sensor)) news.push(text);
      if (range !== undefined) odd.set(reading.sensor, text);
    }
    return { readings: judged.map(({ reading }) => reading), news };
  };
  const tellHow = (news: readonly string[]) => {
    const [first] = odd.values();
    if (first !== undefined && odd.size >= wanted.length) {
      return tell({ type: 'NO_VALUE', cause: sinceWhen(poller, problem('device-implausible', first)) });
    }
    // The others are well, so no state shows it.
    for (const text of news) env.report({ type: 'problem', ...problem('device-implausible', text) }, 'warn');
    poller.lastGood = new Date(env.clock.now()).toISOString();
    tell({ type: 'READING' });
  };
  return {
    keep(measured, onlyChanges) {
      const { readings, news } = assess(measured);
      tally.take(readings, onlyChanges);
      tellHow(news);
    },
    confirm(measured) {
      const { news } = assess(measured);
      tellHow(news);
      return tally.confirm();
    },
    noValue(cause) {
      tally.interrupt();
      tell({ type: 'NO_VALUE', cause: sinceWhen(poller, cause) });
    },
  };
}

/** The problem, and since when nothing good has come. */
function sinceWhen({ lastGood }: Poller, cause: Problem): Problem {
  if (lastGood === null) return cause;
  return { ...cause, message: `${cause.message}; the last good reading was at ${lastGood}` };
}

/** Asks at a steady pace until the signal aborts. */
async function poll(config: SensorPollerConfig, clock: Clock, reads: Reads): Promise<void> {
  const { device, until, keep, noValue } = reads;
  const start = clock.monotonic();
  for (let turn = 0; !until.aborted; ) {
    try {
      const measured = await device.read();
      if (!until.aborted) keep(measured, false);
    } catch (thrown) {
      const cause = expected(thrown);
      if (!until.aborted) noValue(cause);
    }
    // A turn that came too late is left out rather than made up for.
    const passed = clock.monotonic() - start;
    turn = Math.max(turn + 1, Math.ceil(passed / config.every));
    await sleep(clock, start + turn * config.every - clock.monotonic(), until);
  }
}

function daemonAddress({ device: { host, port } }: SensorPollerConfig): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function address(config: SensorPollerConfig): string {
  const { uid, type } = config.device;
  return `${uid === '' ? `the ${type}` : `device ${uid}`} at ${daemonAddress(config)}`;
}

function problem(code: 'device-implausible', message: string): Problem {
  return { code, message, advice: errorCodes[code].advice };
}
