/** The reference, from the same source that is checked and run: kinds, errors, and the schema for editors. */
import { z } from 'zod';
import { cloudSession, cloudSessionEffects } from '../../machines/cloud-session.ts';
import { kinds } from '../../machines/index.ts';
import { errorCodes } from '../contract/errors.ts';
import type { ActorKind, EffectNote } from '../contract/kind.ts';
import { pipelineJsonSchema } from '../pipeline/json-schema.ts';
import { idleStatechart } from '../runtime/idle-statechart.ts';

/** Files of docs/reference by name. */
export function referenceFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>([
    ['kinds.md', catalogue()],
    ['errors.md', errorsReference()],
    ['pipeline.schema.json', `${JSON.stringify(pipelineJsonSchema(kinds), null, 2)}\n`],
  ]);
  for (const kind of kinds.values()) files.set(`${kind.name}.md`, withPictures(kind));
  return files;
}

/** On a page that shows pictures its statecharts are drawn as well. */
function withPictures(kind: ActorKind): string {
  const drawn = (title: string, text: string, name: string) =>
    text.replace(`\n## ${title}\n`, `\n## ${title}\n\n![statechart](../pictures/${name}.svg)\n`);
  return drawn('Sessions', drawn('States', kindReference(kind), kind.name), 'cloud-session');
}

/** All kinds, a line each. */
export function catalogue(): string {
  const rows = [...kinds.values()].map(
    (kind) =>
      `| [${kind.name}](${kind.name}.md) | ${kind.accepts ?? '-'} | ${kind.emits ?? '-'} | ${kind.purpose} |`,
  );
  return `# Kinds\n\n| kind | accepts | emits | purpose |\n|---|---|---|---|\n${rows.join('\n')}\n\n${common()}\n`;
}

/** What stands under an actor whatever its kind. */
function common(): string {
  const placeable = [...kinds.values()].filter((kind) => kind.placeable).map(({ name }) => name);
  const rows = [
    ['kind', 'One of the table above.'],
    ['to', 'The actor that what it emits goes to.'],
    ['unless', 'The actor is left out when this text is not empty.'],
    [
      'process',
      'Name of a child process that it runs in, shared by the actors that name it; empty for none. One that crashes, hangs ' +
        `or is killed is started again, and the rest of the pipeline goes on. For ${placeable.join(', ')}.`,
    ],
  ].map(([key, meaning]) => `| \`${key}\` | ${meaning} |`);
  return `Every actor may also have these:\n\n| key | meaning |\n|---|---|\n${rows.join('\n')}`;
}

/** One kind: purpose, example, ports, every config field, states, effects. */
export function kindReference(kind: ActorKind): string {
  const fields = configFields(z.toJSONSchema(kind.config, { io: 'input' }) as Schema);
  const rows = fields.map(
    ({ path, type, fallback, text }) =>
      `| \`${path}\` | ${type} | ${fallback ? `\`${fallback}\`` : ''} | ${text} |`,
  );
  return [
    `# ${kind.name}`,
    kind.purpose,
    `- accepts: ${kind.accepts ?? 'nothing'}${kind.acceptsOptional ? ' (optional)' : ''}`,
    `- emits: ${kind.emits ?? 'nothing'}${kind.emitsOptional ? ' (optional)' : ''}`,
    `- store: ${kind.store ?? 'none'}`,
    `- process: ${kind.placeable ? "the pipeline's, or one of its own with `process: NAME`" : "the pipeline's"}`,
    `- when it fails for good: ${kind.onFailed === 'exit' ? 'the pipeline ends with an error' : 'the others go on'}`,
    '## Example',
    `\`\`\`yaml\n${kind.example}\n\`\`\``,
    '## Config',
    rows.length > 0
      ? `| field | type | default | meaning |\n|---|---|---|---|\n${rows.join('\n')}`
      : 'Nothing to set.',
    '## States',
    statesTable(idleStatechart(kind)),
    '## Effects',
    effectsTable(kind.effects),
    ...(kind.name === 'cloud-receiver' ? sessions() : []),
    '',
  ]
    .join('\n\n')
    .replaceAll(/\n\n(- )/g, '\n$1')
    .replace(/\n(- accepts)/, '\n\n$1');
}

/** Every code a person can meet. */
export function errorsReference(): string {
  const rows = Object.entries(errorCodes).map(
    ([code, { meaning, advice, exit }]) => `| \`${code}\` | ${meaning} | ${advice} | ${exit} |`,
  );
  return `# Errors\n\nThe last column is the exit code where the error ends the process.\n\n| code | meaning | what to do | exit |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

interface StateConfig {
  readonly tags?: readonly string[];
  readonly type?: string;
  readonly on?: Record<string, unknown>;
  readonly after?: Record<string, unknown>;
  readonly states?: Record<string, StateConfig>;
}

const tagWords: Readonly<Record<string, string>> = {
  rest: 'may last',
  trouble: 'something is wrong',
  failed: 'given up',
};

/** The receiver runs one more statechart for each connection. */
function sessions(): string[] {
  return [
    '## Sessions',
    'Each connection is an actor of its own, named after the receiver and the address of the edge.',
    statesTable(cloudSession),
    effectsTable(cloudSessionEffects),
  ];
}

function effectsTable(notes: Readonly<Record<string, EffectNote>>): string {
  const rows = Object.entries(notes).map(([name, { as, does }]) => `| \`${name}\` | ${as} | ${does} |`);
  return `| effect | form | what it does |\n|---|---|---|\n${rows.join('\n')}`;
}

/** States with their meaning and what leads out of them, from the statechart itself. */
function statesTable(statechart: unknown): string {
  const { config } = statechart as { config: StateConfig };
  const rows: string[] = [];
  const walk = (parent: string, all: Record<string, StateConfig>) => {
    for (const [name, state] of Object.entries(all)) {
      const path = parent ? `${parent}.${name}` : name;
      const notes = (state.tags ?? []).map((tag) => tagWords[tag] ?? tag);
      if (state.type === 'final' && notes.length === 0) notes.push('the end');
      const ways = [
        ...Object.keys(state.on ?? {}),
        ...Object.keys(state.after ?? {}).map((delay) => `after ${delay}`),
      ];
      rows.push(`| \`${path}\` | ${notes.join(', ')} | ${ways.map((way) => `\`${way}\``).join(' ')} |`);
      walk(path, state.states ?? {});
    }
  };
  walk('', config.states ?? {});
  const always = Object.keys(config.on ?? {}).map((event) => `\`${event}\``);
  const everywhere =
    always.length > 0 ? `\n\nIn every state that does not say otherwise: ${always.join(' ')}.` : '';
  return `| state | meaning | reacts to |\n|---|---|---|\n${rows.join('\n')}${everywhere}`;
}

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly quantity?: string;
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

interface Field {
  readonly path: string;
  readonly type: string;
  readonly fallback: string;
  readonly text: string;
}

/** More fields than these, made the same way, are explained once, under the first of them. */
const repeatedFieldsMax = 6;

function configFields(schema: Schema, parent = ''): Field[] {
  const told = new Map<string, string>();
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = parent ? `${parent}.${name}` : name;
    const within = inner(field, path);
    const same = JSON.stringify(inner(field, ''));
    const first = within.length > repeatedFieldsMax ? told.get(same) : undefined;
    if (first === undefined) told.set(same, path);
    const own: Field = {
      path,
      type: typeName(field),
      fallback: fallbackText(field),
      text: [field.description ?? '', ...(first === undefined ? [] : [`As \`${first}\`.`])].join(' '),
    };
    return first === undefined ? [own, ...within] : [own];
  });
}

function inner(field: Schema, path: string): Field[] {
  const choices = field.oneOf ?? field.anyOf;
  if (field.properties) return configFields(field, path);
  if (typeof field.additionalProperties === 'object')
    return inner(field.additionalProperties, `${path}.NAME`);
  if (field.items) return inner(field.items, `${path}[]`);
  if (!choices) return [];
  return choices.flatMap((choice) => {
    const tag = Object.entries(choice.properties ?? {}).find(([, { const: value }]) => value !== undefined);
    return configFields(choice, tag ? `${path}(${tag[1].const})` : path).filter(
      ({ path: own }) => !own.endsWith(`.${tag?.[0]}`),
    );
  });
}

function typeName(field: Schema): string {
  if (field.quantity) return field.quantity;
  if (field.enum) return field.enum.map((value) => `\`${value}\``).join(' or ');
  if (field.const !== undefined) return `\`${field.const}\``;
  const choices = field.oneOf ?? field.anyOf;
  if (choices?.every(({ properties }) => !properties)) return choices.map(typeName).join(' or ');
  if (choices) return 'one of several';
  if (field.type === 'array') return 'list';
  if (field.type === 'object') return 'mapping';
  return field.type === 'string' ? 'text' : (field.type ?? 'number');
}

function fallbackText(field: Schema): string {
  if (field.default === undefined) return '';
  const text = typeof field.default === 'string' ? field.default : JSON.stringify(field.default);
  return text === '{}' || text === '""' || text === '' ? '' : text;
}
