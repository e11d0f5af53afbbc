/** Finds one sensor's measurements in a segment without building objects for the rest. */
import { depthLimit, JsonScanner } from './json-scan.ts';
import { isDigit, numberAt, TimeDecoder } from './json-values.ts';

/** What measures, and in what: one object for each pair of a segment, so that pairs can be told apart by identity. */
export interface Origin {
  readonly device: string;
  readonly unit: string;
}

export interface Measurement {
  readonly origin: Origin;
  /** On the edge's clock, ms since 1970. */
  readonly timeMs: number;
  readonly value: number;
  /** False when it was marked as implausible, or its time as that of a clock that could not be right. */
  readonly usable: boolean;
  readonly simulated: boolean;
}

const newline = 0x0a;
const quote = 0x22;
const backslash = 0x5c;
const minus = 0x2d;
const letterF = 0x66;
const letterT = 0x74;

const deviceKey = Buffer.from('device');
const sensorKey = Buffer.from('sensor');
const unitKey = Buffer.from('unit');
const timeKey = Buffer.from('time');
const valueKey = Buffer.from('value');
const clockKey = Buffer.from('clock');
const implausibleKey = Buffer.from('implausible');
const simulatedKey = Buffer.from('simulated');

const unsynced = Buffer.from('"unsynced"');

/** Origins that are known by their bytes; in a segment with more, the others take a slower way. */
const knownMax = 16;

/** An origin as its two texts are written in the body. */
interface Known {
  readonly device: Buffer;
  readonly unit: Buffer;
  readonly origin: Origin;
}

/**
 * Calls `found` with every measurement of `sensor`, in order. A line that is no reading is passed over.
 * @param body NDJSON as a segment holds it
 */
export function measurements(body: Uint8Array, sensor: string, found: (measured: Measurement) => void): void {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  // What is not UTF-8 is read as U+FFFD: then other bytes mean the same.
  const written = sensor.includes('\ufffd') ? null : Buffer.from(JSON.stringify(sensor));
  // A name can be written in other ways, but not without a backslash.
  if (written && !bytes.includes(written) && !bytes.includes(backslash)) return;
  const ended = bytes[bytes.length - 1] === newline ? bytes : Buffer.concat([bytes, Buffer.of(newline)]);
  new Reader(ended, sensor, written).readAll(found);
}

class Reader {
  readonly #bytes: Buffer;
  readonly #sensor: string;
  /** The name as it is written when nothing in it is escaped; `null` when bytes cannot tell. */
  readonly #written: Buffer | null;
  readonly #scanner = new JsonScanner(depthLimit, { finiteOnly: false });
  readonly #times = new TimeDecoder();
  readonly #known: Known[] = [];
  readonly #origins = new Map<string, Origin>();

  /** @param bytes lines, each with its newline */
  constructor(bytes: Buffer, sensor: string, written: Buffer | null) {
    this.#bytes = bytes;
    this.#sensor = sensor;
    this.#written = written;
  }

  readAll(found: (measured: Measurement) => void): void {
    const scanner = this.#scanner;
    for (let at = 0; at < this.#bytes.length; ) {
      const scanned = scanner.scan(this.#bytes, at);
      const end = scanned < 0 ? this.#bytes.indexOf(newline, at) : scanned;
      const isUnusual =
        scanned < 0
          ? scanner.flaw.type === 'depth'
          : scanner.members.crowded || scanner.members.escapedKey || this.#written === null;
      const measured = isUnusual ? this.#parsed(at, end) : scanned < 0 ? undefined : this.#inPlace(at, end);
      if (measured) found(measured);
      at = end + 1;
    }
  }

  /** What the line that was just scanned says, decoding no more than what is needed. */
  #inPlace(start: number, end: number): Measurement | undefined {
    const bytes = this.#bytes;
    const { members } = this.#scanner;
    // Numbers of the members; of those with the same name the last counts.
    let device = -1;
    let sensor = -1;
    let unit = -1;
    let time = -1;
    let value = -1;
    let implausible = -1;
    let clock = -1;
    let simulated = -1;
    for (let i = 0; i < members.count; i++) {
      switch (members.keyLength(i)) {
        case 4:
          if (members.isKey(i, timeKey)) time = i;
          else if (members.isKey(i, unitKey)) unit = i;
          break;
        case 5:
          if (members.isKey(i, valueKey)) value = i;
          else if (members.isKey(i, clockKey)) clock = i;
          break;
        case 6:
          if (members.isKey(i, deviceKey)) device = i;
          else if (members.isKey(i, sensorKey)) sensor = i;
          break;
        case 9:
          if (members.isKey(i, simulatedKey)) simulated = i;
          break;
        case 11:
          if (members.isKey(i, implausibleKey)) implausible = i;
      }
    }
    if (device < 0 || sensor < 0 || unit < 0 || time < 0 || value < 0) return undefined;
    if (!members.isValue(sensor, this.#written!)) {
      return members.hasEscape(sensor) ? this.#parsed(start, end) : undefined;
    }
    const firstOf = (member: number) => bytes[members.valueStart(member)]!;
    if (firstOf(device) !== quote || firstOf(unit) !== quote || firstOf(time) !== quote) return undefined;
    if (firstOf(value) !== minus && !isDigit(firstOf(value))) return undefined;
    const number = numberAt(bytes, members.valueStart(value), members.valueEnd(value));
    const timeMs = this.#times.decode(bytes, members.valueStart(time), members.valueEnd(time));
    if (!Number.isFinite(number) || !Number.isFinite(timeMs)) return undefined;
    return {
      origin: this.#originOf(device, unit),
      timeMs,
      value: number,
      usable:
        (implausible < 0 || firstOf(implausible) === letterF) && !(clock >= 0 && this.#isUnsynced(clock)),
      simulated: simulated >= 0 && firstOf(simulated) === letterT,
    };
  }

  /** An escaped text is as good as none: it is not ours. */
  #isUnsynced(clock: number): boolean {
    return this.#scanner.members.isValue(clock, unsynced);
  }

  #originOf(device: number, unit: number): Origin {
    const { members } = this.#scanner;
    for (const known of this.#known) {
      if (members.isValue(device, known.device) && members.isValue(unit, known.unit)) return known.origin;
    }
    const written = (member: number) =>
      this.#bytes.subarray(members.valueStart(member), members.valueEnd(member));
    const known = { device: written(device), unit: written(unit) };
    const origin = this.#origin(
      JSON.parse(known.device.toString('utf8')),
      JSON.parse(known.unit.toString('utf8')),
    );
    if (this.#known.length < knownMax) this.#known.push({ ...known, origin });
    return origin;
  }

  #origin(device: string, unit: string): Origin {
    const key = JSON.stringify([device, unit]);
    let origin = this.#origins.get(key);
    if (!origin) {
      origin = { device, unit };
      this.#origins.set(key, origin);
    }
    return origin;
  }

  /** The same by the plain way. */
  #parsed(start: number, end: number): Measurement | undefined {
    let reading: Record<string, unknown> | null;
    try {
      reading = JSON.parse(this.#bytes.toString('utf8', start, end));
    } catch {
      return undefined;
    }
    if (typeof reading !== 'object' || reading === null || reading.sensor !== this.#sensor) return undefined;
    const { device, unit, time, value, implausible, simulated, clock } = reading;
    if (typeof device !== 'string' || typeof unit !== 'string' || typeof time !== 'string') return undefined;
    // JSON can say 1e400, which is Infinity here.
    if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
    const timeMs = Date.parse(time);
    if (!Number.isFinite(timeMs)) return undefined;
    const usable = (implausible === undefined || implausible === false) && clock !== 'unsynced';
    return { origin: this.#origin(device, unit), timeMs, value, usable, simulated: simulated === true };
  }
}
