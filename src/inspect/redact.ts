/**
 * Contexts and payloads as anybody may see them: plain JSON of bounded size without secrets, with what would steer a terminal made
 * printable. What lies in them may be anything, so nothing here throws.
 */
import type { Problem } from '../contract/errors.ts';
import { clip, printable } from '../domain/text.ts';

/** What stands in place of a secret. */
const hidden = '***';
const depthMax = 6;
const keysMax = 40;
const itemsMax = 20;
const textLengthMax = 400;
const keyLengthMax = 80;
/** JSON text of one payload or context, about; what comes after that much is left out. */
const bytesMax = 6_000;
/** A shorter secret is part of too many words to be looked for in texts. */
const secretLengthMin = 4;
const namesKnownMax = 1_000;

const secretWords = new Set(
  'apikey apikeys authorization cookie cookies credential credentials key keys passphrase passwd password passwords privatekey pwd secret secrets token tokens'.split(
    ' ',
  ),
);
/** What gives itself away inside a text. */
const secretForms: readonly [RegExp, string][] = [
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g,
    hidden,
  ],
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/@:]{0,200}:)[^\s/@]{1,200}@/gi, `$1${hidden}@`],
  [/(\b(?:bearer|basic) )[\w+/=.~-]{12,}/gi, `$1${hidden}`],
  [
    /((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key)(?:["'] ?: ?["']|=["']?))[^\s"'&;,]{2,}/gi,
    `$1${hidden}`,
  ],
];
/** None of the forms matches a text without one of these. */
const suspicious = /[:=]|bearer|basic|-----/i;

export interface Redacted {
  readonly value: unknown;
  /** Of its JSON text, about. */
  readonly bytes: number;
}

export class Redactor {
  /** Longest first: one may be part of another. */
  #secrets: readonly string[] = [];
  readonly #names = new Map<string, boolean>();

  /** These are hidden in every text from now on, as are those given before. */
  hide(secrets: Iterable<string>): void {
    const all = new Set([...this.#secrets, ...secrets]);
    this.#secrets = [...all]
      .filter(({ length }) => length >= secretLengthMin)
      .sort((a, b) => b.length - a.length);
  }

  /** Nothing is to be hidden: nobody needs to look. */
  get hidesNothing(): boolean {
    return this.#secrets.length === 0;
  }

  /** What was given to `hide` is hidden, and nothing else changed: whoever shows the text bounds and escapes it. */
  withoutSecrets(text: string): string {
    return this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, hidden), text);
  }

  /** The same of a problem, which is the very same object where nothing is to be hidden. */
  problem<Of extends Problem>(problem: Of): Of {
    if (this.hidesNothing) return problem;
    const { message, advice } = problem;
    return {
      ...problem,
      message: this.withoutSecrets(String(message)),
      advice: this.withoutSecrets(String(advice)),
    };
  }

  redact(value: unknown): Redacted {
    const walk: Walk = { bytes: 0, around: [] };
    const shown = this.#any(value, walk);
    return { value: shown ?? null, bytes: walk.bytes };
  }

  /** A member of a context or payload, or `undefined` where none is to be shown. */
  member(name: string, value: unknown): Redacted | undefined {
    if (typeof value === 'function' || value === undefined) return undefined;
    if (this.#isSecret(name) && isFilled(value)) return { value: hidden, bytes: hidden.length };
    return this.redact(value);
  }

  text(text: string, lengthMax: number = textLengthMax): string {
    const [longest = ''] = this.#secrets;
    // A secret that is cut off by the end would not be found.
    const read =
      text.length > 4 * lengthMax ? text.slice(0, Math.max(lengthMax, 4 * lengthMax - longest.length)) : text;
    let safe = this.withoutSecrets(read);
    if (suspicious.test(safe)) {
      for (const [form, instead] of secretForms) safe = safe.replace(form, instead);
    }
    const shown = printable(safe, lengthMax);
    return read === text ? shown : clip(`${shown}…`, lengthMax);
  }

  #any(value: unknown, walk: Walk): unknown {
    if (typeof value === 'object' && value !== null) return this.#around(value, walk);
    switch (typeof value) {
      case 'string':
        return counted(this.text(value), walk);
      case 'number':
        return Number.isFinite(value) ? counted(value, walk) : counted(String(value), walk);
      case 'boolean':
        return counted(value, walk);
      case 'bigint':
        return counted(clip(`${value}n`, keyLengthMax), walk);
      case 'symbol':
        return counted('<symbol>', walk);
      case 'function':
        return counted('<function>', walk);
    }
    return value === null ? counted(null, walk) : undefined;
  }

  #around(value: object, walk: Walk): unknown {
    if (walk.around.includes(value)) return counted('<cycle>', walk);
    walk.around.push(value);
    try {
      return this.#object(value, walk);
    } catch {
      return counted('<unreadable>', walk);
    } finally {
      walk.around.pop();
    }
  }

  #object(value: object, walk: Walk): unknown {
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer)
      return counted(`<${value.byteLength} bytes>`, walk);
    if (value instanceof Date) return counted(Number.isNaN(+value) ? '<no date>' : value.toISOString(), walk);
    const isList = Array.isArray(value);
    const isError = value instanceof Error;
    if (!isList && !isError && !isPlain(value)) return counted(kindOf(value), walk);
    if (walk.around.length > depthMax) return counted(isList ? `<list of ${value.length}>` : '<more>', walk);
    if (isList) return this.#list(value, walk);
    return this.#members(value, isError ? ['name', 'code', 'message', 'cause'] : Object.keys(value), walk);
  }

  #list(list: readonly unknown[], walk: Walk): unknown[] {
    const shown: unknown[] = [];
    for (let i = 0; i < list.length; i += 1) {
      if (i === itemsMax || walk.bytes > bytesMax) {
        shown.push(counted(`<${list.length - i} more>`, walk));
        break;
      }
      shown.push(this.#any(list[i], walk) ?? null);
    }
    walk.bytes += 2 + shown.length;
    return shown;
  }

  #members(of: object, names: readonly string[], walk: Walk): Record<string, unknown> {
    const shown: Record<string, unknown> = {};
    let count = 0;
    for (const [i, name] of names.entries()) {
      if (count === keysMax || walk.bytes > bytesMax) {
        shown['…'] = counted(`<${names.length - i} more>`, walk);
        break;
      }
      const value = this.#member(of, name, walk);
      if (value === undefined) continue;
      const shownName = printable(name, keyLengthMax);
      // As a key of a new object it would mean something else.
      if (shownName === '__proto__') continue;
      shown[shownName] = value;
      walk.bytes += shownName.length + 4;
      count += 1;
    }
    walk.bytes += 2;
    return shown;
  }

  #member(of: object, name: string, walk: Walk): unknown {
    let value: unknown;
    try {
      value = (of as Record<string, unknown>)[name];
    } catch {
      return counted('<unreadable>', walk);
    }
    if (typeof value === 'function') return undefined;
    if (this.#isSecret(name) && isFilled(value)) return counted(hidden, walk);
    return this.#any(value, walk);
  }

  #isSecret(name: string): boolean {
    let is = this.#names.get(name);
    if (is !== undefined) return is;
    const words = clip(name, keyLengthMax)
      .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .split(/[^a-z0-9]+/);
    is = words.some((word) => secretWords.has(word));
    if (this.#names.size < namesKnownMax) this.#names.set(name, is);
    return is;
  }
}

interface Walk {
  /** Of what is shown so far. */
  bytes: number;
  /** Objects that the value lies in. */
  readonly around: object[];
}

/** Nobody learns anything from an empty one but that it is empty. */
const isFilled = (value: unknown) =>
  value !== '' && value !== null && value !== undefined && value !== false && value !== true;

const isPlain = (value: object) => {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

function kindOf(value: object): string {
  if (value instanceof Map) return `<map of ${value.size}>`;
  if (value instanceof Set) return `<set of ${value.size}>`;
  const { name } = value.constructor;
  return typeof name === 'string' && name !== '' ? `<${printable(name, 40)}>` : '<object>';
}

function counted<Value extends string | number | boolean | null>(value: Value, walk: Walk): Value {
  walk.bytes += typeof value === 'string' ? value.length + 2 : 5;
  return value;
}
