import test from 'ava';
import fc from 'fast-check';
import { seaLevelPressure } from '../../src/domain/sea-level.ts';

/** U.S. Standard Atmosphere 1976, table I: geometric altitude m, temperature °C, pressure hPa; 1013.25 at sea level. */
const standardAtmosphere: readonly (readonly [number, number, number])[] = [
  [0, 15, 1013.25],
  [100, 14.35, 1001.29],
  [200, 13.7, 989.45],
  [300, 13.05, 977.73],
  [400, 12.4, 966.11],
  [500, 11.75, 954.61],
  [700, 10.45, 931.94],
  [1000, 8.5, 898.76],
];

test('the standard atmosphere comes down to 1013.25 hPa from every height', (t) => {
  for (const [altitudeM, temperatureC, stationHPa] of standardAtmosphere) {
    const found = seaLevelPressure({ altitudeM, temperatureC, stationHPa })!;
    // Geometric heights taken as geopotential, and a mean temperature in place of a mean of its inverse.
    t.true(Math.abs(found - 1013.25) < 0.02 + altitudeM * 0.0002, `${altitudeM} m: ${found}`);
  }
});

test('worked examples agree', (t) => {
  const near = (found: number | null, expected: number, tolerance: number) =>
    t.true(Math.abs(found! - expected) <= tolerance, `${found} for ${expected}`);
  // A ship's table (Nautical Almanac, as nauticalive.com works it): 5 m and 20 °C are 0.6 hPa.
  near(seaLevelPressure({ stationHPa: 1015.4, altitudeM: 5, temperatureC: 20 }), 1016.0, 0.05);
  // The formula with the exponent 5.257, worked at keisoku.magicgifted.com for 150 m and 15 °C.
  near(seaLevelPressure({ stationHPa: 1003, altitudeM: 150, temperatureC: 15 }), 1020.97, 0.02);
  // By hand: Tmv = 283.15 + 0.65 = 283.80 K; 0.0148275 * 200 / 283.80 = 0.0104493; 990 * 10^0.0104493.
  near(seaLevelPressure({ stationHPa: 990, altitudeM: 200, temperatureC: 10 }), 1014.109, 0.001);
});

test('at sea level nothing changes, below it pressure is less', (t) => {
  t.is(seaLevelPressure({ stationHPa: 1000, altitudeM: 0, temperatureC: -20 }), 1000);
  t.true(seaLevelPressure({ stationHPa: 1060, altitudeM: -400, temperatureC: 30 })! < 1015);
});

const hPa = fc.double({ min: 500, max: 1100, noNaN: true });
const metres = fc.double({ min: 0, max: 4000, noNaN: true });
const celsius = fc.double({ min: -60, max: 50, noNaN: true });

test('higher, and colder, add more; more stays more', (t) => {
  fc.assert(
    fc.property(hPa, metres, celsius, fc.double({ min: 0.1, max: 50, noNaN: true }), (p, m, c, more) => {
      const at = (stationHPa: number, altitudeM: number, temperatureC: number) =>
        seaLevelPressure({ stationHPa, altitudeM, temperatureC })!;
      t.true(at(p, m + more, c) > at(p, m, c));
      t.true(at(p, m + 1, c) > at(p, m + 1, c + more));
      t.true(at(p + more, m, c) > at(p, m, c));
    }),
  );
});

test('whatever finite numbers go in, a finite number or null comes out', (t) => {
  const any = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(any, any, any, (stationHPa, altitudeM, temperatureC) => {
      const found = seaLevelPressure({ stationHPa, altitudeM, temperatureC });
      t.true(found === null || Number.isFinite(found));
    }),
  );
  t.is(seaLevelPressure({ stationHPa: 1000, altitudeM: 100, temperatureC: -273.15 }), null);
  t.is(seaLevelPressure({ stationHPa: 1000, altitudeM: Number.NaN, temperatureC: 15 }), null);
});
