/** How an actor is at this moment, beyond what its log lines say. */
import type { AnyMachineSnapshot } from 'xstate';
import type { Problem } from '../contract/errors.ts';
import type { Trouble } from '../contract/kind.ts';
import type { Health } from '../contract/status.ts';
import { statePath } from '../inspect/names.ts';

export interface Condition {
  /** Path of its state. */
  readonly state: string;
  readonly health: Health;
  /** Nothing is under way: it rests, is in trouble, or has ended. */
  readonly settled: boolean;
  /** What is wrong now; `null` when nothing is. */
  readonly cause: Problem | null;
  /** Attempts since it was well. */
  readonly attempt: number;
}

/** The events that a person can have sent to an actor. */
export type Request = 'PAUSE' | 'RESUME' | 'RETRY';

const restingPaused = /(?:^|\.)paused$/;

export function conditionOf(snapshot: AnyMachineSnapshot): Condition {
  const state = statePath(snapshot.value);
  const { cause = null, attempt = 0 } = (snapshot.context ?? {}) as Partial<Trouble>;
  const trouble = snapshot.hasTag('trouble');
  const over = snapshot.status !== 'active';
  const settled = over || trouble || snapshot.hasTag('rest') || snapshot.hasTag('failed');
  return { state, health: health(), settled, cause, attempt };

  function health(): Health {
    if (snapshot.hasTag('failed')) return 'failed';
    if (over) return 'ended';
    if (restingPaused.test(state)) return 'paused';
    return trouble || cause ? 'trouble' : 'well';
  }
}

/** Whether the event would change anything. */
export function takes(snapshot: AnyMachineSnapshot, type: string): boolean {
  return snapshot.status === 'active' && snapshot.can({ type });
}
