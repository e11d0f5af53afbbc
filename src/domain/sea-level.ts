/** What a barometer would show at sea level. */

export interface AirColumn {
  /** Pressure at the barometer, hPa. */
  readonly stationHPa: number;
  /** Of the barometer above mean sea level, m; taken as geopotential metres, which differ by less than 0.3 %. */
  readonly altitudeM: number;
  /** Of the air at the barometer, degrees Celsius. */
  readonly temperatureC: number;
}

/** Up to here the WMO calls the formula feasible, m; above it is a rough figure. */
export const reductionAltitudeMaxM = 750;

/** Constant of hydrostatics for dry air: g / (R ln 10) with 9.80665 m/s2 and 287.05 J/(kg K), in K per gpm. */
const hydrostatic = 0.0148275;
/** Assumed change of temperature with height, K per gpm. */
const lapse = 0.0065;
const zeroCelsiusK = 273.15;
/** Colder air columns do not exist; near 0 K the formula would divide by nothing. */
const columnMinK = 100;

/**
 * Reduces pressure to mean sea level after WMO-No. 8, "Guide to Instruments and Methods of Observation", volume I,
 * 3.7.2, equation 3.2: `log10(p0 / ps) = Kp Hp / Tmv` with `Tmv = Ts + a Hp / 2 + es Ch`. Meant for stations below
 * 750 m. The term of humidity (`es Ch`, 1 to 3 K in mild air) is left out: nobody measures it here, and at 300 m it
 * would take 0.1 to 0.3 hPa off.
 * @returns hPa, or `null` for what is no air on earth
 */
export function seaLevelPressure({ stationHPa, altitudeM, temperatureC }: AirColumn): number | null {
  const columnK = temperatureC + zeroCelsiusK + (lapse * altitudeM) / 2;
  if (!(columnK >= columnMinK)) return null;
  const reduced = stationHPa * 10 ** ((hydrostatic * altitudeM) / columnK);
  return Number.isFinite(reduced) ? reduced : null;
}
