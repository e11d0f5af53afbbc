/** What colour an actor has. Never said by colour alone: each tone has a word and a sign. */
import type { ActorStatus } from '../../../contract/status.ts';

export type Tone = 'well' | 'busy' | 'idle' | 'held' | 'paused' | 'trouble' | 'failed' | 'ended' | 'stale';

export const toneWords: Readonly<Record<Tone, string>> = {
  well: 'well',
  busy: 'busy',
  idle: 'idle',
  held: 'held back',
  paused: 'paused',
  trouble: 'in trouble',
  failed: 'failed',
  ended: 'ended',
  stale: 'not heard of',
};

export const toneSigns: Readonly<Record<Tone, string>> = {
  well: '●',
  busy: '●',
  idle: '○',
  held: '◧',
  paused: '‖',
  trouble: '▲',
  failed: '✕',
  ended: '■',
  stale: '◌',
};

/** `isStale`: nobody knows how it is now. */
export function toneOf(status: ActorStatus | null, isStale: boolean = false): Tone {
  if (isStale || !status) return 'stale';
  if (status.health !== 'well') return status.health;
  if (status.heldBack) return 'held';
  if (status.alarm) return 'trouble';
  return status.readingsPerSecond > 0 ? 'busy' : 'idle';
}
