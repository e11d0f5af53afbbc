/** What a zod schema knows about the place a value stands in: its keys, its words, whether it is secret. */
import { z } from 'zod';
import { printable, quoteList } from '../domain/text.ts';
import { childrenOf, type Node, type Path } from './node.ts';
import { quote } from './problem.ts';

/** The parts of a schema's definition that are looked at here; each type of schema has some of them. */
interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly getter?: () => z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly items?: readonly z.ZodType[];
  readonly rest?: z.ZodType | null;
  readonly options?: readonly z.ZodType[];
  readonly left?: z.ZodType;
  readonly right?: z.ZodType;
  readonly entries?: Readonly<Record<string, string | number>>;
  readonly values?: readonly unknown[];
}

/** What helpers of src/contract/config.ts note on a schema. */
export interface Notes {
  readonly quantity?: 'duration' | 'size';
  readonly secret?: boolean;
}

function definitionOf(schema: z.ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

/** The schema itself and, in turn, what it wraps. Ends, also for schemas that contain themselves. */
function layers(schema: z.ZodType): z.ZodType[] {
  const found: z.ZodType[] = [];
  let current: z.ZodType | undefined = schema;
  while (current && found.length < 50) {
    found.push(current);
    const definition: Definition = definitionOf(current);
    if (definition.type === 'pipe') {
      const first = definition.in!;
      current = definitionOf(first).type === 'transform' ? definition.out : first;
    } else current = definition.type === 'lazy' ? definition.getter?.() : definition.innerType;
  }
  return found;
}

function notesOf(schema: z.ZodType): Notes {
  const notes: Notes[] = layers(schema).map((layer) => (z.globalRegistry.get(layer) ?? {}) as Notes);
  const quantity = notes.find((note) => note.quantity)?.quantity;
  return { ...(quantity && { quantity }), secret: notes.some((note) => note.secret === true) };
}

/** What stands at the core, with unions and intersections taken apart. */
function cores(schema: z.ZodType, level = 0): z.ZodType[] {
  const core = layers(schema).at(-1)!;
  const { options, left, right } = definitionOf(core);
  const parts = options ?? (left && right ? [left, right] : undefined);
  return parts && level < 5 ? parts.flatMap((part) => cores(part, level + 1)) : [core];
}

/** The schemas that a value at `path` may follow; none where the path leads out of what is known. */
export function schemasAt(schema: z.ZodType, path: Path): z.ZodType[] {
  let current = [schema];
  for (const key of path) {
    current = current.flatMap((one) =>
      cores(one).flatMap((core) => {
        const { shape, element, valueType, items, rest } = definitionOf(core);
        if (shape) return Object.hasOwn(shape, key) ? [shape[String(key)]!] : [];
        const next = element ?? valueType ?? items?.[Number(key)] ?? rest;
        return next ? [next] : [];
      }),
    );
  }
  return current;
}

/** The keys that a mapping at `path` may have. */
export function knownKeys(schema: z.ZodType, path: Path): string[] {
  const shapes = schemasAt(schema, path).flatMap((one) => cores(one).map((core) => definitionOf(core).shape));
  return [...new Set(shapes.flatMap((shape) => Object.keys(shape ?? {})))];
}

const types: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  tuple: 'a list',
  null: 'nothing',
};

/** Such as "a duration such as 250ms" or "`block` or `drop`"; empty when nothing is known. */
export function expectationAt(schema: z.ZodType, path: Path): string {
  const words = schemasAt(schema, path).flatMap((one) => {
    const { quantity } = notesOf(one);
    if (quantity === 'duration') return ['a duration such as 250ms'];
    if (quantity === 'size') return ['a size such as 64MiB'];
    return cores(one).flatMap((core) => {
      const definition = definitionOf(core);
      const { entries, values } = definition;
      const fixed = entries ? Object.values(entries) : values;
      if (fixed) return [listChoices(fixed)];
      if (definition.type === 'number' && (core as { format?: unknown }).format === 'safeint')
        return [types.int!];
      return types[definition.type] ?? [];
    });
  });
  return [...new Set(words)].join(' or ');
}

function listChoices(values: readonly unknown[]): string {
  const shown = values.slice(0, 20);
  const texts = shown.filter((value) => typeof value === 'string');
  const others = shown
    .filter((value) => typeof value !== 'string')
    .map((value) => `the ${typeof value} ${value}`);
  return [...(texts.length > 0 ? [quoteList(texts)] : []), ...others].join(' or ');
}

/** The values that a field with a fixed choice of text takes. */
export function choicesAt(schema: z.ZodType, path: Path): string[] {
  return schemasAt(schema, path).flatMap((one) =>
    cores(one).flatMap((core) => {
      const { entries, values } = definitionOf(core);
      return (entries ? Object.values(entries) : (values ?? [])).filter((value) => typeof value === 'string');
    }),
  );
}

export function quantityAt(schema: z.ZodType, path: Path): Notes['quantity'] {
  return schemasAt(schema, path)
    .map((one) => notesOf(one).quantity)
    .find((quantity) => quantity !== undefined);
}

/** Whether the value at `path`, or a part that it lies in, must not be shown. */
export function isSecretAt(schema: z.ZodType, path: Path): boolean {
  for (let length = 0; length <= path.length; length++) {
    if (schemasAt(schema, path.slice(0, length)).some((one) => notesOf(one).secret)) return true;
  }
  return false;
}

/**
 * Calls `visit` for each scalar of `node` that stands in a secret field, with the path of that field: what lies further
 * in may be part of the secret.
 */
export function eachSecret(
  schema: z.ZodType,
  node: Node,
  visit: (node: Node & { type: 'scalar' }, path: Path) => void,
  path: Path = [],
): void {
  if (isSecretAt(schema, path)) eachScalar(node, (scalar) => visit(scalar, path));
  else for (const [key, child] of childrenOf(node)) eachSecret(schema, child, visit, [...path, key]);
}

function eachScalar(node: Node, visit: (node: Node & { type: 'scalar' }) => void): void {
  if (node.type === 'scalar') visit(node);
  else for (const [, child] of childrenOf(node)) eachScalar(child, visit);
}

/** Such as "the text `abc`" or "a list". */
export function describeValue(node: Node): string {
  if (node.type === 'map') return 'a mapping';
  if (node.type === 'list') return 'a list';
  if (node.value === null) return 'nothing';
  if (node.value === '') return 'an empty text';
  if (typeof node.value === 'string') return quote(node.value);
  if (typeof node.value === 'boolean') return `\`${node.value}\``;
  return Number.isFinite(node.value) ? 'a number' : printable(node.source, 20);
}
