/** When segments were sent and acknowledged, as far as bounded memory goes: from the reports that pass the board. */
import type { Clock } from '../contract/clock.ts';
import type { Report, SegmentReport } from '../contract/report.ts';
import type { Sent, Travel } from '../contract/where.ts';
import { Durations } from './durations.ts';

/** Segments that are remembered while they wait, and acknowledgements after that. */
const rememberedMax = 4_096;

interface Acknowledged {
  readonly stream: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly acknowledgedMs: number;
  /** The segment, if it was a single one; and what was known of its sending then. */
  readonly segment: number | null;
  readonly sent: Sent | null;
}

/** Of a segment that waits for its acknowledgement. */
interface Waiting {
  readonly sent: Sent;
  /** When it was handed over first, by a clock that nobody sets. */
  readonly at: number;
}

const unknown: Travel = { sent: null, acknowledgedMs: null };

export class Travels {
  readonly #clock: Clock;
  /** By `stream/sequence`: names hold no slash. */
  readonly #sent = new Map<string, Waiting>();
  /** Last segment acknowledged, by stream. */
  readonly #last = new Map<string, number>();
  #acknowledged: Acknowledged[] = [];

  /** From the first time that a segment was handed to the link to its acknowledgement. */
  readonly latency = new Durations();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  see(report: Report): void {
    if (report.type !== 'segment') return;
    if (report.what === 'sent') this.#send(report);
    else if (report.what === 'acknowledged') this.#acknowledge(report);
  }

  /** Segments are numbered anew. */
  forked(): void {
    this.#sent.clear();
    this.#last.clear();
  }

  of(stream: string, sequence: number): Travel {
    return { ...unknown, sent: this.#sent.get(`${stream}/${sequence}`)?.sent ?? null };
  }

  ofAcknowledged(stream: string, seq: number): Travel {
    const found = this.#acknowledged.findLast(
      (each) => each.stream === stream && seq >= each.fromSeq && seq <= each.toSeq,
    );
    if (!found) return unknown;
    // That it was sent may be told after the answer to it.
    const late = found.segment === null ? null : this.of(stream, found.segment).sent;
    return { sent: found.sent ?? late, acknowledgedMs: found.acknowledgedMs };
  }

  #send({ stream, segment }: SegmentReport): void {
    const key = `${stream}/${segment}`;
    const nowMs = this.#clock.now();
    const { sent: before, at = this.#clock.monotonic() } = this.#sent.get(key) ?? {};
    // The cloud was faster than the word that it was sent.
    if (!before && segment <= (this.#last.get(stream) ?? 0)) this.latency.add(0);
    if (!before && this.#sent.size >= rememberedMax) this.#sent.delete(this.#sent.keys().next().value!);
    const { times = 0, firstMs = nowMs } = before ?? {};
    this.#sent.set(key, { sent: { times: times + 1, firstMs, lastMs: nowMs }, at });
  }

  #acknowledge({ stream, segment: last, first = last, fromSeq, toSeq }: SegmentReport): void {
    const segment = first === last ? last : null;
    const sent = first === last ? this.of(stream, last).sent : null;
    const now = this.#clock.monotonic();
    this.#last.set(stream, last);
    for (let sequence = first; sequence <= last && this.#sent.size > 0; sequence++) {
      const key = `${stream}/${sequence}`;
      const waiting = this.#sent.get(key);
      if (!waiting) continue;
      this.#sent.delete(key);
      this.latency.add(now - waiting.at);
    }
    if (fromSeq === undefined || toSeq === undefined) return;
    const acknowledgedMs = this.#clock.now();
    this.#acknowledged.push({ stream, fromSeq, toSeq, acknowledgedMs, segment, sent });
    // Not one by one: that would move all of them each time.
    if (this.#acknowledged.length >= 2 * rememberedMax) {
      this.#acknowledged = this.#acknowledged.slice(-rememberedMax);
    }
  }
}
