/** The little physics that the barometers need. */

/** Pressure at sea level of the standard atmosphere, in hPa/1000. */
export const standardPressure = 1_013_250;

/**
 * Altitude in metres at which the pressure is `pressure`, above where it is `reference` (any unit, the same).
 * International barometric formula for the troposphere, ISO 2533:1975: T0 = 288.15 K falling by L = 0.0065 K/m,
 * so h = T0/L * (1 - (p/p0)^(R*L/(g*M))).
 */
export function altitudeM(pressure: number, reference: number): number {
  return (288.15 / 0.0065) * (1 - (pressure / reference) ** 0.190263);
}

/** Temperature of the sensor in 1/100 degrees Celsius: 21.5, and half a degree up and down in 10 minutes. */
export function sensorTemperature(elapsedMs: number): number {
  return Math.round(2_150 + 50 * Math.sin((2 * Math.PI * (elapsedMs % 600_000)) / 600_000));
}

export function clampRound(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, Math.round(value)));
}
