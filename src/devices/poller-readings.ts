/** From measured values to readings: names, judgement, and what was missed. */
import type { SensorPollerConfig } from '../../machines/sensor-poller.ts';
import type { Clock } from '../contract/clock.ts';
import type { Device, DeviceSensor, Measurement } from '../contract/device.ts';
import { type Problem, toProblem } from '../contract/errors.ts';
import type { Memory } from '../contract/memory.ts';
import type { Batch, OutPort } from '../contract/port.ts';
import { sensorsByDefault } from '../domain/bricklets.ts';
import { encodeReading, type Reading } from '../domain/reading.ts';
import { recallReadings, rememberReadings } from './poller-memory.ts';

/** The stream that measured values go to. */
const stream = 'readings';

/** What the config says about one sensor. */
export interface WantedSensor {
  readonly sensor: string;
  readonly as?: string | undefined;
  readonly unit?: string | undefined;
  readonly plausible?: { readonly min?: number | undefined; readonly max?: number | undefined } | undefined;
}

/** What to read, in the order readings have. */
export function wantedSensors(config: SensorPollerConfig): readonly WantedSensor[] {
  const named = config.sensors ?? sensorsByDefault(config.device.type);
  const wanted = named.map((one) => (typeof one === 'string' ? { sensor: one } : one));
  if (wanted.length !== 1) return wanted;
  // The short way, for one sensor.
  const { sensor: as, plausible } = config;
  return [{ ...wanted[0]!, ...(as === undefined ? {} : { as }), ...(plausible ? { plausible } : {}) }];
}

export interface Judged {
  readonly reading: Reading;
  /** What was expected instead of a value that cannot be believed, such as `850 to 1100 hPa`. */
  readonly expected?: string;
}

/** @param now ms since 1970 */
export function judge(
  wanted: readonly WantedSensor[],
  device: Device,
  measured: readonly Measurement[],
  now: number,
): readonly Judged[] {
  const time = new Date(now).toISOString();
  return measured.map(({ sensor, value, accuracy }) => {
    const known: DeviceSensor = device.sensors.find((one) => one.sensor === sensor)!;
    const told = wanted.find((one) => one.sensor === sensor);
    const min = told?.plausible?.min ?? known.plausible.min;
    const max = told?.plausible?.max ?? known.plausible.max;
    const unit = told?.unit ?? known.unit;
    const plausible = value >= min && value <= max;
    const reading: Reading = {
      device: device.info.uid,
      sensor: told?.as ?? sensor,
      time,
      value,
      unit,
      ...(accuracy === undefined ? {} : { accuracy }),
      ...(device.simulated ? { simulated: true } : {}),
      ...(plausible ? {} : { implausible: true }),
    };
    return plausible ? { reading } : { reading, expected: `${min} to ${max} ${unit}` };
  });
}

/** A device while it is read, and what becomes of what it says. */
export interface Reads {
  readonly device: Device;
  readonly until: AbortSignal;
  /** For programming errors where nobody waits. */
  readonly fail: (thrown: unknown) => void;
  /** Makes readings, hands them on, and tells how the device is doing. */
  readonly keep: (measured: readonly Measurement[], onlyChanges: boolean) => void;
  /**
   * Tells how the device is doing, without readings: what it said last still holds. False when that was not handed on,
   * so that it should be kept again.
   */
  readonly confirm: (measured: readonly Measurement[]) => boolean;
  /** No value came when one was due. */
  readonly noValue: (cause: Problem) => void;
}

export interface Tally {
  /**
   * Hands readings on, with a gap before them if some are missing.
   * @param onlyChanges silence before them says nothing
   */
  take(readings: readonly Reading[], onlyChanges: boolean): void;
  /** No reading came when one was due, for a reason worth a gap. */
  interrupt(): void;
  /** What was read last still holds. False when it was not handed on. */
  confirm(): boolean;
}

/** A turn this many periods late means that nobody measured: the machine slept, say. */
const latePeriods = 10;

/** Hands readings to the port, and counts those that were not measured or found no room as a gap. */
export function createTally(
  everyMs: number,
  {
    output,
    clock,
    memory,
  }: {
    readonly output: OutPort<Batch>;
    readonly clock: Clock;
    readonly memory?: Memory | undefined;
  },
): Tally {
  /** When the last reading of each sensor was handed on or confirmed: monotonic ms and ISO text. */
  const last = new Map<string, { at: number; time: string; interrupted: boolean }>();
  // Nobody measured between the life before this one and its own first reading.
  for (const [sensor, before] of recallReadings(memory)) last.set(sensor, { ...before, interrupted: true });

  const missedBefore = ({ sensor }: Reading, at: number, onlyChanges: boolean): number => {
    const before = last.get(sensor);
    if (!before) return 0;
    const periods = Math.round((at - before.at) / everyMs);
    // Being a little late now and then is no gap.
    const gap = (before.interrupted && periods > 1) || (!onlyChanges && periods > latePeriods);
    return gap ? periods - 1 : 0;
  };
  return {
    interrupt() {
      for (const one of last.values()) one.interrupted = true;
    },
    confirm() {
      const at = clock.monotonic();
      const time = new Date(clock.now()).toISOString();
      for (const [sensor, { interrupted }] of last) {
        if (!interrupted) last.set(sensor, { at, time, interrupted });
      }
      rememberReadings(memory, last);
      return ![...last.values()].some(({ interrupted }) => interrupted);
    },
    take(readings, onlyChanges) {
      // The store is full: a sensor cannot be held back, so these are missed and counted with the next.
      if (output.blocked) {
        for (const { sensor } of readings) {
          const before = last.get(sensor);
          if (before) before.interrupted = true;
        }
        return;
      }
      const at = clock.monotonic();
      const missed = readings
        .map((reading) => ({ reading, count: missedBefore(reading, at, onlyChanges) }))
        .filter(({ count }) => count > 0);
      const count = missed.reduce((sum, one) => sum + one.count, 0);
      const [first] = missed.map(({ reading }) => last.get(reading.sensor)!.time).sort();
      for (const { sensor, time } of readings) last.set(sensor, { at, time, interrupted: false });
      rememberReadings(memory, last);
      void output.send({
        stream,
        lines: Buffer.concat(readings.map(encodeReading)),
        count: readings.length,
        stamped: true,
        cannotWait: true,
        ...(count === 0
          ? {}
          : {
              missed: {
                gap: 'missed',
                fromTime: first!,
                toTime: readings[0]!.time,
                count,
                text: `${missed.map(({ reading }) => reading.sensor).join(', ')} of ${readings[0]!.device} was not measured between these moments`,
              },
            }),
      });
    },
  };
}

/** Programming errors must not look like a sensor that is away. */
export function expected(thrown: unknown): Problem {
  const cause = toProblem(thrown);
  if (cause.code === 'internal') throw thrown;
  return cause;
}
