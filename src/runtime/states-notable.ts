/**
 * Which transitions are worth telling a cloud: those after which somebody would look at the edge with other eyes, and the one
 * by which an actor comes to rest after them.
 */
import type { TransitionReport } from '../contract/report.ts';
import type { Health } from '../contract/status.ts';
import { off } from './actor.ts';
import type { Condition } from './condition.ts';

/** How an actor is after a transition. While that is told, an actor that is only being started has no condition yet. */
export function healthAfter(report: TransitionReport, condition: Condition): Health {
  const { to, cause } = report;
  if (condition.state === to) return condition.health;
  const last = to.slice(to.lastIndexOf('.') + 1);
  if (last === 'failed') return 'failed';
  if (last === 'paused') return 'paused';
  if (last === 'stopped' || to === off) return 'ended';
  return cause ? 'trouble' : 'well';
}

export class Notable {
  readonly #healths = new Map<string, Health>();
  /** Last state told of those of which that was not where they come to rest. */
  readonly #passing = new Map<string, string>();

  /** Those that are in trouble or have failed. */
  get troubled(): readonly string[] {
    return [...this.#healths].flatMap(([actor, health]) => (isTrouble(health) ? [actor] : []));
  }

  /** To be asked once for each transition. @param settled nothing is under way in the state that it leads to */
  isNotable(actor: string, { from, to }: TransitionReport, health: Health, settled: boolean): boolean {
    const before = this.#healths.get(actor);
    this.#healths.set(actor, health);
    // Out of trouble it goes by attempts, each of which is told.
    if (before !== health || isTrouble(health) || from === off) {
      if (settled) this.#passing.delete(actor);
      else this.#passing.set(actor, to);
      return true;
    }
    // Otherwise what it only passed through would stand as its state until something else happens to it.
    const passed = this.#passing.get(actor);
    if (passed === undefined || !settled) return false;
    this.#passing.delete(actor);
    return passed !== to;
  }

  /** Those of that name are gone. */
  keep(actors: readonly string[]): void {
    for (const known of [this.#healths, this.#passing]) {
      for (const actor of known.keys()) if (!actors.includes(actor)) known.delete(actor);
    }
  }
}

function isTrouble(health: Health): boolean {
  return health === 'trouble' || health === 'failed';
}
