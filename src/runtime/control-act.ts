/** What a person asks of one actor, and what comes of it. */
import { sleep } from '../contract/clock.ts';
import type { Acted, ActorAction } from '../contract/control.ts';
import { FogrunError } from '../contract/errors.ts';
import { nearest, printable, quoteList } from '../domain/text.ts';
import type { Request } from './condition.ts';
import type { ControlEnv } from './control.ts';
import { ownerOf } from './log-limit.ts';
import type { Supervised } from './supervisor.ts';

/** How long the answer waits for the actor to come to rest. */
const settleMsMax = 2_000;
/** How long a life may take to end before the next one begins. */
const stopMsMax = 3_000;

/** What can be asked of it, besides a restart. */
export type ActEnv = Pick<ControlEnv, 'plan' | 'clock' | 'board' | 'actors' | 'revived'>;

/** Carries it out, and answers once the actor has settled or after a while. */
export async function actOn(env: ActEnv, name: string, action: ActorAction): Promise<Acted> {
  const actor = find(env, name);
  const from = actor.state();
  const lives = actor.restarts;
  if (action === 'restart') {
    await settled(
      env,
      actor,
      () => restart(env, actor),
      settleMsMax + stopMsMax,
      () => actor.over || actor.restarts > lives,
    );
  } else {
    const request = action.toUpperCase() as Request;
    if (!actor.can(request)) throw refusal(env, actor, request);
    await settled(env, actor, () => actor.send({ type: request }), settleMsMax);
  }
  return { from, to: actor.state() };
}

function restart(env: ActEnv, actor: Supervised): void {
  const revived = actor.over;
  if (!actor.restart(stopMsMax)) {
    throw new FogrunError('control-refused', `${fullName(env, actor)} is being restarted or stopped already`);
  }
  if (revived) env.revived(actor.name);
}

/** Resolves when the actor has changed its state after `work` and come to rest, or when the time is up. */
async function settled(
  env: ActEnv,
  actor: Supervised,
  work: () => void,
  withinMs: number,
  done: () => boolean = () => true,
): Promise<void> {
  const { changed } = env.board.sight(actor.name)!;
  const over = new AbortController();
  let moved = false;
  const look = () => {
    if (moved && done() && actor.condition().settled) over.abort();
  };
  // The actor is in its new state only after it has been told.
  const hear = () => {
    moved = true;
    queueMicrotask(look);
  };
  changed.add(hear);
  try {
    work();
    await sleep(env.clock, withinMs, over.signal);
  } finally {
    changed.delete(hear);
  }
}

function fullName({ plan }: ActEnv, { name }: Pick<Supervised, 'name'>): string {
  return `${plan.name}/${name}`;
}

function find(env: ActEnv, name: string): Supervised {
  const actor = env.actors.get(name);
  if (actor) return actor;
  const who = `${env.plan.name}/${printable(name)}`;
  const owner = ownerOf(name);
  if (owner !== null && env.actors.has(owner)) {
    throw new FogrunError('control-refused', `${who} belongs to ${owner} and takes no orders of its own`, {
      advice: `Name ${owner} instead: what is done to it reaches all that belongs to it.`,
    });
  }
  const names = env.plan.actors.map((each) => each.name);
  if (names.includes(name)) throw new FogrunError('control-refused', `${who} has not been started yet`);
  const near = nearest(name, names);
  const known = near.length > 0 ? `did you mean ${quoteList(near)}?` : `it has ${quoteList(names, 'and')}`;
  throw new FogrunError('control-unknown', `${env.plan.name} has no actor ${printable(name)}: ${known}`);
}

function refusal(env: ActEnv, actor: Supervised, request: Request): FogrunError {
  const who = fullName(env, actor);
  const { state, health } = actor.condition();
  const say = (message: string, advice?: string) =>
    new FogrunError('control-refused', `${who} ${message}`, advice ? { advice } : {});
  if (request === 'RETRY') return say(`is not waiting to retry: it is ${state}`);
  if (request === 'RESUME') return say(`is not paused: it is ${state}`);
  if (health === 'paused') return say('is paused already');
  if (state.endsWith('pausing')) return say('is about to be paused already');
  if (!actor.knows('PAUSE')) {
    const { kind } = env.plan.actors.find(({ name }) => name === actor.name)!;
    return say(
      `cannot be paused: the kind ${kind.name} has no such state`,
      'Pause what feeds it, or what it feeds.',
    );
  }
  return say(`cannot be paused now: it is ${state}`);
}
