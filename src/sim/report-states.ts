/** How an actor is while it is in a state, by the state's name: what a report has a colour for. */
import type { SimTransition } from './run.ts';

/** Worst first. */
export const conditions = ['failed', 'off', 'trouble', 'work', 'rest'] as const;

export type Condition = (typeof conditions)[number];

/** The words of the legend. */
export const conditionTexts: Readonly<Record<Condition, string>> = {
  rest: 'well, as it may stay for long',
  work: 'well, on its way to another state',
  trouble: 'in trouble that it says and tries to get out of',
  off: 'not running',
  failed: 'failed',
};

/**
 * Last parts of the names of the built-in kinds' states, of stores and of processes; the others are work. A test compares
 * them with the kinds' tags.
 */
export const namesOf: Readonly<Record<Exclude<Condition, 'work'>, readonly string[]>> = {
  rest: [
    'listening',
    'paused',
    'polling',
    'measuring',
    'reading',
    'tailing',
    'waitingForFile',
    'empty',
    'idle',
    'waiting',
    'ready',
    'receiving',
    'running',
    'open',
  ],
  trouble: [
    'waitingToRetry',
    'stale',
    'waitingForValue',
    'absent',
    'outage',
    'full',
    'refused',
    'forked',
    'lost',
  ],
  failed: ['failed'],
  off: ['off', 'stopped', 'done', 'closed', 'ended'],
};

const known = new Map(
  Object.entries(namesOf).flatMap(([condition, names]) =>
    names.map((name) => [name, condition as Condition] as const),
  ),
);

/** @param cause what the state came of: a state that nobody knows counts as trouble when there is one */
export function conditionOf({ to, cause }: Pick<SimTransition, 'to' | 'cause'>): Condition {
  const name = to.slice(to.lastIndexOf('.') + 1);
  return known.get(name) ?? (cause ? 'trouble' : 'work');
}
