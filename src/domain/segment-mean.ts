/** The mean of one sensor over one segment: what the tendency is made of. */

export interface SegmentMean {
  /** The device that gave most readings; means of two devices are never mixed. */
  readonly device: string;
  /** `null` when every reading of the sensor was implausible. */
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
  readonly device: string;
  readonly unit: string;
  readings: number;
  mean: number;
  firstMs: number;
  lastMs: number;
  simulated: boolean;
}

interface Candidate {
  readonly device: string;
  readonly unit: string;
  readonly timeMs: number;
  readonly value: number;
  readonly usable: boolean;
  readonly simulated: boolean;
}

const newline = 0x0a;

function parseLine(line: Uint8Array, sensor: string): Candidate | undefined {
  let reading: Record<string, unknown> | null;
  try {
    reading = JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.length).toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof reading !== 'object' || reading === null || reading.sensor !== sensor) return undefined;
  const { device, unit, time, value, implausible, simulated } = reading;
  if (typeof device !== 'string' || typeof unit !== 'string' || typeof time !== 'string') return undefined;
  // JSON can say 1e400, which is Infinity here.
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const timeMs = Date.parse(time);
  if (!Number.isFinite(timeMs)) return undefined;
  const usable = implausible === undefined || implausible === false;
  return { device, unit, timeMs, value, usable, simulated: simulated === true };
}

function* candidates(body: Uint8Array, sensor: string): Generator<Candidate> {
  for (let start = 0; start < body.length; ) {
    const found = body.indexOf(newline, start);
    const end = found < 0 ? body.length : found;
    const candidate = parseLine(body.subarray(start, end), sensor);
    if (candidate) yield candidate;
    start = end + 1;
  }
}

function add(tally: Tally, { timeMs, value, simulated }: Candidate): void {
  tally.readings++;
  // A running mean: a sum of extreme values could overflow.
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
 * @returns `null` when the segment holds no reading of the sensor
 */
export function segmentMean(body: Uint8Array, options: { sensor: string }): SegmentMean | null {
  const usable = new Map<string, Tally>();
  const implausible = new Map<string, Tally>();
  for (const candidate of candidates(body, options.sensor)) {
    const tallies = candidate.usable ? usable : implausible;
    const { device, unit, timeMs } = candidate;
    const key = JSON.stringify([device, unit]);
    const tally = tallies.get(key) ?? {
      ...{ device, unit, readings: 0, mean: 0 },
      ...{ firstMs: timeMs, lastMs: timeMs, simulated: false },
    };
    add(tally, candidate);
    tallies.set(key, tally);
  }
  const best = largest(usable.values());
  const shown = best ?? largest(implausible.values());
  if (!shown) return null;
  return {
    device: shown.device,
    mean: best ? best.mean : null,
    unit: shown.unit,
    readings: best ? best.readings : 0,
    timeMs: shown.firstMs + (shown.lastMs - shown.firstMs) / 2,
    simulated: shown.simulated,
  };
}
