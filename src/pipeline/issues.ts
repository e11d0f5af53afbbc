/** A value against its schema: zod's issues become short sentences at the right place. */
import type { z } from 'zod';
import { originOf } from './interpolate.ts';
import { isBroken, type Node, nodeAt, type Path, toValue } from './node.ts';
import { quote, type Report, suggest } from './problem.ts';
import {
  choicesAt,
  describeValue,
  eachSecret,
  expectationAt,
  isSecretAt,
  knownKeys,
  quantityAt,
} from './schema.ts';

type Issue = z.core.$ZodIssue;

/** Stands where a schema has no words of its own for an issue. */
const unworded = '\u0000';

interface Subject {
  readonly schema: z.ZodType;
  readonly root: Node;
  /** Where `root` stands in the file. */
  readonly base: Path;
  readonly report: Report;
  /** More keys that may stand at the top of `root`, for suggestions. */
  readonly keysBeside: readonly string[];
  /** Values that no message may show. */
  readonly secrets: readonly string[];
}

/** The parsed value, or `undefined` after at least one report (or where one was made before). */
export function checkValue<Schema extends z.ZodType>(
  schema: Schema,
  root: Node,
  base: Path,
  report: Report,
  keysBeside: readonly string[] = [],
): z.output<Schema> | undefined {
  const secrets: string[] = [];
  eachSecret(schema, root, ({ value, source }) => {
    for (const text of [value, source]) if (text !== null && text !== '') secrets.push(String(text));
  });
  const subject: Subject = { schema, root, base, report, keysBeside, secrets };
  try {
    const result = schema.safeParse(toValue(root), { error: () => unworded });
    if (result.success) return isBroken(root) ? undefined : result.data;
    reportIssues(subject, result.error.issues, []);
  } catch (thrown) {
    // A schema of someone else's making may throw; that is its mistake, but it must not end the check.
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    say(subject, root, [], `cannot be checked: ${why}`);
  }
  return undefined;
}

function say(subject: Subject, node: Node, path: Path, message: string, hint = ''): void {
  // Its own problem was told already.
  if (isBroken(node)) return;
  // Beside the secret itself a short one would only garble what it happens to be a part of.
  const lengthMin = isSecretAt(subject.schema, path) ? 1 : 4;
  const secrets = subject.secrets.filter((secret) => secret.length >= lengthMin);
  const redact = (text: string) => secrets.reduce((safe, secret) => safe.replaceAll(secret, '***'), text);
  const origin = originOf(node);
  const hints = [redact(hint), origin].filter((text) => text !== '').join('; ');
  subject.report(node.offset, [...subject.base, ...path], redact(message), hints);
}

/** Once a value has the wrong type, its size and pattern are not worth a word. */
function reportIssues(subject: Subject, issues: readonly Issue[], above: Path): void {
  const key = (issue: Issue) => JSON.stringify(issue.path.map(String));
  const wrongType = new Set(issues.filter((issue) => issue.code === 'invalid_type').map(key));
  for (const issue of issues) {
    if (issue.code === 'invalid_type' || !wrongType.has(key(issue))) reportIssue(subject, issue, above);
  }
}

function reportIssue(subject: Subject, issue: Issue, above: Path): void {
  const path = [...above, ...issue.path];
  const { schema, root } = subject;
  const { node, nearest } = nodeAt(root, path);
  const own = issue.message === unworded ? '' : issue.message;

  if (issue.code === 'unrecognized_keys' && node?.type === 'map') {
    const known = knownKeys(schema, path);
    if (path.length === 0) known.push(...subject.keysBeside);
    for (const key of issue.keys) {
      const offset = node.entries.get(key)?.key.offset ?? node.offset;
      subject.report(offset, [...subject.base, ...path, key], own || 'unknown key', suggest(key, known));
    }
    return;
  }
  if (node === undefined) {
    const expected = expectationAt(schema, path);
    const message = own || (expected === '' ? 'is missing' : `is missing; expected ${expected}`);
    say(subject, nearest, path, message);
    return;
  }
  if (isSecretAt(schema, path)) {
    const got =
      node.type === 'scalar' && typeof node.value === 'string' ? 'something else' : describeValue(node);
    const fault =
      sizeFault(issue) ?? `expected ${expectationAt(schema, path) || 'another value'}, got ${got}`;
    say(subject, node, path, own || fault);
    return;
  }
  if (own) say(subject, node, path, own);
  else if (issue.code === 'invalid_union') reportUnion(subject, issue, path, node);
  else if (issue.code === 'invalid_key' || issue.code === 'invalid_element') {
    reportIssues(subject, issue.issues, path);
  } else say(subject, node, path, ...wordsFor(subject, issue, path, node));
}

/** Of the branches of a union, the one that came furthest was probably meant. */
function reportUnion(
  subject: Subject,
  issue: Issue & { code: 'invalid_union' },
  path: Path,
  node: Node,
): void {
  const branches = issue.errors
    .filter((issues) => issues.length > 0)
    .map((issues) => ({
      issues,
      // A branch that the value does not even have the type of says nothing worth reading.
      typeFits: !issues.some(
        ({ path: at, code }) =>
          at.length === 0 &&
          (code === 'invalid_type' || (code === 'invalid_value' && node.type !== 'scalar')),
      ),
      choiceFits: !issues.some((one) => one.code === 'invalid_value'),
    }))
    .filter(({ typeFits }) => typeFits)
    .sort((a, b) => Number(b.choiceFits) - Number(a.choiceFits) || a.issues.length - b.issues.length);
  const best = branches[0];
  if (best && (branches.length === 1 || best.choiceFits)) {
    reportIssues(subject, best.issues, path);
  } else say(subject, node, path, ...mismatch(subject, path, node));
}

function wordsFor(subject: Subject, issue: Issue, path: Path, node: Node): readonly [string, string?] {
  const size = sizeFault(issue);
  if (size) return [`${size}, got ${node.type === 'list' ? node.items.length : describeAmount(node)}`];
  switch (issue.code) {
    case 'invalid_type':
    case 'invalid_value':
      return mismatch(subject, path, node);
    case 'invalid_format':
      return [`${describeValue(node)} is not ${formatWord(issue.format, issue.pattern)}`];
    case 'not_multiple_of':
      return [`expected a multiple of ${issue.divisor}, got ${scalarValue(node)}`];
    default:
      return [`${describeValue(node)} is not valid here`];
  }
}

/** Where a number is expected, one that does not do is worth showing. */
function describeAmount(node: Node): string {
  return typeof scalarValue(node) === 'number' ? String(scalarValue(node)) : describeValue(node);
}

function scalarValue(node: Node): unknown {
  return node.type === 'scalar' ? node.value : undefined;
}

function formatWord(format: string, pattern: string | undefined): string {
  return format === 'regex' && pattern ? `text that matches ${pattern}` : `a valid ${format}`;
}

function mismatch({ schema }: Subject, path: Path, node: Node): readonly [string, string] {
  const expected = expectationAt(schema, path);
  if (expected === '') return [`${describeValue(node)} is not valid here`, ''];
  const value = scalarValue(node);
  const message = `expected ${expected}, got ${describeValue(node)}`;
  const quantity = quantityAt(schema, path);
  if (typeof value === 'number' && /number/.test(expected)) {
    return [`expected ${expected}, got ${describeAmount(node)}`, ''];
  }
  if (typeof value === 'number' && quantity) {
    return [message, `give it a unit, such as ${value}${quantity === 'duration' ? 's' : 'MiB'}`];
  }
  const choices = choicesAt(schema, path);
  if (typeof value === 'string' && choices.length > 0) {
    const near = suggest(value, choices);
    return [message, near.startsWith('did') ? near : ''];
  }
  const meantAsText = node.type === 'scalar' && (typeof value === 'number' || typeof value === 'boolean');
  if (meantAsText && expected === 'text') return [message, `put it in quotes: ${quote(`"${node.source}"`)}`];
  return [message, ''];
}

const unitOf: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  set: ['entry', 'entries'],
  map: ['entry', 'entries'],
};

/** "expected at least 1 character", "expected less than 10". */
function sizeFault(issue: Issue): string | undefined {
  if (issue.code !== 'too_small' && issue.code !== 'too_big') return undefined;
  const small = issue.code === 'too_small';
  const limit = small ? issue.minimum : issue.maximum;
  const units = unitOf[issue.origin];
  const unit = units ? ` ${Number(limit) === 1 ? units[0] : units[1]}` : '';
  const bound = small
    ? issue.inclusive === false
      ? 'more than'
      : 'at least'
    : issue.inclusive === false
      ? 'less than'
      : 'at most';
  return `expected ${bound} ${limit}${unit}`;
}
