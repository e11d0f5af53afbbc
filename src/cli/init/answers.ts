/** What `fogrun init` wants to know: questions, and what is a good answer to each. */
import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { linkPort } from '../../contract/link.ts';
import { parseDurationMs } from '../../domain/quantities.ts';
import { namePattern } from '../../domain/segment.ts';
import { nearest, printable } from '../../domain/text.ts';

export type Source =
  | { readonly type: 'simulated' }
  | { readonly type: 'tinkerforge'; readonly host: string; readonly port: number }
  | { readonly type: 'file' | 'csv'; readonly path: string }
  | { readonly type: 'tcp' | 'http'; readonly port: number };

export interface Answers {
  readonly source: Source;
  /** `null`: on this machine, in a pipeline beside it. */
  readonly cloud: { readonly host: string; readonly port: number } | null;
  readonly edge: string;
  /** Pace of the readings, as written. */
  readonly every: string;
  /** Metres above sea level, or `none`. */
  readonly altitude: string;
}

/** A good answer, or what is wrong with it as the end of a sentence. */
export type Read<Value> = { readonly value: Value } | { readonly wrong: string };

export interface Question<Value> {
  readonly flag: 'source' | 'cloud' | 'edge' | 'every' | 'altitude';
  readonly asks: string;
  readonly otherwise: string;
  read(text: string): Read<Value>;
}

const ports = { tinkerforge: 4223, tcp: 7171, http: 7172 } as const;
const sources = ['simulated', 'tinkerforge', 'file', 'tcp', 'http', 'csv'];

export const questions = {
  source: {
    flag: 'source',
    asks: `What do you want to read?
    simulated             a sensor that is not there, to try things out
    tinkerforge[:HOST]    a barometer at a brick daemon
    file:PATH             lines of JSON in a file that grows
    tcp[:PORT], http[:PORT]   lines of JSON that programs send
    csv:PATH              a table of values that were recorded
 `,
    otherwise: 'simulated',
    read: readSource,
  },
  cloud: {
    flag: 'cloud',
    asks: 'Where is the cloud: HOST[:PORT], or `here` for one on this machine?',
    otherwise: 'here',
    read: (text) => {
      if (text === 'here') return { value: null };
      const value = readAddress(text, linkPort);
      return value ? { value } : { wrong: 'is not HOST, HOST:PORT or `here`' };
    },
  },
  edge: {
    flag: 'edge',
    asks: 'What is the name of this device? The cloud files its readings under it.',
    otherwise: defaultEdge(hostname()),
    read: (text) =>
      namePattern.test(text)
        ? { value: text }
        : {
            wrong:
              'is no name: 1 to 64 letters, digits, `.`, `_` or `-`, the first and last a letter or digit',
          },
  },
  every: {
    flag: 'every',
    asks: 'How often is it to be read?',
    otherwise: '1s',
    read: (text) => {
      const ms = parseDurationMs(text);
      const fits = ms !== undefined && ms >= 10 && ms <= 86_400_000;
      return fits ? { value: text } : { wrong: 'is no time between 10ms and 1d, such as 1s or 5m' };
    },
  },
  altitude: {
    flag: 'altitude',
    asks: 'How high above sea level is the barometer, in metres? `none` if there is none or you do not know.',
    otherwise: 'none',
    read: (text) => {
      const metres = Number(text);
      const fits = text === 'none' || (text.trim() !== '' && metres >= -500 && metres <= 5_000);
      return fits ? { value: text } : { wrong: 'is not `none` or a number of metres from -500 to 5000' };
    },
  },
} as const satisfies { [Name in keyof Answers]: Question<Answers[Name]> };

function readSource(text: string): Read<Source> {
  const [, type, rest] = /^([a-z]+)(?::(.*))?$/s.exec(text) ?? [];
  switch (type) {
    case 'simulated':
      return rest === undefined ? { value: { type } } : { wrong: 'takes nothing after `simulated`' };
    case 'tinkerforge': {
      const value = readAddress(rest || '127.0.0.1', ports[type]);
      return value
        ? { value: { type, ...value } }
        : { wrong: 'has no HOST or HOST:PORT after `tinkerforge:`' };
    }
    case 'tcp':
    case 'http': {
      const port = readPort(rest || String(ports[type]));
      return port === null ? { wrong: `has no port after \`${type}:\`` } : { value: { type, port } };
    }
    case 'file':
    case 'csv':
      // A service is started elsewhere, so the whole path.
      if (!rest || rest.includes('\0')) return { wrong: `needs a path: ${type}:PATH` };
      return isDirectory(rest)
        ? { wrong: 'is a directory; name a file in it' }
        : { value: { type, path: resolve(rest) } };
    default: {
      const [close] = nearest(type ?? text, sources);
      return { wrong: `is none of ${sources.join(', ')}${close ? ` (did you mean ${close}?)` : ''}` };
    }
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    // What cannot be looked at is told when it is read.
    return false;
  }
}

/** `host`, `host:port`, `[v6]` or `[v6]:port`. */
function readAddress(text: string, otherwise: number): { host: string; port: number } | null {
  const match = /^(?:\[([0-9A-Fa-f:.%]+)\]|([A-Za-z0-9._-]{1,253}))(?::(\d+))?$/.exec(text);
  const port = readPort(match?.[3] ?? String(otherwise));
  return match && port !== null ? { host: match[1] ?? match[2]!, port } : null;
}

function readPort(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

/** A name made of the machine's. */
export function defaultEdge(host: string): string {
  const short = host.split('.')[0]!.replace(/[^A-Za-z0-9_-]+/g, '-');
  const name = `edge-${short}`.slice(0, 64).replace(/[^A-Za-z0-9]+$/, '');
  return namePattern.test(name) ? name : 'edge-1';
}

/** The answer read, or a sentence about it. */
export function readAnswer<Value>(question: Question<Value>, text: string): Read<Value> {
  const found = question.read(text);
  return 'wrong' in found ? { wrong: `\`${printable(text, 60)}\` ${found.wrong}` } : found;
}
