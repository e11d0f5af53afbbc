/** What is said on an actor's card of those that belong to it, such as the sessions of a receiver. */
import type { ActorModel } from '../model/model.ts';
import { count, counted } from '../shared/figures.ts';
import { isSession } from './shape.ts';

/** `3 sessions: 2 receiving, 1 greeting`; empty when none lives. Those that have ended are still known for a while, and do not count. */
export function sessionsText({ name: owner, pipeline }: ActorModel): string {
  if (isSession(owner)) return '';
  const states = new Map<string, number>();
  let living = 0;
  for (const { name, known } of pipeline.actors.value) {
    if (!name.startsWith(`${owner}/`)) continue;
    const { status, live } = known.value;
    if (live?.ended) continue;
    const state = status?.state ?? live?.state ?? 'not known';
    states.set(state, (states.get(state) ?? 0) + 1);
    living += 1;
  }
  if (living === 0) return '';
  const parts = [...states].sort((a, b) => b[1] - a[1]).map(([state, times]) => `${count(times)} ${state}`);
  return `${counted(living, 'session')}: ${parts.join(', ')}`;
}
