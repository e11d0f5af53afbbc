/**
 * Looks at a few of the readings that come by, while somebody inspects: the newest of each sensor, now and then. Nobody inspects: a
 * look at one flag for each batch.
 */
import type { Clock } from '../contract/clock.ts';
import type { Batch, ReceivedSegment } from '../contract/port.ts';
import type { Inspection } from '../inspect/inspection.ts';

/** Two a second of each sensor. */
const everyMs = 500;
/** So many sensors are followed; one that was silent for so long makes room. */
const sensorsMax = 64;
const silentMs = 60_000;
/** Batches come by the thousand: no more are looked into than this allows. */
const looksPerSecond = 50;
/** Lines of one batch, newest first, in which sensors take turns; and the longest that is read. */
const linesMax = 8;
const lineBytesMax = 4_096;

const newline = 0x0a;

/** What a line of NDJSON says, if it is a reading. */
interface Line {
  readonly device?: unknown;
  readonly sensor?: unknown;
  readonly unit?: unknown;
  readonly value?: unknown;
  readonly time?: unknown;
  readonly clock?: unknown;
  readonly implausible?: unknown;
  readonly simulated?: unknown;
}

export class Samples {
  readonly #inspection: Pick<Inspection, 'active' | 'sample'>;
  readonly #clock: Clock;
  /** When each sensor was told last, by the clock that nobody sets. */
  readonly #told = new Map<string, number>();
  /** Looks that are left, as of that moment. */
  #looks = looksPerSecond;
  #looksAt = 0;

  constructor(inspection: Pick<Inspection, 'active' | 'sample'>, clock: Clock) {
    this.#inspection = inspection;
    this.#clock = clock;
  }

  /** Never throws. @param actor that has dealt with the item */
  look(actor: string, item: unknown): void {
    if (!this.#inspection.active) return;
    try {
      const now = this.#clock.monotonic();
      if (!this.#mayLook(now)) return;
      const { lines, body, gap, ref } = item as Partial<Batch & ReceivedSegment>;
      const text = gap ? undefined : (lines ?? body);
      if (text) this.#read(actor, ref?.edge ?? null, text, now);
    } catch {
      // Whatever it is, it is no affair of who brings readings.
    }
  }

  #mayLook(now: number): boolean {
    const gained = ((now - this.#looksAt) * looksPerSecond) / 1_000;
    this.#looks = Math.min(looksPerSecond, this.#looks + gained);
    this.#looksAt = now;
    if (this.#looks < 1) return false;
    this.#looks -= 1;
    return true;
  }

  #read(actor: string, edge: string | null, text: Uint8Array, now: number): void {
    const seen = new Set<string>();
    for (const line of lastLines(text)) {
      const { device, sensor, unit, value, time, clock, implausible, simulated } = parsed(line);
      if (typeof device !== 'string' || typeof sensor !== 'string') continue;
      if (typeof value !== 'number' || !Number.isFinite(value) || implausible === true) continue;
      const key = JSON.stringify([edge, device, sensor]);
      // The newest of a batch counts.
      if (seen.has(key)) continue;
      seen.add(key);
      if (!this.#isDue(key, now)) continue;
      // A clock that cannot be right says nothing of when.
      const timeMs = typeof time === 'string' && clock === undefined ? Date.parse(time) : Number.NaN;
      this.#inspection.sample({
        ...{ actor, device, sensor, value, edge },
        unit: typeof unit === 'string' ? unit : null,
        ...(simulated === true && { simulated }),
        readingTimeMs: Number.isNaN(timeMs) ? this.#clock.now() : timeMs,
      });
    }
  }

  #isDue(key: string, now: number): boolean {
    const before = this.#told.get(key);
    if (before !== undefined && now - before < everyMs) return false;
    if (before === undefined && this.#told.size >= sensorsMax && !this.#makeRoom(now)) return false;
    // Put at the end: whoever was told longest ago stands first.
    this.#told.delete(key);
    this.#told.set(key, now);
    return true;
  }

  #makeRoom(now: number): boolean {
    const [[oldest, at]] = this.#told as unknown as [[string, number]];
    return now - at >= silentMs && this.#told.delete(oldest);
  }
}

function* lastLines(text: Uint8Array): Iterable<Uint8Array> {
  let end = text.at(-1) === newline ? text.length - 1 : text.length;
  for (let count = 0; count < linesMax && end > 0; count += 1) {
    const start = text.lastIndexOf(newline, end - 1) + 1;
    if (end - start <= lineBytesMax) yield text.subarray(start, end);
    end = start - 1;
  }
}

function parsed(line: Uint8Array): Line {
  try {
    return (JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('utf8')) ??
      {}) as Line;
  } catch {
    return {};
  }
}
