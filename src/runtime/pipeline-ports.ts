/** The ports of a pipeline: how much each type may hold, and what of it is counted. */
import type { Clock } from '../contract/clock.ts';
import type { PortItems, PortType } from '../contract/port.ts';
import { createPort, type Port } from './port.ts';

/** A port that counts readings, where its items say how many they hold. */
export interface CountedPort extends Port<unknown> {
  readonly type: PortType;
  readonly bytesMax: number;
}

/** @param accepted hears of each item that the receiving actor has dealt with, and how many readings are in it */
export function openPort(
  type: PortType,
  clock: Clock,
  accepted: (readings: number, item: unknown) => void,
): CountedPort {
  const { itemsMax, bytesMax, bytesOf } = credits[type];
  const readingsOf = countsReadings(type) ? readingsIn : () => 0;
  const port = createPort<unknown>({ itemsMax, bytesMax }, bytesOf as (item: unknown) => number, {
    now: () => clock.now(),
    readingsOf,
    accepted: (item) => accepted(readingsOf(item), item),
  });
  return Object.assign(port, { type, bytesMax });
}

/** Whether the items of such a port say how many readings they hold. */
export function countsReadings(type: PortType): boolean {
  return type === 'readings' || type === 'received';
}

/** Of an item of a port that counts readings. */
export function readingsIn(item: unknown): number {
  const { count, gap } = item as { count: number; gap?: true };
  return gap ? 0 : count;
}

/** How much each type of port may hold; where the items are what counts, each counts as one byte. */
const credits: {
  [T in PortType]: { itemsMax: number; bytesMax: number; bytesOf: (item: PortItems[T]) => number };
} = {
  readings: { itemsMax: 1_024, bytesMax: 8 * 2 ** 20, bytesOf: ({ lines }) => lines.length },
  segments: { itemsMax: 16, bytesMax: 16, bytesOf: () => 1 },
  acknowledgements: { itemsMax: 4_096, bytesMax: 4_096, bytesOf: () => 1 },
  received: { itemsMax: 1_024, bytesMax: 32 * 2 ** 20, bytesOf: ({ body }) => body.length },
  messages: { itemsMax: 4_096, bytesMax: 4_096, bytesOf: () => 1 },
};
