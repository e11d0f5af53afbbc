/**
 * Which edges of a fleet changed since an earlier answer. Each edge has a number that rises when it is asked for and found changed, so
 * that nothing is kept of who asks, and nothing is done while nobody does.
 */
import type { Clock } from '../contract/clock.ts';
import type { EdgeSummary, FleetChanges } from '../contract/fleet.ts';

/** A last word that came so little later is none: on the wall clock it wavers, and no view tells it apart. */
const wordMsMin = 1_000;

interface Told {
  readonly summary: EdgeSummary;
  /** When anything but its last word changed, and when anything did. */
  readonly changed: number;
  readonly heard: number;
}

export class ChangedEdges {
  /** Marks of another process are worth nothing. */
  readonly #life: string;
  readonly #told = new Map<string, Told>();
  #revision = 0;

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#life = [clock.now(), clock.monotonic() * 1_000].map((at) => Math.round(at).toString(36)).join('-');
  }

  /**
   * @param edges all there are, as they are now: what is the same in them is the same object
   * @param mark of an earlier answer; all edges are told without one, and for one that is not of this life
   */
  since(edges: readonly EdgeSummary[], mark?: string): FleetChanges {
    this.#look(edges);
    const since = this.#revisionOf(mark);
    const told = [...this.#told.values()];
    const changed = told.filter((one) => since === null || one.changed > since);
    const heard = told.filter((one) => since !== null && one.changed <= since && one.heard > since);
    return {
      mark: `${this.#life}.${this.#revision}`,
      whole: since === null,
      edges: changed.map(({ summary }) => summary),
      heardMs: Object.fromEntries(heard.map(({ summary }) => [summary.edge, summary.lastWordMs!])),
    };
  }

  #look(edges: readonly EdgeSummary[]): void {
    const next = this.#revision + 1;
    for (const summary of edges) {
      const before = this.#told.get(summary.edge);
      if (!before || !isSame(before.summary, summary)) {
        this.#told.set(summary.edge, { summary, changed: next, heard: next });
      } else if (Math.abs(summary.lastWordMs! - before.summary.lastWordMs!) >= wordMsMin) {
        this.#told.set(summary.edge, { ...before, summary, heard: next });
      } else continue;
      this.#revision = next;
    }
  }

  /** `null` for what is no mark of this life. */
  #revisionOf(mark: string | undefined): number | null {
    const [life, revision, ...rest] = (mark ?? '').split('.');
    if (life !== this.#life || !/^\d{1,15}$/.test(revision ?? '') || rest.length > 0) return null;
    return Number(revision) <= this.#revision ? Number(revision) : null;
  }
}

/** But for when its last word came. */
function isSame(before: EdgeSummary, after: EdgeSummary): boolean {
  const names = Object.keys(after) as (keyof EdgeSummary)[];
  return names.every((name) =>
    name === 'lastWordMs'
      ? (before.lastWordMs === null) === (after.lastWordMs === null)
      : before[name] === after[name],
  );
}
