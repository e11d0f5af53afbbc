/** The little physics that the barometers need. */

/** Pressure at sea level of the standard atmosphere, in hPa. */
export const standardPressure = 1_013.25;

/**
 * Altitude in metres at which the pressure is `pressure`, above where it is `reference` (any unit, the same).
 * International barometric formula for the troposphere, ISO 2533:1975: T0 = 288.15 K falling by L = 0.0065 K/m,
 * so h = T0/L * (1 - (p/p0)^(R*L/(g*M))).
 */
export function altitudeM(pressure: number, reference: number): number {
  return (288.15 / 0.0065) * (1 - (pressure / reference) ** 0.190263);
}

export function clampRound(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, Math.round(value)));
}
