/** What stands under `actors:`, each entry on its own. */
import type { z } from 'zod';
import type { ActorKind } from '../contract/kind.ts';
import { namePattern } from '../domain/segment.ts';
import { interpolate, type Variables } from './interpolate.ts';
import { checkValue } from './issues.ts';
import { type MapNode, type Node, type Path, type ScalarNode, without } from './node.ts';
import { quote, type Report, suggest } from './problem.ts';
import { describeValue, eachSecret } from './schema.ts';

/** Keys that every actor may have, whatever its kind. */
export const actorKeys = ['kind', 'to', 'unless', 'process'] as const;

/** For names of pipelines, edges and actors. */
export function notAName(text: string): string {
  const rule = '1 to 64 letters, digits, `.`, `_` or `-`, the first and last a letter or digit';
  return `${quote(text)} is not a name: ${rule}`;
}

/** An actor as far as it could be understood. */
export interface Draft {
  readonly name: string;
  readonly node: Node;
  /** Where its kind is named, for problems about the kind. */
  readonly kindOffset: number;
  /** `null` when it is not known. */
  readonly kind: ActorKind | null;
  /** `undefined` when it is not valid. */
  readonly config: unknown;
  readonly to: { readonly name: string; readonly offset: number; readonly keyOffset: number } | null;
  /** `to:` is there but no name; that was reported. */
  readonly toBroken: boolean;
  /** The process it is placed in; `null` for none, or for one that is not valid. */
  readonly process: string | null;
  /** Left out by `unless`, which then says why. */
  readonly leftOut: ScalarNode | null;
}

export interface ActorsOptions {
  readonly text: string;
  readonly variables: Variables;
  readonly kinds: ReadonlyMap<string, ActorKind>;
  readonly report: Report;
  readonly warn: Report;
}

export function checkActors(actors: MapNode, options: ActorsOptions): Draft[] {
  return [...actors.entries].flatMap(([name, { key, value }]) => {
    const path = ['actors', name];
    if (!namePattern.test(name)) {
      options.report(key.offset, path, notAName(name));
    }
    if (value.type !== 'map') {
      options.report(value.offset, path, `expected a mapping with \`kind\`, got ${describeValue(value)}`);
      return [];
    }
    return [checkActor(name, value, path, options)];
  });
}

function checkActor(name: string, raw: MapNode, path: Path, options: ActorsOptions): Draft {
  const unless = checkUnless(raw, path, options);
  const leftOut = unless !== null && unless.value !== '' && !unless.broken ? unless : null;
  // What is left out is checked as it is written, but need not have its variables.
  const quiet = leftOut === null ? options.report : () => {};
  const node = interpolate(without(raw, ['unless']), path, { ...options, report: quiet }) as MapNode;

  const kindEntry = node.entries.get('kind');
  const kind = checkKind(node, path, options);
  const toEntry = node.entries.get('to');
  const to = scalarText(toEntry?.value);
  const toBroken = toEntry !== undefined && to === null;
  if (toEntry && toBroken) reportText(toEntry.value, [...path, 'to'], 'the name of an actor', options.report);

  let config: unknown;
  if (kind) {
    const rest = without(node, actorKeys);
    const report: Report =
      leftOut === null
        ? options.report
        : (offset, ...problem) => {
            if (!usesVariable(node, offset)) options.report(offset, ...problem);
          };
    config = checkValue(kind.config, rest, path, report, actorKeys);
    warnOfSecrets(kind.config, rest, path, options.warn);
  }
  return {
    name,
    node,
    kindOffset: kindEntry?.value.offset ?? node.offset,
    kind,
    config,
    to:
      toEntry && to !== null
        ? { name: to, offset: toEntry.value.offset, keyOffset: toEntry.key.offset }
        : null,
    toBroken,
    process: checkProcess(node, kind, path, options),
    leftOut,
  };
}

function checkUnless(raw: MapNode, path: Path, options: ActorsOptions): ScalarNode | null {
  const entry = raw.entries.get('unless');
  if (!entry) return null;
  const node = interpolate(entry.value, [...path, 'unless'], options);
  if (node.type === 'scalar' && typeof node.value === 'string') return node;
  reportText(node, [...path, 'unless'], `text such as "\${VAR:-}"`, options.report);
  return null;
}

function checkKind(node: MapNode, path: Path, { kinds, report }: ActorsOptions): ActorKind | null {
  const entry = node.entries.get('kind');
  const known = [...kinds.keys()];
  if (!entry) {
    report(
      node.offset,
      [...path, 'kind'],
      'is missing; expected the name of a kind',
      `known: ${known.join(', ')}`,
    );
    return null;
  }
  const name = scalarText(entry.value);
  if (name === null) {
    reportText(entry.value, [...path, 'kind'], 'the name of a kind', report);
    return null;
  }
  const kind = kinds.get(name);
  if (!kind)
    report(entry.value.offset, [...path, 'kind'], `unknown kind ${quote(name)}`, suggest(name, known));
  return kind ?? null;
}

/** The name of the process, if the kind may run in one of its own. */
function checkProcess(
  node: MapNode,
  kind: ActorKind | null,
  path: Path,
  { kinds, report }: ActorsOptions,
): string | null {
  const entry = node.entries.get('process');
  // Empty, as a variable without a value may leave it: the pipeline's own.
  if (!entry || (entry.value.type === 'scalar' && entry.value.value === '')) return null;
  const own = [...path, 'process'];
  const name = scalarText(entry.value);
  if (name === null) {
    reportText(entry.value, own, 'the name of a process', report);
    return null;
  }
  if (!namePattern.test(name)) report(entry.value.offset, own, notAName(name));
  if (kind && !kind.placeable) {
    const able = [...kinds.values()].filter(({ placeable }) => placeable).map((one) => one.name);
    const hint = able.length > 0 ? `only these can: ${able.join(', ')}` : '';
    const why = kind.store ? `: it works in the ${kind.store}'s store` : '';
    report(
      entry.key.offset,
      own,
      `the kind ${kind.name} cannot be placed in a process of its own${why}`,
      hint,
    );
  }
  return name;
}

function scalarText(node: Node | undefined): string | null {
  return node?.type === 'scalar' && typeof node.value === 'string' && node.value !== '' && !node.broken
    ? node.value
    : null;
}

function reportText(node: Node, path: Path, expected: string, report: Report): void {
  if (node.type === 'scalar' && node.broken) return;
  report(node.offset, path, `expected ${expected}, got ${describeValue(node)}`);
}

function usesVariable(node: Node, offset: number): boolean {
  if (node.type === 'scalar') return node.offset === offset && node.variables.length > 0;
  const children = node.type === 'list' ? node.items : [...node.entries.values()].map(({ value }) => value);
  return children.some((child) => usesVariable(child, offset));
}

/** Says of each secret in a file that the environment would be a better place. */
export function warnOfSecrets(schema: z.ZodType, config: Node, path: Path, warn: Report): void {
  eachSecret(schema, config, (node, at) => {
    if (!node.literal) return;
    const key = String(at.findLast((part) => typeof part === 'string') ?? 'secret')
      .toUpperCase()
      .replace(/[^A-Z0-9]+/g, '_');
    warn(
      node.offset,
      [...path, ...at],
      'a secret stands in the file',
      `take it from the environment: "\${${key}}"`,
    );
  });
}
