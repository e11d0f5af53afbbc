/** Transitions as lines of a list: an actor that tries again and again is one line, which can be opened. */
import type { EdgeTransition } from '../../../contract/fleet.ts';

export interface TransitionLine {
  /** Newest first; more than one where they are folded into one line. */
  readonly transitions: readonly EdgeTransition[];
}

/** Fewer in a row are shown as they are. */
const foldFrom = 4;

const isWrong = ({ health }: EdgeTransition) => health === 'trouble' || health === 'failed';

/** Between the one that began an outage and the one that ended it. */
const isRepeated = (each: EdgeTransition, before: EdgeTransition | undefined) =>
  before !== undefined && before.actor === each.actor && isWrong(before) && isWrong(each);

/** @param transitions oldest first @returns newest first */
export function transitionLines(transitions: readonly EdgeTransition[]): readonly TransitionLine[] {
  const runs: EdgeTransition[][] = [];
  for (const [i, each] of transitions.entries()) {
    const run = runs.at(-1);
    const goesOn = run && isRepeated(each, transitions[i - 1]) && isRepeated(run.at(-1)!, transitions[i - 2]);
    if (goesOn) run.push(each);
    else runs.push([each]);
  }
  return runs
    .flatMap((run): TransitionLine[] =>
      run.length < foldFrom
        ? run.map((each) => ({ transitions: [each] }))
        : [{ transitions: run.toReversed() }],
    )
    .toReversed();
}
