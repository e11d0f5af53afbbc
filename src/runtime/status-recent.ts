/** The last entries of the log, for who comes later to read them. */
import type { Level, LogEntry, Report } from '../contract/report.ts';

const entriesMax = 1_000;
/** As if each character took two bytes, with what an entry costs beside its text. */
const bytesMax = 2 ** 20;
const overheadBytes = 128;

/** A place in the circle, used again and again: nothing is made anew for an entry. */
interface Place {
  time: number;
  level: Level;
  actor: string;
  report: Report | null;
  bytes: number;
}

export class Recent {
  readonly #pipeline: string;
  readonly #places: Place[] = [];
  /** Place of the oldest entry, and how many follow each other from there. */
  #first = 0;
  #length = 0;
  #bytes = 0;

  constructor(pipeline: string) {
    this.#pipeline = pipeline;
  }

  push(time: number, level: Level, actor: string, report: Report): void {
    const bytes = overheadBytes + 2 * (actor.length + charactersOf(report));
    if (bytes > bytesMax) return;
    while (this.#length === entriesMax || this.#bytes + bytes > bytesMax) this.#forgetOldest();
    const at = (this.#first + this.#length) % entriesMax;
    const place = this.#places[at];
    if (place) {
      place.time = time;
      place.level = level;
      place.actor = actor;
      place.report = report;
      place.bytes = bytes;
    } else this.#places[at] = { time, level, actor, report, bytes };
    this.#length += 1;
    this.#bytes += bytes;
  }

  /** The newest ones, oldest first. */
  last(count: number): LogEntry[] {
    const length = Math.max(0, Math.min(this.#length, Math.floor(count) || 0));
    return Array.from({ length }, (_, i) => {
      const at = (this.#first + this.#length - length + i) % entriesMax;
      const { time, level, actor, report } = this.#places[at]!;
      return { time, level, pipeline: this.#pipeline, actor, report: report! };
    });
  }

  #forgetOldest(): void {
    const place = this.#places[this.#first]!;
    this.#bytes -= place.bytes;
    place.report = null;
    this.#first = (this.#first + 1) % entriesMax;
    this.#length -= 1;
  }
}

/** How much text a report holds. */
function charactersOf(report: Report): number {
  switch (report.type) {
    case 'transition': {
      const { from, to, event, cause } = report;
      return (
        from.length + to.length + event.length + (cause ? cause.message.length + cause.advice.length : 0)
      );
    }
    case 'segment':
      return report.stream.length;
    case 'stored':
      return report.edge.length + report.stream.length + report.file.length;
    case 'forecast':
    case 'note':
      return report.text.length;
    case 'alarm':
      return report.text?.length ?? 0;
    case 'problem':
      return report.message.length + report.advice.length;
  }
}
