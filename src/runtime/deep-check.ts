/** `fogrun check --deep`: what can be wrong with a statechart whatever its effects do, found without running it. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import type { ActorKind, EffectNote } from '../contract/kind.ts';
import { eventName } from '../inspect/names.ts';
import { idleStatechart } from './idle-statechart.ts';
import {
  arrivals,
  endsAlone,
  endsByItself,
  explore,
  follow,
  hasTag,
  isDeadline,
  isEnd,
  isFailure,
  lineage,
  stepsFrom,
} from './walk.ts';

export type DeepRule =
  /** Nothing leads on from a state that is not final; in one that is no rest, `STOP` does not count. */
  | 'dead-end'
  /** `STOP` is not heard, or time-outs and answers alone do not always end it after that. */
  | 'ignores-stop'
  /** Neither a time-out nor an answer ends it, and it has no tag `rest`. */
  | 'waits-forever'
  /** A failure leads to where no tag says so. */
  | 'hidden-failure'
  /** A request may fail, or a task end, and nobody hears of it. */
  | 'unheard-failure'
  /** It has a tag `failed` and goes on, or rests in trouble. */
  | 'wrong-tags'
  /** No way leads there. */
  | 'unreachable'
  /** Parallel states and histories are beyond this walk. */
  | 'not-explored';

/** One step of a way. */
export interface DeepStep {
  /** As the log names it. */
  readonly event: string;
  readonly to: string;
}

export interface DeepFlaw {
  readonly rule: DeepRule;
  readonly state: string;
  /** The shortest way there from the start, and on to where it shows. */
  readonly path: readonly DeepStep[];
  readonly message: string;
  readonly advice: string;
}

export interface DeepFinding {
  readonly kind: string;
  readonly states: number;
  readonly steps: number;
  readonly flaws: readonly DeepFlaw[];
}

type Effects = Readonly<Record<string, EffectNote>>;

export function deepCheckKind(kind: ActorKind): DeepFinding {
  return deepCheck(kind.name, idleStatechart(kind), kind.effects);
}

/** Contexts are ignored, guards may go either way, time-outs and answers are events like others. */
export function deepCheck(name: string, machine: AnyStateMachine, effects: Effects): DeepFinding {
  const found = explore(machine);
  const flaws: DeepFlaw[] = [];
  const wayTo = (leaf: AnyStateNode): DeepStep[] => {
    const last = found.get(leaf);
    const step = { event: eventName(last?.event ?? 'xstate.init'), to: nameOf(leaf) };
    return last ? [...wayTo(last.from), step] : [step];
  };
  const flaw = (rule: DeepRule, at: AnyStateNode, message: string, more: readonly DeepStep[] = []) =>
    flaws.push({
      rule,
      state: nameOf(at),
      path: [...(found.has(at) ? wayTo(at) : []), ...more],
      message: `${nameOf(at)} ${message}`,
      advice: advices[rule],
    });
  const stopping = stoppingLeaves([...found.keys()]);
  const pausing = ordered([...found.keys()], 'PAUSE');
  let steps = 0;
  for (const leaf of found.keys()) {
    const on = isEnd(leaf) ? [] : stepsFrom(leaf);
    steps += on.length;
    judgeTags(leaf, flaw);
    if (isEnd(leaf)) continue;
    const isRest = hasTag(leaf, 'rest');
    const ways = on.filter(({ event, to }) => to !== leaf && (isRest || event !== 'STOP'));
    if (ways.length === 0) flaw('dead-end', leaf, 'is not final, and nothing leads on from it');
    else if (!isRest && !endsByItself(leaf)) {
      flaw('waits-forever', leaf, 'waits for somebody else, without a time-out and without the tag `rest`');
    }
    judgeStop(leaf, flaw);
    judgeInvoked(leaf, effects, flaw);
    for (const { event, to } of on) {
      const isShown = hasTag(to, 'failed') || hasTag(to, 'trouble') || to === leaf || stopping.has(to);
      // A task that was told to end for a pause does so.
      const isOrdered = event === 'ENDED' && pausing.has(leaf);
      if (!isFailure(event) || isShown || isOrdered) continue;
      const more = [{ event: eventName(event), to: nameOf(to) }];
      flaw(
        'hidden-failure',
        leaf,
        `goes to ${nameOf(to)} on \`${eventName(event)}\`, as if nothing had failed`,
        more,
      );
    }
  }
  const visit = (node: AnyStateNode): void => {
    const children = Object.values(node.states) as AnyStateNode[];
    if (node.type === 'parallel' || node.type === 'history') {
      flaw('not-explored', node, `is ${node.type === 'parallel' ? 'a parallel state' : 'a history'}`);
    } else if (children.length > 0) children.forEach(visit);
    else if (!found.has(node) && !isPassedThrough(node))
      flaw('unreachable', node, 'cannot be reached from the start');
  };
  visit(machine.root);
  return { kind: name, states: found.size, steps, flaws };
}

type Tell = (rule: DeepRule, at: AnyStateNode, message: string, more?: readonly DeepStep[]) => void;

function judgeTags(leaf: AnyStateNode, flaw: Tell): void {
  if (hasTag(leaf, 'failed') && !isEnd(leaf))
    flaw('wrong-tags', leaf, 'has the tag `failed` and is not final');
  if (hasTag(leaf, 'rest') && hasTag(leaf, 'trouble'))
    flaw('wrong-tags', leaf, 'has the tags `rest` and `trouble`');
}

function judgeStop(leaf: AnyStateNode, flaw: Tell): void {
  const targets = follow(leaf, 'STOP');
  if (targets.length === 0) flaw('ignores-stop', leaf, 'does not hear `STOP`');
  for (const target of targets) {
    if (endsAlone(target)) continue;
    const more = [{ event: 'STOP', to: nameOf(target) }];
    const message = `goes to ${nameOf(target)} on \`STOP\`, and from there it does not end by time-outs and answers alone`;
    flaw('ignores-stop', leaf, message, more);
    return;
  }
}

/** What was invoked must be heard when it fails; a task also when it ends. */
function judgeInvoked(leaf: AnyStateNode, effects: Effects, flaw: Tell): void {
  const hears = (event: string) => lineage(leaf).some((node) => node.transitions.has(event));
  if (hears('*')) return;
  for (const node of lineage(leaf)) {
    for (const { id, src } of node.invoke) {
      const as = typeof src === 'string' ? effects[src]?.as : undefined;
      const needed =
        as === 'task' ? ['FAILED', 'ENDED'] : as === 'request' ? [`xstate.error.actor.${id}`] : [];
      const missing = needed.filter((event) => !hears(event)).map(eventName);
      if (missing.length === 0) continue;
      flaw('unheard-failure', leaf, `does not hear \`${missing.join('` and `')}\` of ${String(src)}`);
    }
  }
}

/** Where that order leads to. */
function ordered(leaves: readonly AnyStateNode[], order: string): Set<AnyStateNode> {
  return new Set(leaves.filter((leaf) => !isEnd(leaf)).flatMap((leaf) => follow(leaf, order)));
}

/** Where a machine is once it was told to stop; what fails there does not matter any more. */
function stoppingLeaves(leaves: readonly AnyStateNode[]): ReadonlySet<AnyStateNode> {
  const stopping = ordered(leaves, 'STOP');
  for (const leaf of stopping) {
    if (isEnd(leaf)) continue;
    for (const { event, to } of stepsFrom(leaf)) if (isDeadline(event) || isFailure(event)) stopping.add(to);
  }
  return stopping;
}

/** Left again at once, by a transition without event and guard. */
function isPassedThrough(node: AnyStateNode): boolean {
  return !arrivals(node).includes(node);
}

function nameOf(node: AnyStateNode): string {
  return node.path.length === 0 ? 'the machine' : node.path.join('.');
}

const advices: Readonly<Record<DeepRule, string>> = {
  'dead-end': 'Make it final, or give it a way out.',
  'ignores-stop': 'Let `STOP` lead to a final state, with an `after` on each state on the way.',
  'waits-forever': 'Give it an `after`; or the tag `rest`, if it may last without anything being wrong.',
  'hidden-failure': 'Let it lead to a state with the tag `trouble` or `failed`.',
  'unheard-failure':
    'Handle it there or in a state around it: `onError` of a request, `FAILED` and `ENDED` of a task.',
  'wrong-tags':
    '`failed` is for final states; a state in trouble must have a way out by time instead of `rest`.',
  unreachable: 'Remove it, or the transition that should lead there is missing.',
  'not-explored': 'Make each of its parts a statechart of its own.',
};
