/** YAML text -> a tree with places, within bounds that hold for hostile text too. */
import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  Parser,
  type Node as YamlNode,
} from 'yaml';
import { findMask, maskVariables, unmask } from './mask.ts';
import type { Entry, Node, Path, ScalarNode } from './node.ts';
import type { Report } from './problem.ts';
import { syntaxProblem } from './syntax.ts';

const bytesMax = 2 ** 20;
const depthMax = 64;
const nodesMax = 20_000;
/** Ten for each value: far more than indentation, commas and comments take. */
const lexemesMax = 200_000;

/** Thrown inside, where going on would cost too much; its message is the one problem reported. */
class LimitError extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** Line and column, both from 1, of an offset. */
export function lineIndex(text: string) {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset: number) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: Math.max(0, offset - starts[low]!) + 1 };
  };
}

/** The tree, or `null` after at least one report. */
export function readYaml(text: string, report: Report): Node | null {
  try {
    const document = parse(text, report);
    return document && convert(document, report);
  } catch (thrown) {
    if (thrown instanceof LimitError) report(thrown.offset, [], thrown.message);
    else if (thrown instanceof RangeError) report(0, [], 'nested too deeply to be read');
    else throw thrown;
    return null;
  }
}

function parse(text: string, report: Report): Document.Parsed | null {
  if (Buffer.byteLength(text) > bytesMax) throw new LimitError(0, 'the file is larger than 1MiB');
  const control = text.search(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]/);
  if (control >= 0)
    throw new LimitError(control, `the control character ${codeOf(text, control)} is not allowed`);
  const reserved = findMask(text);
  if (reserved >= 0) throw new LimitError(reserved, `the character ${codeOf(text, reserved)} is not allowed`);

  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let offset = 0;
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(maskVariables(text))) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (++lexemes > lexemesMax) throw new LimitError(offset, `more than ${lexemesMax} words and signs`);
    // The stack also holds the document itself.
    if (parser.stack.length > depthMax + 1)
      throw new LimitError(offset, `nested deeper than ${depthMax} levels`);
    offset = parser.offset;
  }
  tokens.push(...parser.end());

  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false, prettyErrors: false });
  const documents = [...composer.compose(tokens, true, text.length)];
  const document = documents[0]! as Document.Parsed;
  const faults = documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]);
  const places = new Set<number>();
  for (const fault of faults) {
    // A second complaint about one place only follows from the first.
    if (!places.has(fault.pos[0])) report(fault.pos[0], [], ...syntaxProblem(fault));
    places.add(fault.pos[0]);
  }
  if (faults.length > 0) return null;
  if (documents.length > 1) {
    throw new LimitError(documents[1]!.range[0], 'a second YAML document; a pipeline file holds one');
  }
  if (document.directives.yaml.version !== '1.2') {
    throw new LimitError(
      0,
      `YAML version ${document.directives.yaml.version} is not understood; expected 1.2`,
    );
  }
  return document;
}

function codeOf(text: string, offset: number): string {
  return `U+${text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, '0')}`;
}

function convert(document: Document.Parsed, report: Report): Node | null {
  const anchors = new Map<string, Node>();
  const open = new Set<string>();
  let valid = true;
  let nodes = 0;
  const fail = (offset: number, path: Path, message: string, hint = '') => {
    valid = false;
    report(offset, path, message, hint);
  };

  const scalar = (value: ScalarNode['value'], source: string, offset: number, end: number): ScalarNode => {
    const literal = value !== null && value !== '';
    const plain = { variables: [], literal, broken: false, nodes: 1, depth: 1 };
    return { type: 'scalar', value, source, offset, end, ...plain };
  };

  const walk = (yaml: YamlNode | null | undefined, path: Path, fallbackOffset: number): Node => {
    const [offset, end] = yaml?.range ?? [fallbackOffset, fallbackOffset];
    const anchor = isScalar(yaml) || isCollection(yaml) ? yaml.anchor : undefined;
    if (anchor !== undefined) open.add(anchor);
    const node = build(yaml, path, offset, end);
    if (node.depth > depthMax) throw new LimitError(offset, `nested deeper than ${depthMax} levels`);
    if (anchor !== undefined) {
      open.delete(anchor);
      anchors.set(anchor, node);
    }
    return node;
  };

  const build = (yaml: YamlNode | null | undefined, path: Path, offset: number, end: number): Node => {
    if (isAlias(yaml)) {
      const target = open.has(yaml.source) ? undefined : anchors.get(yaml.source);
      if (!target) {
        const why = open.has(yaml.source) ? 'stands inside what it names' : 'names no anchor before it';
        fail(offset, path, `an alias that ${why}`, 'put text that begins with `*` in quotes');
        return scalar(null, '', offset, end);
      }
      count(target.nodes, offset);
      return target;
    }
    count(1, offset);
    if (isSeq(yaml)) {
      const items = yaml.items.map((item, i) => walk(item as YamlNode | null, [...path, i], offset));
      return { type: 'list', items, offset, end, ...measure(items) };
    }
    if (isMap(yaml)) {
      const entries = new Map<string, Entry>();
      for (const { key, value } of yaml.items) addEntry(entries, key, value, path, offset);
      const values = [...entries.values()].map((entry) => entry.value);
      return { type: 'map', entries, offset, end, ...measure(values) };
    }
    if (!isScalar(yaml)) return scalar(null, '', offset, end);
    const value = yaml.value;
    const source = unmask(yaml.source ?? '');
    if (typeof value === 'string') return scalar(unmask(value), source, offset, end);
    if (typeof value === 'number' || typeof value === 'boolean') return scalar(value, source, offset, end);
    return scalar(null, source, offset, end);
  };

  const addEntry = (entries: Map<string, Entry>, key: unknown, value: unknown, path: Path, at: number) => {
    const [offset, end] = (key as YamlNode | null)?.range ?? [at, at];
    const text = isScalar(key) && key.value !== null ? unmask(String(key.source ?? key.value)) : undefined;
    if (text === undefined) return fail(offset, path, 'a key must be text');
    const child = [...path, text];
    if (text === '__proto__') return fail(offset, child, 'unknown key');
    const first = entries.get(text);
    if (first) return fail(offset, child, 'the key is there twice', 'leave one of them');
    entries.set(text, { key: { offset, end }, value: walk(value as YamlNode | null, child, end) });
  };

  const count = (added: number, offset: number) => {
    nodes += added;
    if (nodes > nodesMax)
      throw new LimitError(offset, `more than ${nodesMax} values (aliases count in full)`);
  };

  const root = walk(document.contents, [], 0);
  return valid ? root : null;
}

function measure(children: readonly Node[]) {
  let nodes = 1;
  let depth = 0;
  for (const child of children) {
    nodes += child.nodes;
    depth = Math.max(depth, child.depth);
  }
  return { nodes, depth: depth + 1 };
}
