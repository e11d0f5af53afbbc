/** What the cloud says to an edge besides acknowledging: today, forecasts. */

export interface ForecastMessage {
  readonly type: 'forecast';
  readonly stream: string;
  /** Sequence of the segment it was made from. */
  readonly sequence: number;
  readonly forecast: Forecast;
}

export type CloudMessage = ForecastMessage;

/** What a segment says about the weather to come. */
export interface Forecast {
  readonly sensor: string;
  /** Readings that went into the mean. */
  readonly readings: number;
  /** Mean of the segment, `null` when no reading of the sensor was usable. */
  readonly mean: number | null;
  readonly unit: string;
  /** Change of pressure in hPa per 3 h by least squares; `null` below the minimum span. */
  readonly tendency: number | null;
  /** WMO word for the tendency, such as `falling slowly`; `null` as `tendency`. */
  readonly tendencyWord: string | null;
  /** Span of the means that the tendency rests on, in ms. */
  readonly spanMs: number;
  /** One plain sentence. */
  readonly text: string;
}
