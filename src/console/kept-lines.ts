/**
 * Lines of the log that a page that is opened now is told. What went wrong and how it was mended has a place of its own: what a
 * pipeline says all day would push it out within minutes, and soonest after a restart, when all that waited is sent.
 */
import type { LogEntry } from '../contract/report.ts';
import { isOnTheWay, isTroubled } from './trouble.ts';
import type { EntriesEvent } from './wire.ts';

export interface KeptLines {
  /** @param bytes of the event, as JSON */
  add(event: EntriesEvent, bytes: number): void;
  /** Oldest first, with the ids that they had. */
  past(): readonly EntriesEvent[];
  readonly bytes: number;
}

/** Of either sort. */
export interface LineLimits {
  readonly entries: number;
  readonly entriesBytes: number;
}

interface Item {
  /** Of its event. */
  readonly id: number;
  readonly timeMs: number;
  /** Among all lines. */
  readonly place: number;
  readonly line: LogEntry;
  readonly bytes: number;
}

/** Actors whose outage is followed to its end. */
const troubledMax = 1_000;

export function keepLines(limits: LineLimits): KeptLines {
  const routine = createRing(limits);
  const notable = createRing(limits);
  const isNotable = createJudge();
  let place = 0;
  return {
    add({ id, timeMs, entries }, bytes) {
      for (const line of entries) {
        place += 1;
        const item = { id, timeMs, place, line, bytes: bytes / entries.length };
        (isNotable(line) ? notable : routine).add(item);
      }
    },
    past() {
      const all = [...routine.items, ...notable.items].sort((a, b) => a.place - b.place);
      const events: { type: 'entries'; id: number; timeMs: number; entries: LogEntry[] }[] = [];
      for (const { id, timeMs, line } of all) {
        const last = events.at(-1);
        if (last?.id === id) last.entries.push(line);
        else events.push({ type: 'entries', id, timeMs, entries: [line] });
      }
      return events;
    },
    get bytes() {
      return routine.bytes + notable.bytes;
    },
  };
}

function createRing({ entries, entriesBytes }: LineLimits) {
  const items: Item[] = [];
  let bytes = 0;
  return {
    items,
    add(item: Item) {
      items.push(item);
      bytes += item.bytes;
      while (items.length > 1 && (items.length > entries || bytes > entriesBytes))
        bytes -= items.shift()!.bytes;
    },
    get bytes() {
      return bytes;
    },
  };
}

/** Says of line after line whether it tells of something wrong, or of how that ended. */
function createJudge(): (line: LogEntry) => boolean {
  const troubled = new Set<string>();
  return ({ actor, level, report }) => {
    const isWarning = level === 'warn' || level === 'error';
    if (report.type === 'alarm') return true;
    // Whom a session serves: without it nobody knows whose outage its own was.
    if (report.type === 'note' && report.about !== undefined) return true;
    if (report.type !== 'transition') return isWarning;
    const { from, to, cause } = report;
    if (cause !== undefined || isWarning || isTroubled(to)) {
      troubled.add(actor);
      if (troubled.size > troubledMax) troubled.delete(troubled.values().next().value!);
      return true;
    }
    const wasTroubled = troubled.has(actor);
    if (!isOnTheWay(to)) troubled.delete(actor);
    return wasTroubled || to === 'paused' || from === 'paused';
  };
}
