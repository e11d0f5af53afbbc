/** What differs between the plan that runs and the one that its file holds now. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { ActorPlan, Plan, StorePlan } from '../contract/plan.ts';
import { printable } from '../domain/text.ts';

export interface ChangedActor {
  readonly name: string;
  /** `kind`, `to`, `process`, `input`, or keys of its config. Names only: values may be secret. */
  readonly what: readonly string[];
}

/** Actors by name, in the order data flows. */
export interface PlanChanges {
  readonly unchanged: readonly string[];
  readonly changed: readonly ChangedActor[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Keys under `store` that change while it is open. */
  readonly store: readonly string[];
  /** What only a restart of the pipeline can change, in words; then nothing else can be changed either. */
  readonly refusals: readonly string[];
}

/** Below it a commit that is under way might no longer fit. */
export const storeMaxLive = 16 * 2 ** 20;

/** @param cursor name of the cursor in the store that is open, that of its uploader */
export function planChanges(now: Plan, next: Plan, cursor: string): PlanChanges {
  const before = new Map(now.actors.map((actor) => [actor.name, actor]));
  const unchanged: string[] = [];
  const changed: ChangedActor[] = [];
  const added: string[] = [];
  for (const actor of next.actors) {
    const known = before.get(actor.name);
    before.delete(actor.name);
    if (!known) {
      added.push(actor.name);
      continue;
    }
    const what = differences(known, actor);
    if (isFed(next, actor) && !isFed(now, known)) what.push('input');
    if (what.length > 0) changed.push({ name: actor.name, what });
    else unchanged.push(actor.name);
  }
  const store = now.store && next.store ? differingKeys(now.store, next.store) : [];
  const refusals = [...headRefusals(now, next), ...storeRefusals(now.store, next.store)];
  const uploader = next.actors.find(({ kind }) => kind.name === 'uploader');
  if (next.store?.role === 'edge' && uploader && uploader.name !== cursor) {
    refusals.push(
      `the uploader is named ${printable(uploader.name)}, but what was sent is kept in the store under ${printable(cursor)}`,
    );
  }
  return { unchanged, changed, added, removed: [...before.keys()], store: store.map(inYaml), refusals };
}

/** Whether a port of that receiver outlasts the change: what waits in it waits for an actor of that name. */
export function keepsPort(next: Plan, receiver: ActorPlan): boolean {
  return next.actors.some(
    ({ name, kind }) => name === receiver.name && kind.accepts === receiver.kind.accepts,
  );
}

/** Nothing differs. */
export function isSame({ changed, added, removed, store }: PlanChanges): boolean {
  return changed.length + added.length + removed.length + store.length === 0;
}

function differences(now: ActorPlan, next: ActorPlan): string[] {
  if (now.kind.name !== next.kind.name) return ['kind'];
  const what = differingKeys(now.config as object, next.config as object);
  if (now.to !== next.to) what.push('to');
  if (now.process !== next.process) what.push('process');
  return what;
}

function differingKeys(now: object, next: object): string[] {
  const [a, b] = [now as Record<string, unknown>, next as Record<string, unknown>];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].filter((key) => !isDeepStrictEqual(a[key], b[key]));
}

function isFed({ wires }: Plan, { name }: ActorPlan): boolean {
  return wires.some(({ to }) => to === name);
}

function headRefusals(now: Plan, next: Plan): string[] {
  const refusals: string[] = [];
  if (now.name !== next.name) {
    refusals.push(`the pipeline is named ${printable(next.name)}, and runs as ${printable(now.name)}`);
  }
  if (now.edge !== next.edge) {
    const [is, was] = [next.edge, now.edge].map((edge) => (edge === '' ? 'not given' : printable(edge)));
    refusals.push(`\`edge\` is ${is}, and was ${was} at the start`);
  }
  if (!isDeepStrictEqual(now.console, next.console)) refusals.push('`console` has changed');
  if (now.states !== next.states) {
    refusals.push(`\`states\` is ${next.states ?? 'none'}, and was ${now.states ?? 'none'} at the start`);
  }
  return refusals;
}

function storeRefusals(now: StorePlan | null, next: StorePlan | null): string[] {
  if (now === null || next === null) {
    if (now === next) return [];
    return [
      now ? 'no actor needs the store any more' : 'its actors need a store, and it was started without one',
    ];
  }
  const refusals = differingKeys(now, next)
    .filter((key) => key !== 'bytesMax' && key !== 'whenFull')
    .map((key) => `\`store.${inYaml(key)}\` has changed`);
  if (next.bytesMax < now.bytesMax && next.bytesMax < storeMaxLive) {
    refusals.push('`store.max` can be lowered to 16MiB and no further while the store is open');
  }
  return refusals;
}

/** The name of a store's setting as people write it. */
function inYaml(key: string): string {
  if (key === 'bytesMax') return 'max';
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
