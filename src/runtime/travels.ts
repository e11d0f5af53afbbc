/** When segments were sent and acknowledged, as far as bounded memory goes: from the reports that pass the board. */
import type { Clock } from '../contract/clock.ts';
import type { Report, SegmentReport } from '../contract/report.ts';
import type { Sent, Travel } from '../contract/where.ts';

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

const unknown: Travel = { sent: null, acknowledgedMs: null };

export class Travels {
  readonly #clock: Clock;
  /** By `stream/sequence`: names hold no slash. */
  readonly #sent = new Map<string, Sent>();
  #acknowledged: Acknowledged[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  see(report: Report): void {
    if (report.type !== 'segment') return;
    if (report.what === 'sent') this.#send(`${report.stream}/${report.segment}`);
    else if (report.what === 'acknowledged') this.#acknowledge(report);
  }

  /** Segments are numbered anew. */
  forked(): void {
    this.#sent.clear();
  }

  of(stream: string, sequence: number): Travel {
    return { ...unknown, sent: this.#sent.get(`${stream}/${sequence}`) ?? null };
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

  #send(key: string): void {
    const nowMs = this.#clock.now();
    const before = this.#sent.get(key);
    if (!before && this.#sent.size >= rememberedMax) this.#sent.delete(this.#sent.keys().next().value!);
    const { times = 0, firstMs = nowMs } = before ?? {};
    this.#sent.set(key, { times: times + 1, firstMs, lastMs: nowMs });
  }

  #acknowledge({ stream, segment: last, first = last, fromSeq, toSeq }: SegmentReport): void {
    const segment = first === last ? last : null;
    const sent = first === last ? (this.#sent.get(`${stream}/${last}`) ?? null) : null;
    for (let sequence = first; sequence <= last && this.#sent.size > 0; sequence++) {
      this.#sent.delete(`${stream}/${sequence}`);
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
