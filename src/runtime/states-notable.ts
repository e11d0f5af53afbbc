/** Which transitions are worth telling a cloud: those after which somebody would look at the edge with other eyes. */
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

  /** Those that are in trouble or have failed. */
  get troubled(): readonly string[] {
    return [...this.#healths].flatMap(([actor, health]) => (isTrouble(health) ? [actor] : []));
  }

  /** To be asked once for each transition. */
  isNotable(actor: string, report: TransitionReport, health: Health): boolean {
    const before = this.#healths.get(actor);
    this.#healths.set(actor, health);
    // Out of trouble it goes by attempts, each of which is told.
    return before !== health || isTrouble(health) || report.from === off;
  }

  /** Those of that name are gone. */
  keep(actors: readonly string[]): void {
    for (const actor of this.#healths.keys()) if (!actors.includes(actor)) this.#healths.delete(actor);
  }
}

function isTrouble(health: Health): boolean {
  return health === 'trouble' || health === 'failed';
}
