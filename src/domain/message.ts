/** What the cloud says to an edge besides acknowledging: today, forecasts. */

export interface ForecastMessage {
  readonly type: 'forecast';
  readonly stream: string;
  /** Sequence of the segment it was made from. */
  readonly sequence: number;
  readonly forecast: Forecast;
}

export type CloudMessage = ForecastMessage;

/**
 * What a segment says about the weather to come. Fields that may be missing came after the first release, and are missing
 * too while there is not enough data for them.
 */
export interface Forecast {
  readonly sensor: string;
  /** Readings that went into the mean. */
  readonly readings: number;
  /** Mean of the segment, `null` when no reading of the sensor was usable. */
  readonly mean: number | null;
  readonly unit: string;
  /** Change of pressure in hPa per 3 h by least squares; `null` below the minimum span. */
  readonly tendency: number | null;
  /** Met Office word for the tendency, such as `falling slowly`; `null` as `tendency`. */
  readonly tendencyWord: string | null;
  /** Span of the means that the tendency rests on, in ms. */
  readonly spanMs: number;
  /** One plain line. */
  readonly text: string;
  /** Of the barometer above sea level, m; missing where none is set and values are taken as they are. */
  readonly altitude?: number;
  /** `mean` reduced to sea level, hPa. */
  readonly seaLevel?: number;
  /** How pressure went in the last 3 h, by the WMO's code table 0200. */
  readonly characteristic?: { readonly code: number; readonly text: string };
  /** Zambretti's letter `A` to `Z`, number 1 to 32, and sentence. */
  readonly zambretti?: { readonly letter: string; readonly number: number; readonly text: string };
  /** The span of data there is, and the one it takes to be sure of the tendency, ms. */
  readonly confidence?: { readonly hasMs: number; readonly needsMs: number };
}
