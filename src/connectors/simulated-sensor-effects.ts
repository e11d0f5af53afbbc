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
  /** The last turn that was due; outlasts a pause and a restart, so that what was not measured meanwhile is counted. */
  let last: Turn | undefined = before;
  return {
    async sensor({ input: config, signal, emit }) {
      const { every } = config;
      const made: Signal = { ...config, curve: config.value };
      // Moments on the wall clock at whole multiples of the pace: the same after a restart.
      let pace = startPace(clock, every);
      if (last) tally.miss(Math.max(0, pace.first - pace.turnOf(last) - 1));
      let turn = pace.first;
      let silent = false;
      while (!signal.aborted) {
        last = pace.turn(turn - 1);
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
        const now = pace.turn(due);
        last = now;
        tally.take(readings, config, (lastTime) => remember(memory, { ...now, lastTime }));
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

/** A moment to measure at. */
interface Turn {
  /** Monotonic ms. */
  readonly atMs: number;
  /** By the wall clock, as its reading says. */
  readonly timeMs: number;
}

const wallStepMs = 2;
/** How far the wall clock and the time that passed may part before the wall clock was set. */
const setMsMin = 1_000;
const looksMax = 5;

/** Turns are numbered by the wall clock, and come as time passes, whatever the wall clock does. */
function startPace(clock: Clock, every: number) {
  const { wallMs, atMs: nowAtMs } = bothClocks(clock);
  const base = Math.floor(wallMs / every);
  const baseAtMs = nowAtMs - (wallMs - base * every);
  const atMs = (turn: number) => baseAtMs + (turn - base) * every;
  /** The last turn that was due at a monotonic moment; the wall clock tells whole ms only. */
  const turnAt = (ms: number, toleranceMs = Math.min(wallStepMs, every / 4)) =>
    base + Math.floor((ms + toleranceMs - baseAtMs) / every);
  return {
    /** When a turn is due, monotonic ms. */
    atMs,
    turn: (turn: number): Turn => ({ atMs: atMs(turn), timeMs: turn * every }),
    /** The number of a turn of another life, or the last one before it: by its time, unless the wall clock was set since. */
    turnOf({ atMs: ms, timeMs }: Turn): number {
      const isSet = Math.abs(timeMs - base * every - (ms - baseAtMs)) > setMsMin;
      return isSet ? turnAt(ms) : Math.floor(timeMs / every);
    },
    /** The last turn that is due. */
    now: () => turnAt(clock.monotonic(), 0),
    /** The first turn not before the start. */
    first: Math.ceil(wallMs / every),
    /** The wall clock was set. */
    isOff: () => Math.abs(clock.now() - base * every - (clock.monotonic() - baseAtMs)) > setMsMin,
  };
}

/** Both clocks at one moment, as near as can be had: between two looks this process may have to wait for a processor. */
function bothClocks(clock: Clock): { readonly wallMs: number; readonly atMs: number } {
  for (let looks = 1; ; looks += 1) {
    const before = clock.monotonic();
    const wallMs = clock.now();
    const atMs = clock.monotonic();
    if (atMs - before < 1 || looks === looksMax) return { wallMs, atMs };
  }
}

/** Up to where readings were handed on: what comes after that turn and is not handed on is missed. */
interface HandedOn extends Turn {
  readonly lastTime: string;
}

function remember(memory: Memory, { atMs, timeMs, lastTime }: HandedOn): void {
  memory.words = `${atMs} ${timeMs} ${lastTime}`;
}

function recall({ words }: Memory): HandedOn | undefined {
  const [atMs, timeMs, lastTime] = words?.split(' ') ?? [];
  return lastTime === undefined ? undefined : { atMs: Number(atMs), timeMs: Number(timeMs), lastTime };
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
