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
  /** The next turn; outlasts a pause and a restart, so that what was not measured meanwhile is counted. */
  let turn: number | undefined;
  return {
    async sensor({ input: config, signal, emit }) {
      const { every } = config;
      turn ??= before && nextTurn(before, every);
      const made: Signal = { ...config, curve: config.value };
      // Moments on the wall clock at whole multiples of the pace: the same after a restart.
      const first = Math.ceil(clock.now() / every);
      tally.miss(Math.max(0, first - (turn ?? first)));
      turn = first;
      let silent = false;
      while (!signal.aborted) {
        await sleep(clock, Math.max(turn * every - clock.now(), wakeMsMin), signal);
        if (signal.aborted) return;
        const now = clock.now();
        const due = Math.floor(now / every);
        // The wall clock was set back.
        if (due < turn - 1) turn = due;
        if (due - turn > Math.max(latePeriods, lateMs / every)) {
          tally.miss(due - turn);
          turn = due;
        }
        const readings: Reading[] = [];
        for (; turn <= due; turn++) {
          const value = signalAt(made, turn * every);
          if (value === null) tally.miss(1);
          else readings.push(toReading(config, turn * every, value));
        }
        tally.take(readings, config, (lastTime) => remember(memory, { turn: due + 1, lastTime, every }));
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

/** Up to where readings were handed on: what comes after it and is not handed on is missed. */
interface HandedOn {
  readonly turn: number;
  readonly lastTime: string;
  /** The pace that turns were counted at, ms. */
  readonly every: number;
}

function remember(memory: Memory, { turn, lastTime, every }: HandedOn): void {
  memory.words = `${turn} ${lastTime} ${every}`;
}

/** At another pace, as after a reload, turns have other numbers. */
function nextTurn(before: HandedOn, every: number): number {
  return before.every === every ? before.turn : Math.floor(Date.parse(before.lastTime) / every) + 1;
}

function recall({ words }: Memory): HandedOn | undefined {
  const [turn, lastTime, every] = words?.split(' ') ?? [];
  if (turn === undefined || lastTime === undefined) return undefined;
  return { turn: Number(turn), lastTime, every: Number(every) };
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
      void output.send({ stream, lines, count: readings.length, ...gap });
    },
  };
}
