/** Finds in the transitions of actors when each was not well, and why: for marks on a time axis and lanes of an edge. */
import type { Health } from '../../../contract/status.ts';
import { isOnTheWay, isTroubled, leafOf } from '../../trouble.ts';

/** A transition, by whichever way it became known. */
export interface Turn {
  /** Ms since 1970, on the clock of the pipeline that it happened in. */
  readonly timeMs: number;
  readonly actor: string;
  readonly from: string;
  readonly to: string;
  /** What is wrong after it, for people; `null` when nothing is. */
  readonly cause: string | null;
  /** Absent where only states and causes are known. */
  readonly health?: Health;
}

/** A time in which an actor was not well. */
export interface Outage {
  readonly actor: string;
  readonly fromMs: number;
  /** `null` while it lasts. */
  readonly toMs: number | null;
  /** The first cause that was told in it. */
  readonly cause: string | null;
  /** The state that it began with. */
  readonly state: string;
  /** How often it waited to try again. */
  readonly retries: number;
}

type Judgement = 'wrong' | 'between' | 'well';

function judge({ to, cause, health }: Turn): Judgement {
  if (health === 'trouble' || health === 'failed') return 'wrong';
  if (health !== undefined) return 'well';
  if (cause !== null || isTroubled(to)) return 'wrong';
  return isOnTheWay(to) ? 'between' : 'well';
}

/** @param turns oldest first; @returns by their beginning, oldest first */
export function outagesOf(turns: readonly Turn[]): readonly Outage[] {
  const found: Outage[] = [];
  const open = new Map<string, number>();
  for (const turn of turns) {
    const verdict = judge(turn);
    const at = open.get(turn.actor);
    if (at === undefined) {
      if (verdict !== 'wrong') continue;
      open.set(turn.actor, found.length);
      found.push({
        actor: turn.actor,
        fromMs: turn.timeMs,
        toMs: null,
        cause: turn.cause,
        state: turn.to,
        retries: leafOf(turn.to) === 'waitingToRetry' ? 1 : 0,
      });
      continue;
    }
    const outage = found[at]!;
    if (verdict === 'well') {
      found[at] = { ...outage, toMs: turn.timeMs };
      open.delete(turn.actor);
      continue;
    }
    const again = leafOf(turn.to) === 'waitingToRetry' && turn.from !== turn.to;
    if (!again && outage.cause !== null) continue;
    found[at] = {
      ...outage,
      cause: outage.cause ?? turn.cause,
      retries: outage.retries + (again ? 1 : 0),
    };
  }
  return found;
}
