/** A poller on a virtual clock, over a device that the test plays. */
import { sensorPoller } from '../../machines/sensor-poller.ts';
import type {
  Device,
  DeviceInfo,
  DeviceListener,
  ListenOptions,
  Measurement,
} from '../../src/contract/device.ts';
import type { Problem } from '../../src/contract/errors.ts';
import type { Batch } from '../../src/contract/port.ts';
import type { Report, TransitionReport } from '../../src/contract/report.ts';
import { type PollerEnv, pollerEffects } from '../../src/devices/poller-effects.ts';
import { quantitiesOfType } from '../../src/domain/bricklets.ts';
import type { Reading } from '../../src/domain/reading.ts';
import { runActor } from '../../src/runtime/actor.ts';
import { buildStatechart } from '../../src/runtime/effects.ts';
import { createPort } from '../../src/runtime/port.ts';
import { failure, problem } from '../helpers/statechart.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const info: DeviceInfo = {
  uid: 'bAr',
  identifier: 221,
  name: 'Barometer Bricklet',
  connectedUid: '6wVE7W',
  position: 'a',
  hardware: [1, 0, 0],
  firmware: [2, 0, 3],
};
const startMs = Date.UTC(2026, 0, 1);

interface PlayedDevice {
  open: boolean;
  lose(cause?: Problem): void;
  /** Settings of each `listen`. */
  readonly listens: ListenOptions[];
  listener: DeviceListener | undefined;
}

/** @param credit batches that the port holds */
export function startPoller(config: object = {}, credit = 1_000) {
  const clock = createVirtualClock();
  const port = createPort<Batch>({ itemsMax: credit, bytesMax: 2 ** 20 }, ({ lines }) => lines.length);
  const life = new AbortController();
  const devices: PlayedDevice[] = [];
  const waits: { orPresent: boolean; plugIn: () => void }[] = [];
  const reports: Report[] = [];
  const moves: TransitionReport[] = [];
  const play = {
    /** Of each sensor. */
    value: (_sensor: string): number | Promise<number> => 1013.25,
    accuracy: undefined as string | undefined,
    uid: 'bAr',
    readMs: 0,
    reads: 0,
    connectMs: 0,
    /** Why connecting fails, if it does. */
    refused: false as boolean | Problem['code'],
    onlyChanges: false,
  };
  const later = (ms: number) => new Promise<void>((resolve) => void clock.setTimeout(resolve, ms));
  const connect: PollerEnv['connect'] = async (_, { type, sensors: wished }, { signal }): Promise<Device> => {
    if (play.connectMs > 0) await later(play.connectMs);
    if (play.refused) throw failure(play.refused === true ? 'device-unreachable' : play.refused);
    let lost = (_: Problem) => {};
    const own: PlayedDevice = {
      open: true,
      lose: (cause = problem('device-unreachable')) => lost(cause),
      listens: [],
      listener: undefined,
    };
    devices.push(own);
    // As the real one: what the owner aborts is closed.
    const close = () => {
      own.open = false;
    };
    signal.addEventListener('abort', close);
    const quantities = quantitiesOfType(type);
    return {
      info: { ...info, uid: play.uid },
      simulated: true,
      sensors: wished.map((sensor) => quantities.find((one) => one.sensor === sensor)!),
      async read() {
        play.reads++;
        if (play.readMs > 0) await later(play.readMs);
        const measured: Measurement[] = [];
        for (const sensor of wished) {
          const value = await play.value(sensor);
          measured.push({ sensor, value, ...(play.accuracy ? { accuracy: play.accuracy } : {}) });
        }
        return measured;
      },
      async listen(options, listener) {
        own.listens.push(options);
        own.listener = listener;
        return { onlyChanges: play.onlyChanges || options.onChange };
      },
      onLost: (listener) => {
        lost = listener;
      },
      close,
    };
  };
  const effects = pollerEffects({
    output: port.out,
    clock,
    report: (entry) => void reports.push(entry),
    connect,
    awaitDevice: (_, { orPresent }, { signal }) =>
      new Promise((resolve, reject) => {
        waits.push({ orPresent, plugIn: resolve });
        signal.addEventListener('abort', () => reject(failure('device-unreachable')));
      }),
    retryInMs: () => 1_000,
  });
  const machine = buildStatechart(sensorPoller, { ...effects }, life.signal);
  const actor = runActor(machine, {
    clock,
    report: (entry) => void (entry.type === 'transition' && moves.push(entry)),
    input: { config: sensorPoller.config.parse({ every: '100ms', ...config }) },
  });
  const batches: Batch[] = [];
  const intake = new AbortController();
  const readings = () =>
    batches.flatMap(({ lines }) =>
      `${Buffer.from(lines)}`
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Reading),
    );
  return {
    clock,
    play,
    devices,
    /** Each time that a device was looked out for. */
    waits,
    reports,
    moves,
    actor,
    batches,
    readings,
    /** The newest device sends these by itself. */
    send: (...measured: readonly Measurement[]) => devices.at(-1)!.listener!.measured(measured),
    /** Begins to empty the port. */
    consume: () =>
      port.in.consume({ itemsMax: 100, bytesMax: 2 ** 20 }, intake.signal, async (items) => {
        batches.push(...items);
      }),
    /** Times of the readings, ms since the start. */
    times: () => readings().map(({ time }) => Date.parse(time) - startMs),
    gaps: () => batches.flatMap(({ missed }) => (missed ? [missed] : [])),
    openDevices: () => devices.filter(({ open }) => open).length,
    async stop() {
      actor.send({ type: 'STOP' });
      await actor.ended;
      intake.abort();
      await clock.flush();
    },
  };
}
