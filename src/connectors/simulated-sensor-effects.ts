/** Effects of the kind `simulated-sensor`: made-up values at a steady pace. */
import type { SimulatedSensorConfig, SimulatedSensorEffects } from '../../machines/simulated-sensor.ts';
import { type Clock, sleep } from '../contract/clock.ts';
import type { Problem } from '../contract/errors.ts';
import type { Memory } from '../contract/memory.ts';
import type { Batch, OutPort } from '../contract/port.ts';
import { formatDuration } from '../domain/quantities.ts';
import { encodeReading, type Reading } from '../domain/reading.ts';
import { outageAt, type Signal, signalAt } from '../domain/signal.ts';

export interface SimulatedEnv {
  readonly output: OutPort<Batch>;
  readonly clock: Clock;
  readonly memory?: Memory;
}

/** Readings that come faster than this go on in batches. */
const wakeMsMin = 20;
/** A turn this late means that nothing was measured meanwhile: the machine slept, say. */
const lateMs = 1_000;
const latePeriods = 10;

export function simulatedSensorEffects(env: SimulatedEnv): SimulatedSensorEffects {
  const { output, clock, memory = { words: undefined } } = env;
  const before = recall(memory);
  const tally = createTally(output, before?.lastTime);
  /** When the last turn was due, monotonic ms; outlasts a pause and a restart, so that what was not measured meanwhile is counted. */
  let lastAtMs = before?.lastAtMs;
  return {
    async sensor({ input: config, signal, emit }) {
      const { every } = config;
      const made: Signal = { ...config, curve: config.value };
      // Moments on the wall clock at whole multiples of the pace: the same after a restart.
      let pace = startPace(clock, every);
      if (lastAtMs !== undefined) tally.miss(Math.max(0, pace.first - pace.turnAt(lastAtMs) - 1));
      let turn = pace.first;
      let silent = false;
      while (!signal.aborted) {
        lastAtMs = pace.atMs(turn - 1);
        await sleep(clock, Math.max(pace.atMs(turn) - clock.monotonic(), wakeMsMin), signal);
        if (signal.aborted) return;
        let due = pace.now();
        if (due - turn > Math.max(latePeriods, lateMs / every)) {
          tally.miss(due - turn);
          turn = due;
        }
        if (pace.isOff()) {
          // The wall clock was set: what is due stays due, under another time.
          const others = startPace(clock, every);
          turn += others.now() - due;
          due = others.now();
          pace = others;
        }
        const readings: Reading[] = [];
        for (; turn <= due; turn++) {
          const value = signalAt(made, turn * every);
          if (value === null) tally.miss(1);
          else readings.push(toReading(config, turn * every, value));
        }
        lastAtMs = pace.atMs(due);
        tally.take(readings, config, (lastTime) => remember(memory, { lastAtMs: pace.atMs(due), lastTime }));
        const outage = outageAt(made, due * every);
        if (outage && !silent)
          emit({ type: 'OUTAGE', cause: away(outage), forMs: outage.toMs - due * every });
        if (!outage && silent) emit({ type: 'READING' });
        silent = outage !== null;
      }
    },
  };
}

function toReading(config: SimulatedSensorConfig, timeMs: number, value: number): Reading {
  const { device, sensor, unit, plausible } = config;
  const odd = value < (plausible.min ?? -Infinity) || value > (plausible.max ?? Infinity);
  return {
    device,
    sensor,
    time: new Date(timeMs).toISOString(),
    value,
    unit,
    simulated: true,
    ...(odd ? { implausible: true as const } : {}),
  };
}

function away({ fromMs, toMs }: { fromMs: number; toMs: number }): Problem {
  const message = `a simulated outage of ${formatDuration(toMs - fromMs)}: no values`;
  return { code: 'device-silent', message, advice: 'Nothing to do: it ends by itself, as `faults` says.' };
}

const wallStepMs = 2;
/** How far the wall clock and the time that passed may part before the wall clock was set. */
const setMsMin = 1_000;

/** Turns are numbered by the wall clock, and come as time passes, whatever the wall clock does. */
function startPace(clock: Clock, every: number) {
  const wallMs = clock.now();
  const base = Math.floor(wallMs / every);
  const baseAtMs = clock.monotonic() - (wallMs - base * every);
  const atMs = (turn: number) => baseAtMs + (turn - base) * every;
  /** The last turn that was due at a monotonic moment; the wall clock tells whole ms only. */
  const turnAt = (ms: number, toleranceMs = Math.min(wallStepMs, every / 4)) =>
    base + Math.floor((ms + toleranceMs - baseAtMs) / every);
  return {
    /** When a turn is due, monotonic ms. */
    atMs,
    turnAt,
    /** The last turn that is due. */
    now: () => turnAt(clock.monotonic(), 0),
    /** The first turn not before the start. */
    first: Math.ceil(wallMs / every),
    /** The wall clock was set. */
    isOff: () => Math.abs(clock.now() - base * every - (clock.monotonic() - baseAtMs)) > setMsMin,
  };
}

/** Up to where readings were handed on: what comes after it and is not handed on is missed. */
interface HandedOn {
  /** Monotonic ms. */
  readonly lastAtMs: number;
  readonly lastTime: string;
}

function remember(memory: Memory, { lastAtMs, lastTime }: HandedOn): void {
  memory.words = `${lastAtMs} ${lastTime}`;
}

function recall({ words }: Memory): HandedOn | undefined {
  const [lastAtMs, lastTime] = words?.split(' ') ?? [];
  return lastAtMs === undefined || lastTime === undefined
    ? undefined
    : { lastAtMs: Number(lastAtMs), lastTime };
}

interface Tally {
  miss(count: number): void;
  /** @param handsOn called just before the readings go */
  take(
    readings: readonly Reading[],
    config: SimulatedSensorConfig,
    handsOn: (lastTime: string) => void,
  ): void;
}

/** Puts readings into the port; those that were not made or found no room become a gap before the next. */
function createTally(output: OutPort<Batch>, before: string | undefined): Tally {
  let missed = 0;
  let lastTime = before;
  return {
    miss(count) {
      missed += count;
    },
    take(readings, { stream, sensor, device }, handsOn) {
      const [first, last] = [readings[0], readings.at(-1)];
      if (!first || !last) return;
      // The store is full: a sensor cannot be held back.
      if (output.blocked) {
        missed += readings.length;
        return;
      }
      const gap = missed > 0 && {
        missed: {
          gap: 'missed' as const,
          ...(lastTime ? { fromTime: lastTime } : {}),
          toTime: first.time,
          count: missed,
          text: `${sensor} of ${device} was not measured between these moments`,
        },
      };
      missed = 0;
      lastTime = last.time;
      const lines = Buffer.concat(readings.map(encodeReading));
      handsOn(lastTime);
      void output.send({ stream, lines, count: readings.length, stamped: true, cannotWait: true, ...gap });
    },
  };
}
