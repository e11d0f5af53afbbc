/** `${VAR}`, `${VAR:-default}`, `${VAR:?message}` and `$${` in scalar text. What is put in stays text. */
import type { Node, Path, ScalarNode, VariableUse } from './node.ts';
import type { Report } from './problem.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

const opening = /\$?\$\{/g;
const variable = /^([A-Za-z_][A-Za-z0-9_]*)(?::([-?])(.*))?$/s;

/**
 * The same tree with every variable in its values (not keys) replaced. A scalar whose variable is missing is marked
 * broken.
 * @param text the file, to place a problem at the variable itself
 */
export function interpolate(
  node: Node,
  path: Path,
  options: { text: string; variables: Variables; report: Report },
): Node {
  if (node.type === 'list') {
    return { ...node, items: node.items.map((item, i) => interpolate(item, [...path, i], options)) };
  }
  if (node.type === 'map') {
    const entries = new Map(
      [...node.entries].map(([key, entry]) => [
        key,
        { key: entry.key, value: interpolate(entry.value, [...path, key], options) },
      ]),
    );
    return { ...node, entries };
  }
  if (typeof node.value !== 'string' || !node.value.includes('${')) return node;
  return interpolateText(node, node.value, path, options);
}

function interpolateText(
  node: ScalarNode,
  value: string,
  path: Path,
  { text, variables, report }: { text: string; variables: Variables; report: Report },
): ScalarNode {
  const uses: VariableUse[] = [];
  let literal = false;
  let broken = false;
  let result = '';
  let read = 0;
  let searched = node.offset;
  // The value may differ from the text of the file (escapes, folding); then the scalar itself is the place.
  const placeOf = (span: string): number => {
    const at = text.indexOf(span, searched);
    if (at < 0 || at >= node.end) return node.offset;
    searched = at + span.length;
    return at;
  };
  const complain = (span: string, message: string, hint: string) => {
    broken = true;
    report(placeOf(span), path, message, hint);
  };
  const keep = (piece: string) => {
    if (piece !== '') literal = true;
    result += piece;
  };

  opening.lastIndex = 0;
  for (let match = opening.exec(value); match; match = opening.exec(value)) {
    keep(value.slice(read, match.index));
    read = opening.lastIndex;
    if (match[0] === '$${') {
      keep('${');
      continue;
    }
    const close = value.indexOf('}', read);
    if (close < 0) {
      complain('${', 'a `${` without its closing brace', 'write `$${` for a plain `${`');
      read = value.length;
      break;
    }
    const inner = value.slice(read, close);
    const span = `\${${inner}}`;
    read = close + 1;
    opening.lastIndex = read;
    const parts = variable.exec(inner);
    if (!parts) {
      complain(
        span,
        'not a variable',
        `such as \${NAME}, \${NAME:-default} or \${NAME:?message}; write $\${ for a plain \${`,
      );
      continue;
    }
    const [, name, operator, rest = ''] = parts as unknown as [string, string, string?, string?];
    if (rest.includes('${')) {
      complain(span, `the text after \`:${operator}\` cannot hold another variable`, '');
      continue;
    }
    const set = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (operator === '-' && rest !== '') literal = true;
    if (operator === undefined ? set !== undefined : set !== undefined && set !== '') {
      uses.push({ name, defaulted: false });
      result += set;
    } else if (operator === '-') {
      uses.push({ name, defaulted: true });
      result += rest;
    } else if (operator === '?') {
      complain(span, `the variable \`${name}\` is not set${rest === '' ? '' : `: ${rest}`}`, '');
    } else {
      complain(span, `the variable \`${name}\` is not set`, `set it, or write \${${name}:-default}`);
    }
  }
  keep(value.slice(read));
  return { ...node, value: result, variables: uses, literal, broken };
}

/** "the value came from the variable `EVERY`" or from its default; empty when no variable was in it. */
export function originOf(node: Node | undefined): string {
  if (node?.type !== 'scalar' || node.variables.length === 0) return '';
  const names = node.variables.map(({ name, defaulted }) =>
    defaulted ? `the default of \`${name}\`` : `the variable \`${name}\``,
  );
  return `the value came from ${[...new Set(names)].join(' and ')}`;
}
