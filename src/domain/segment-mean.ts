/** The mean of one sensor over one segment: what the tendency is made of. */
import { DirectionMean } from './direction.ts';
import { type Measurement, measurements, type Origin } from './measurements.ts';

export interface SegmentMean {
  /** The device that gave most readings; means of two devices are never mixed. */
  readonly device: string;
  /** `null` when every reading of the sensor was implausible, or directions cancel each other. */
  readonly mean: number | null;
  readonly unit: string;
  /** Readings that went into the mean. */
  readonly readings: number;
  /** Middle between the first and the last moment of those readings, ms since 1970 on the edge's clock. */
  readonly timeMs: number;
  /** True when at least one of those readings was simulated. */
  readonly simulated: boolean;
}

interface Tally {
  readonly origin: Origin;
  readings: number;
  mean: number;
  /** In place of `mean` when the values are directions. */
  readonly direction: DirectionMean | null;
  firstMs: number;
  lastMs: number;
  simulated: boolean;
}

function add(tally: Tally, { timeMs, value, simulated }: Measurement): void {
  tally.readings++;
  // A running mean: a sum of extreme values could overflow.
  tally.direction?.add(value);
  tally.mean += value / tally.readings - tally.mean / tally.readings;
  tally.firstMs = Math.min(tally.firstMs, timeMs);
  tally.lastMs = Math.max(tally.lastMs, timeMs);
  tally.simulated ||= simulated;
}

function largest(tallies: Iterable<Tally>): Tally | undefined {
  let best: Tally | undefined;
  for (const tally of tallies) if (!best || tally.readings > best.readings) best = tally;
  return best;
}

/**
 * Arithmetic mean of the plausible readings of `sensor` in a segment. Where several devices (or units) measure it,
 * the one with the most readings counts, the first of equals. A line that is no reading is passed over; nothing throws.
 * @param body NDJSON as a segment holds it
 * @param options `directions`: the values are degrees of a circle, and their mean is that of the directions
 * @returns `null` when the segment holds no reading of the sensor
 */
export function segmentMean(
  body: Uint8Array,
  options: { sensor: string; directions?: boolean },
): SegmentMean | null {
  const usable = new Map<Origin, Tally>();
  const implausible = new Map<Origin, Tally>();
  measurements(body, options.sensor, (measured) => {
    const tallies = measured.usable ? usable : implausible;
    let tally = tallies.get(measured.origin);
    if (!tally) {
      const { origin, timeMs } = measured;
      const direction = options.directions ? new DirectionMean() : null;
      tally = { origin, readings: 0, mean: 0, direction, firstMs: timeMs, lastMs: timeMs, simulated: false };
      tallies.set(origin, tally);
    }
    add(tally, measured);
  });
  const best = largest(usable.values());
  const shown = best ?? largest(implausible.values());
  if (!shown) return null;
  return {
    device: shown.origin.device,
    mean: best ? (best.direction ? best.direction.degrees : best.mean) : null,
    unit: shown.origin.unit,
    readings: best ? best.readings : 0,
    timeMs: shown.firstMs + (shown.lastMs - shown.firstMs) / 2,
    simulated: shown.simulated,
  };
}
