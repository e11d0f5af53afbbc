/** From the fields of a description to measured values. */
import type { Measurement } from '../contract/device.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Bricklet, Channel, Quantity } from '../domain/bricklets.ts';
import type { WireValue } from './requests.ts';

/** A channel to ask, and which of the wanted quantities it answers. */
export interface PlannedChannel {
  readonly channel: Channel;
  readonly quantities: readonly Quantity[];
}

/** The fewest and smallest channels that give all of these. */
export function planChannels(bricklet: Bricklet, wanted: readonly Quantity[]): readonly PlannedChannel[] {
  const planned: PlannedChannel[] = [];
  let left = wanted;
  while (left.length > 0) {
    const [best] = bricklet.channels
      .map((channel) => ({ channel, quantities: left.filter((quantity) => holds(channel, quantity)) }))
      .sort(
        (a, b) =>
          b.quantities.length - a.quantities.length || a.channel.fields.length - b.channel.fields.length,
      );
    if (!best || best.quantities.length === 0) break;
    planned.push(best);
    left = left.filter((quantity) => !best.quantities.includes(quantity));
  }
  return planned;
}

function holds({ fields }: Channel, { sensor }: Quantity): boolean {
  return fields.some(({ name }) => name === sensor);
}

/** The channel that says whether values count. */
export function fixChannel({ channels }: Bricklet): Channel {
  return channels.find(({ fields }) => fields.some(({ name }) => name === 'fix'))!;
}

/** The values of one answer or callback by field. */
export function byField({ fields }: Channel, values: readonly WireValue[]): ReadonlyMap<string, WireValue> {
  return new Map(fields.map(({ name }, index) => [name, values[index]!]));
}

/** @param where names device and daemon in messages */
export function measurementsOf(
  { channel, quantities }: PlannedChannel,
  values: readonly WireValue[],
  where: string,
): readonly Measurement[] {
  const fields = byField(channel, values);
  return quantities.map(({ sensor, rawPerUnit, negativeWhen, accuracy }) => {
    const raw = fields.get(sensor);
    if (typeof raw !== 'number' || !Number.isFinite(raw)) {
      throw new FogrunError('device-error', `${where} sent no number`);
    }
    const negative = negativeWhen !== undefined && fields.get(negativeWhen.field) === negativeWhen.is;
    const word = accuracy?.words[Number(fields.get(accuracy.field))];
    return {
      sensor,
      value: (negative && raw !== 0 ? -raw : raw) / rawPerUnit,
      ...(word === undefined ? {} : { accuracy: word }),
    };
  });
}
