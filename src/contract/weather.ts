/** What a pipeline knows of the weather before somebody looked: for a chart that does not begin empty. */
import type { Forecast } from '../domain/message.ts';

/** Mean of one segment. */
export interface WeatherMean {
  /** Middle of its readings, ms since 1970 on the edge's clock. */
  readonly timeMs: number;
  readonly mean: number;
  readonly readings: number;
}

/** One sensor of one edge. */
export interface WeatherSeries {
  readonly edge: string;
  readonly sensor: string;
  readonly unit: string | null;
  readonly means: readonly WeatherMean[];
}

/** Readings that will never come, as a span on the time axis. */
export interface WeatherGap {
  readonly edge: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: string;
  readonly count: number | null;
}

export interface Weather {
  readonly series: readonly WeatherSeries[];
  readonly gaps: readonly WeatherGap[];
  /** The newest of each edge. */
  readonly forecasts: readonly {
    readonly edge: string;
    readonly atMs: number;
    readonly forecast: Forecast;
  }[];
}
