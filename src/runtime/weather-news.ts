/** What a cloud has said of the weather since the pipeline started: from the messages that come by, bounded. */
import type { Clock } from '../contract/clock.ts';
import type { Acknowledgement, AddressedMessage } from '../contract/port.ts';
import type { Report } from '../contract/report.ts';
import type { Weather, WeatherMean, WeatherSeries } from '../contract/weather.ts';
import type { CloudMessage, Forecast } from '../domain/message.ts';

/** Edges whose newest forecast is known: those heard of last. */
const edgesMax = 1_000;
/** Means of the own edge, and segments whose time is remembered until they are answered. */
const meansMax = 2_000;
const segmentsMax = 4_096;
const readingsStream = 'readings';

/** A forecast is about a segment, and of that it was sealed between those moments, ms since 1970. */
interface Sealed {
  readonly fromMs: number;
  readonly toMs: number;
}

export class WeatherNews {
  readonly #clock: Clock;
  readonly #forecasts = new Map<string, { readonly atMs: number; readonly forecast: Forecast }>();
  readonly #sealed = new Map<number, Sealed>();
  #lastSealedMs: number;
  /** Of the own edge, by sensor. */
  readonly #means = new Map<string, WeatherMean[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastSealedMs = clock.now();
  }

  /** A message to an edge, in a cloud. */
  sent({ edge, message }: AddressedMessage): void {
    this.#keep(edge, message);
  }

  /** An acknowledgement that came to an edge. */
  came({ messages }: Acknowledgement, edge: string): void {
    for (const message of messages) {
      this.#keep(edge, message);
      this.#keepMean(message);
    }
  }

  see(report: Report): void {
    if (report.type !== 'segment' || report.what !== 'sealed' || report.stream !== readingsStream) return;
    const toMs = this.#clock.now();
    this.#sealed.set(report.segment, { fromMs: Math.min(this.#lastSealedMs, toMs), toMs });
    this.#lastSealedMs = toMs;
    if (this.#sealed.size > segmentsMax) this.#sealed.delete(this.#sealed.keys().next().value!);
  }

  /** Segments are numbered anew. */
  forked(): void {
    this.#sealed.clear();
  }

  /** Newest forecasts of edges, of those that were made from then on. */
  forecasts(sinceMs: number): Weather['forecasts'] {
    return [...this.#forecasts].flatMap(([edge, { atMs, forecast }]) =>
      atMs >= sinceMs ? [{ edge, atMs, forecast }] : [],
    );
  }

  /** Unit of a sensor of an edge, if its newest forecast is about that. */
  unitOf(edge: string, sensor: string): string | null {
    const { forecast } = this.#forecasts.get(edge) ?? {};
    return forecast?.sensor === sensor ? forecast.unit : null;
  }

  /** Means that the cloud told an edge of, about itself. */
  series(edge: string, sinceMs: number): WeatherSeries[] {
    return [...this.#means].flatMap(([sensor, all]) => {
      const means = all.filter(({ timeMs }) => timeMs >= sinceMs).sort((a, b) => a.timeMs - b.timeMs);
      return means.length === 0 ? [] : [{ edge, sensor, unit: this.unitOf(edge, sensor), means }];
    });
  }

  #keep(edge: string, { forecast }: CloudMessage): void {
    // Put at the end: whoever was heard of longest ago stands first.
    this.#forecasts.delete(edge);
    this.#forecasts.set(edge, { atMs: this.#clock.now(), forecast });
    if (this.#forecasts.size > edgesMax) this.#forecasts.delete(this.#forecasts.keys().next().value!);
  }

  #keepMean({ stream, sequence, forecast }: CloudMessage): void {
    const sealed = stream === readingsStream ? this.#sealed.get(sequence) : undefined;
    const { sensor, mean, readings } = forecast;
    // Of what was sealed before this process began nobody knows the time any more.
    if (!sealed || mean === null) return;
    const means = this.#means.get(sensor) ?? [];
    means.push({ timeMs: Math.round((sealed.fromMs + sealed.toMs) / 2), mean, readings });
    if (means.length > meansMax) means.shift();
    // A forecaster is about one sensor, unless somebody has changed which.
    if (!this.#means.has(sensor) && this.#means.size > 0) this.#means.clear();
    this.#means.set(sensor, means);
    this.#sealed.delete(sequence);
  }
}
