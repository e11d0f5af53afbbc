/** A JSON Schema (draft 2020-12) of pipeline files, for editors. */
import { z } from 'zod';
import type { ActorKind } from '../contract/kind.ts';
import { namePattern } from '../domain/segment.ts';
import { headSchema } from './head.ts';

type Json = Record<string, unknown>;

const quantityPatterns: Readonly<Record<string, string>> = {
  duration: '^\\s*\\d+(\\.\\d+)?\\s*(ms|s|m|h|d)\\s*$',
  size: '^\\s*\\d+(\\.\\d+)?\\s*(B|KiB|MiB|GiB|TiB)\\s*$',
};
/** Text with a variable may become anything; only the check at start knows. */
const withVariable: Json = { type: 'string', pattern: '\\$\\{' };
const numeric: Json = { type: 'string', pattern: '^\\s*[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?\\s*$' };

/** Describes every file that these kinds allow; what only the wiring tells is left to `fogrun check`. */
export function pipelineJsonSchema(kinds: ReadonlyMap<string, ActorKind>): Json {
  const head = inputSchema(headSchema);
  const properties = head.properties as Json;
  return sayOnce({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'fogrun pipeline',
    type: 'object',
    properties: {
      ...properties,
      fogrun: { const: 1, description: 'Version of the file format.' },
      actors: {
        type: 'object',
        description: 'Actors by name.',
        minProperties: 1,
        propertyNames: { pattern: namePattern.source },
        additionalProperties: {
          type: 'object',
          required: ['kind'],
          oneOf: [...kinds.values()].map(actorSchema),
        },
      },
    },
    required: ['fogrun', 'pipeline', 'actors'],
    additionalProperties: false,
  });
}

/** Choices shorter than this, as JSON text, may be repeated. */
const repeatedTextMax = 2_000;

/** Puts long lists of choices that come again into `$defs`: editors read the whole file. */
function sayOnce(schema: Json): Json {
  const seen = new Map<string, { name: string; again: boolean }>();
  const visit = (value: unknown, see: (choices: Json[]) => Json | undefined): unknown => {
    if (Array.isArray(value)) return value.map((one) => visit(one, see));
    if (typeof value !== 'object' || value === null) return value;
    const { anyOf, ...rest } = value as Json & { anyOf?: Json[] };
    const shared = anyOf && see(anyOf);
    const all = shared ? { ...rest, ...shared } : value;
    return Object.fromEntries(Object.entries(all).map(([key, part]) => [key, visit(part, see)]));
  };
  visit(schema, (choices) => {
    const text = JSON.stringify(choices);
    if (text.length <= repeatedTextMax) return undefined;
    const known = seen.get(text);
    if (known) known.again = true;
    else seen.set(text, { name: `choices-${seen.size + 1}`, again: false });
    return undefined;
  });
  const named = [...seen].filter(([, { again }]) => again);
  const shared = visit(schema, (choices) => {
    const known = seen.get(JSON.stringify(choices));
    return known?.again ? { $ref: `#/$defs/${known.name}` } : undefined;
  }) as Json;
  if (named.length === 0) return shared;
  const defs = named.map(([text, { name }]) => [name, { anyOf: JSON.parse(text) }]);
  return { ...shared, $defs: Object.fromEntries(defs) };
}

function actorSchema(kind: ActorKind): Json {
  const { $schema: _, ...config } = inputSchema(kind.config);
  const properties: Json = {
    kind: { const: kind.name, description: kind.purpose },
    ...(kind.emits !== null && {
      to: { type: 'string', description: `The actor that its ${kind.emits} go to.` },
    }),
    unless: { type: 'string', description: 'The actor is left out when this text is not empty.' },
    ...(kind.placeable && {
      process: {
        anyOf: [{ type: 'string', pattern: namePattern.source }, withVariable],
        description: 'Runs the actor in a child process of that name, shared with others that name it.',
      },
    }),
    ...(config.properties as Json | undefined),
  };
  const required = ['kind', ...((config.required as string[] | undefined) ?? [])];
  if (kind.emits !== null && !kind.emitsOptional) required.push('to');
  return {
    ...config,
    title: kind.name,
    description: kind.purpose,
    properties,
    required,
    additionalProperties: false,
  };
}

function inputSchema(schema: z.ZodType): Json {
  return openToVariables(
    z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Json,
  );
}

/** Lets text with a variable stand wherever a value does, and turns our notes into what editors know. */
function openToVariables(schema: Json): Json {
  const { quantity, secret, description, default: preset, ...rest } = schema;
  const outer: Json = {
    ...(description !== undefined && { description }),
    ...(preset !== undefined && { default: preset }),
    ...(secret === true && { writeOnly: true }),
  };
  if (typeof quantity === 'string') {
    return { ...outer, anyOf: [{ type: 'string', pattern: quantityPatterns[quantity] }, withVariable] };
  }
  const { type } = rest;
  if (type === 'number' || type === 'integer') return { ...outer, anyOf: [rest, numeric, withVariable] };
  if (type === 'boolean') return { ...outer, anyOf: [rest, { enum: ['true', 'false'] }, withVariable] };
  const bounded = ['pattern', 'format', 'maxLength', 'minLength', 'enum', 'const'].some((key) => key in rest);
  if (bounded) return { ...outer, anyOf: [rest, withVariable] };
  // A variable fits every branch, so that "exactly one" would refuse it.
  if (Array.isArray(rest.oneOf)) {
    rest.anyOf = rest.oneOf;
    delete rest.oneOf;
  }
  for (const key of ['anyOf', 'allOf', 'prefixItems']) {
    if (Array.isArray(rest[key])) rest[key] = (rest[key] as Json[]).map(openToVariables);
  }
  for (const key of ['items', 'additionalProperties']) {
    if (typeof rest[key] === 'object' && rest[key] !== null) rest[key] = openToVariables(rest[key] as Json);
  }
  for (const key of ['properties', '$defs']) {
    if (rest[key]) {
      const parts = Object.entries(rest[key] as Record<string, Json>);
      rest[key] = Object.fromEntries(parts.map(([name, part]) => [name, openToVariables(part)]));
    }
  }
  return { ...outer, ...rest };
}
