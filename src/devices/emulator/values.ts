/** What the fields of an emulated device hold at a moment. */
import { type Bricklet, type Field, type Quantity, rawType } from '../../domain/bricklets.ts';
import { altitudeM, clampRound, standardPressure } from './atmosphere.ts';
import type { Surroundings } from './device.ts';

export interface FieldValues {
  /** As it stands in a payload. */
  raw(field: Field): number;
  /** In the unit, of a quantity that the device has. */
  inUnit(sensor: string): number | undefined;
  /** The pressure from which altitudes follow, raw. */
  reference: number;
}

export function createFieldValues(
  bricklet: Bricklet,
  { clock, measure }: Pick<Surroundings, 'clock' | 'measure'>,
): FieldValues {
  const quantities = new Map(bricklet.quantities.map((quantity) => [quantity.sensor, quantity]));
  const signs = new Map(
    bricklet.quantities.flatMap((quantity) =>
      quantity.negativeWhen ? [[quantity.negativeWhen.field, quantity] as const] : [],
    ),
  );
  const pressure = quantities.get('pressure');

  const quantityRaw = (quantity: Quantity): number => {
    const { sensor, rawPerUnit, range, negativeWhen } = quantity;
    if (sensor === 'altitude' && bricklet.reference && pressure) {
      return Math.round(altitudeM(quantityRaw(pressure), values.reference) * rawPerUnit);
    }
    const raw = clampRound(measure(sensor) * rawPerUnit, range.min * rawPerUnit, range.max * rawPerUnit);
    return negativeWhen ? Math.abs(raw) : raw;
  };
  const rawOf = (name: string): number => {
    const quantity = quantities.get(name);
    if (quantity) return quantityRaw(quantity);
    const signed = signs.get(name);
    if (signed) {
      const { is, otherwise } = signed.negativeWhen!;
      return (measure(signed.sensor) < 0 ? is : otherwise).charCodeAt(0);
    }
    if (name === 'date' || name === 'time') return satelliteTime(clock.now())[name];
    return Math.round(measure(name));
  };
  const values: FieldValues = {
    raw({ name, raw }) {
      const { min, max } = rawType(raw);
      return Math.min(max, Math.max(min, rawOf(name)));
    },
    inUnit(sensor) {
      const quantity = quantities.get(sensor);
      return quantity && quantityRaw(quantity) / quantity.rawPerUnit;
    },
    reference: Math.round(standardPressure * (pressure?.rawPerUnit ?? 1)),
  };
  return values;
}

/** UTC as receivers say it: `ddmmyy` and `hhmmss.sss` as numbers. */
function satelliteTime(nowMs: number): { readonly date: number; readonly time: number } {
  const at = new Date(nowMs);
  const date = at.getUTCDate() * 10_000 + (at.getUTCMonth() + 1) * 100 + (at.getUTCFullYear() % 100);
  const seconds = at.getUTCSeconds() * 1_000 + at.getUTCMilliseconds();
  return { date, time: at.getUTCHours() * 10_000_000 + at.getUTCMinutes() * 100_000 + seconds };
}
