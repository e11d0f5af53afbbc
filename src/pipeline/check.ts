/** The door of this folder: YAML text and kinds -> a checked plan, or everything that is wrong with the text. */
import { resolve } from 'node:path';
import type { z } from 'zod';
import type { ActorKind } from '../contract/kind.ts';
import type { PipelineProblem, Plan, StorePlan } from '../contract/plan.ts';
import { checkActors, type Draft, warnOfSecrets } from './actors.ts';
import { headSchema } from './head.ts';
import { interpolate, type Variables } from './interpolate.ts';
import { checkValue } from './issues.ts';
import { type MapNode, type Node, without } from './node.ts';
import { collectProblems, quote, type Report } from './problem.ts';
import { lineIndex, readYaml } from './read.ts';
import { describeValue } from './schema.ts';
import { checkWiring, inFlowOrder } from './wiring.ts';

export { formatProblem } from './problem.ts';

export interface CheckEnvironment {
  readonly kinds: ReadonlyMap<string, ActorKind>;
  /** What `${VAR}` may name. */
  readonly variables: Variables;
  /** Absolute; relative store paths start here. */
  readonly cwd: string;
}

export interface CheckedPipeline {
  /** `null` when there is at least one problem. */
  readonly plan: Plan | null;
  /** In the order of the text. */
  readonly problems: readonly PipelineProblem[];
  /** What is allowed but unwise, such as a secret in the file. */
  readonly warnings: readonly PipelineProblem[];
}

/** Never throws, whatever the text. Pure: reads nothing but what it is given. */
export function checkPipeline(
  source: { readonly file: string; readonly text: string },
  env: CheckEnvironment,
): CheckedPipeline {
  const text = source.text.startsWith('\ufeff') ? source.text.slice(1) : source.text;
  const linePos = lineIndex(text);
  const found = collectProblems(source.file, linePos);
  const warned = collectProblems(source.file, linePos);
  const root = readYaml(text, found.report);
  const plan =
    root && checkRoot(root, { file: source.file, text, env, report: found.report, warn: warned.report });
  const problems = found.sorted();
  return { plan: problems.length === 0 ? plan : null, problems, warnings: warned.sorted() };
}

/** More would be a program that writes YAML gone wrong, and suggestions would take long. */
const actorsMax = 1_000;

interface Check {
  readonly file: string;
  readonly text: string;
  readonly env: CheckEnvironment;
  readonly report: Report;
  readonly warn: Report;
}

function checkRoot(root: Node, check: Check): Plan | null {
  const { report, env, text } = check;
  if (root.type === 'scalar' && root.value === null) {
    report(0, [], 'the file is empty; expected a pipeline', 'it begins with `fogrun: 1`');
    return null;
  }
  if (root.type !== 'map') {
    report(
      root.offset,
      [],
      `expected a mapping with \`fogrun: 1\`, \`pipeline:\` and \`actors:\`, got ${describeValue(root)}`,
    );
    return null;
  }
  const version = root.entries.get('fogrun')?.value;
  if (version?.type === 'scalar' && typeof version.value === 'number' && version.value !== 1) {
    // What else it says may mean something else in another version.
    report(version.offset, ['fogrun'], `the file has format version ${version.value}; expected 1`);
    return null;
  }

  const variables = { text, variables: env.variables, report };
  const above = interpolate(without(root, ['actors']), [], variables);
  const head = checkValue(headSchema, above, [], report, ['actors']);
  warnOfSecrets(headSchema, above, [], check.warn);
  const drafts = draftsOf(root, check);
  if (!drafts) return null;
  const running = drafts.filter((draft) => !draft.leftOut);
  if (running.length === 0 && drafts.length > 0) {
    const message = 'every actor is left out by its `unless`; a pipeline needs at least one';
    report(root.entries.get('actors')!.key.offset, ['actors'], message);
  }
  const wires = checkWiring(drafts, report);
  checkSingles(running, report);
  const role = checkStore(root, drafts, report);
  if (role === 'cloud' && head?.store && head.store['when-full'] !== 'block') {
    const { value: store } = root.entries.get('store')!;
    const said = store.type === 'map' ? store.entries.get('when-full') : undefined;
    const message = `expected \`block\`, got \`${head.store['when-full']}\`: a cloud holds edges back and drops nothing`;
    report(
      (said?.value ?? store).offset,
      ['store', 'when-full'],
      message,
      'say it in the pipelines of the edges',
    );
  }
  if (!head || running.some((draft) => !draft.kind || draft.config === undefined)) return null;

  const byName = new Map(running.map((draft) => [draft.name, draft]));
  return {
    file: check.file,
    name: head.pipeline,
    edge: head.edge,
    store: storePlan(role, head.store, env.cwd),
    states: head.states,
    actors: inFlowOrder([...byName.keys()], wires).map((name) => {
      const { kind, config, process } = byName.get(name)!;
      const to = wires.find((wire) => wire.from === name)?.to ?? null;
      return { name, kind: kind!, config, to, process };
    }),
    wires,
    ...(head.console && { console: head.console }),
  };
}

function draftsOf(root: MapNode, { text, env, report, warn }: Check): Draft[] | null {
  const actors = root.entries.get('actors');
  if (!actors) {
    report(root.offset, ['actors'], 'is missing; expected a mapping of names to actors');
    return null;
  }
  if (actors.value.type === 'map' && actors.value.entries.size > actorsMax) {
    report(actors.key.offset, ['actors'], `more than ${actorsMax} actors`, 'make several pipelines of them');
    return null;
  }
  if (actors.value.type === 'map' && actors.value.entries.size > 0) {
    return checkActors(actors.value, { text, variables: env.variables, kinds: env.kinds, report, warn });
  }
  const empty =
    actors.value.type === 'map' || (actors.value.type === 'scalar' && actors.value.value === null);
  if (empty) report(actors.key.offset, ['actors'], 'no actors; a pipeline needs at least one');
  else
    report(
      actors.value.offset,
      ['actors'],
      `expected a mapping of names to actors, got ${describeValue(actors.value)}`,
    );
  return null;
}

function checkSingles(running: readonly Draft[], report: Report): void {
  const first = new Map<string, string>();
  for (const { name, kind, kindOffset } of running) {
    if (!kind?.single) continue;
    const other = first.get(kind.name);
    if (other === undefined) first.set(kind.name, name);
    else {
      const message = `a second ${kind.name}; a pipeline has at most one`;
      report(kindOffset, ['actors', name, 'kind'], message, `the other is ${quote(other)}`);
    }
  }
}

/** The role of the store that the running actors need, if any. */
function checkStore(root: MapNode, drafts: readonly Draft[], report: Report): StorePlan['role'] | null {
  const users = drafts.filter((draft) => !draft.leftOut && draft.kind?.store);
  const first = users[0];
  const role = first?.kind?.store ?? null;
  for (const { name, kind, kindOffset } of users) {
    if (kind!.store === role) continue;
    const message = `needs a store of the ${kind!.store}, but ${quote(first!.name)} one of the ${role}`;
    report(kindOffset, ['actors', name, 'kind'], message, 'make two pipelines of them');
  }
  const entry = root.entries.get('store');
  if (first && !entry) {
    report(
      root.offset,
      ['store'],
      `is missing; ${quote(first.name)} needs one`,
      'such as store: { path: .fogrun/edge }',
    );
  }
  // An actor that is left out today, or of a kind that is misspelt, may be the one that uses it.
  const maybe = drafts.some((draft) => draft.kind === null || draft.kind.store !== null);
  if (entry && !maybe && drafts.length > 0) {
    report(entry.key.offset, ['store'], 'no actor of this pipeline uses a store', 'leave `store` out');
  }
  return role;
}

function storePlan(
  role: StorePlan['role'] | null,
  store: z.output<typeof headSchema>['store'],
  cwd: string,
): StorePlan | null {
  if (role === null || !store) return null;
  return { role, path: resolve(cwd, store.path), bytesMax: store.max, whenFull: store['when-full'] };
}
