/** The newest events, so that a page that was away for a moment goes on where it was. Bounded by count and by bytes. */
import { eventText } from './texts.ts';
import type { ConsoleEvent } from './wire.ts';

export interface Recent {
  add(event: ConsoleEvent): void;
  /** What came after the event of that id; `null` when that is no longer all there. */
  after(id: number): readonly ConsoleEvent[] | null;
}

const eventsMax = 4_000;
const bytesMax = 4 * 2 ** 20;

export function keepRecent(limits = { eventsMax, bytesMax }): Recent {
  let events: ConsoleEvent[] = [];
  let bytes = 0;
  let lastId = 0;
  /** All events after this one are there, but for statuses that newer ones have replaced. */
  let sinceId = 0;
  const statuses = new Map<string, ConsoleEvent>();

  const shorten = () => {
    let count = 0;
    while (
      count < events.length - 1 &&
      (events.length - count > limits.eventsMax || bytes > limits.bytesMax)
    ) {
      const event = events[count]!;
      bytes -= eventText(event).length;
      sinceId = event.id;
      count += 1;
    }
    if (count > 0) events = events.slice(count);
  };
  return {
    add(event) {
      lastId = event.id;
      if (event.type === 'status') {
        const before = statuses.get(event.status.pipeline);
        const place = before ? events.lastIndexOf(before) : -1;
        if (place >= 0) {
          events.splice(place, 1);
          bytes -= eventText(before!).length;
        }
        statuses.set(event.status.pipeline, event);
      }
      events.push(event);
      bytes += eventText(event).length;
      shorten();
    },
    after(id) {
      // Also before the first event a new page is told how things stand.
      if (id <= 0 || id < sinceId || id > lastId) return null;
      return events.filter((event) => event.id > id);
    },
  };
}
