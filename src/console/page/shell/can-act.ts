/** What can be asked of an actor as it is now. Pure. */
import type { ActorAction } from '../../../contract/control.ts';
import type { ActorStatus } from '../../../contract/status.ts';
import type { Stale } from '../model/model.ts';

export const actions: readonly ActorAction[] = ['pause', 'resume', 'retry', 'restart'];

export const actionWords: Readonly<Record<ActorAction, string>> = {
  pause: 'Pause',
  resume: 'Resume',
  retry: 'Retry now',
  restart: 'Restart …',
};

export interface Circumstances {
  readonly status: ActorStatus | null;
  readonly stale: Stale | null;
  readonly isReplay: boolean;
  /** Its statechart has a state for that; `null` while nobody knows. */
  readonly canPause: boolean | null;
  /** Of the `HelloEvent`. */
  readonly key: string | null;
}

/** Why an action makes no sense now; `null` when it does. The runtime judges again. */
export function offBecause(
  action: ActorAction,
  { status, stale, isReplay, canPause, key }: Circumstances,
): string | null {
  if (isReplay) return 'this is a recording';
  if (key === null) return 'this console lets nobody change anything';
  if (stale) return 'nobody knows how it is now';
  if (!status) return 'its pipeline says nothing of it';
  if (status.name.includes('/')) return 'it belongs to another actor, which can be asked';
  const { health, retryAtMs } = status;
  if (action === 'resume') return health === 'paused' ? null : 'it is not paused';
  if (action === 'retry') return retryAtMs === null ? 'it does not wait to retry' : null;
  if (action === 'restart') return null;
  if (canPause === false)
    return `the kind ${status.kind} has no such state: pause what feeds it, or what it feeds`;
  if (health === 'paused') return 'it is paused already';
  return health === 'ended' || health === 'failed' ? `it has ${health}` : null;
}
