// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pipeline files have variables of their own
import test from 'ava';
import { pipelineJsonSchema } from '../../src/pipeline/json-schema.ts';
import { kinds } from './fixtures.ts';

type Json = { [key: string]: Json } & { [index: number]: Json };

const schema = pipelineJsonSchema(kinds) as Json;
const actors = schema.properties!.actors!.additionalProperties!.oneOf as unknown as Json[];
const actor = (kind: string) => actors.find((one) => one.properties!.kind!.const === (kind as unknown))!;

test('the schema has one branch for each kind, told apart by `kind`', (t) => {
  t.deepEqual(
    actors.map((one) => String(one.properties!.kind!.const)),
    [...kinds.keys()],
  );
  for (const one of actors) {
    t.is(one.additionalProperties as unknown, false);
    t.true((one.required as unknown as string[]).includes('kind'));
  }
});

test('`to` is there where a kind emits, and required where it must be wired', (t) => {
  t.true((actor('poller').required as unknown as string[]).includes('to'));
  t.false((actor('forecaster').required as unknown as string[]).includes('to'));
  t.false('to' in actor('emulator').properties!);
});

test('fields with defaults are not required, and descriptions are kept', (t) => {
  t.deepEqual(actor('poller').required as unknown, ['kind', 'to']);
  t.deepEqual(actor('uploader').required as unknown, ['kind', 'cloud', 'to']);
  t.is(actor('poller').properties!.every!.description as unknown, 'Pace.');
  t.is(actor('poller').properties!.every!.default as unknown, '1s');
});

/** Enough of JSON Schema for the fields under test. */
function fits(field: Json, value: unknown): boolean {
  if (field.anyOf) return (field.anyOf as unknown as Json[]).some((one) => fits(one, value));
  const { type, pattern, minimum, maximum, enum: choices, const: only } = field as Record<string, unknown>;
  if (type === 'integer' && !Number.isInteger(value)) return false;
  if ((type === 'string' || type === 'boolean' || type === 'number') && typeof value !== type) return false;
  if (choices && !(choices as unknown[]).includes(value)) return false;
  if (only !== undefined && only !== value) return false;
  if (pattern && !(typeof value === 'string' && new RegExp(pattern as string).test(value))) return false;
  return !(Number(minimum) > Number(value)) && !(Number(maximum) < Number(value));
}

test('a variable may stand wherever a value does', (t) => {
  const { port, every, type, exact, host } = actor('poller').properties!;
  for (const field of [port, every, type, exact, host])
    t.true(fits(field!, '${X:-1}'), JSON.stringify(field));
  t.true(fits(port!, 80) && fits(port!, '80'));
  t.false(fits(port!, 70_000) || fits(port!, 'http'));
  t.true(fits(every!, '15m'));
  t.false(fits(every!, 15) || fits(every!, '15'));
  t.false(fits(type!, 'barometr'));
});

test('secrets are marked and our own notes do not leak into the schema', (t) => {
  t.is(actor('poller').properties!.secret!.writeOnly as unknown, true);
  t.notRegex(JSON.stringify(schema), /"quantity"|"secret":true/);
});
