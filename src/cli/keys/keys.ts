/** `fogrun keys`: an authority of one's own, certificates for server and devices, tokens, and the end of all of them. */
import { resolve } from 'node:path';
import { FogrunError } from '../../contract/errors.ts';
import { namePattern } from '../../domain/segment.ts';
import { printable } from '../../domain/text.ts';
import { KeyBook, serverName } from './book.ts';
import { listKeys } from './list.ts';

export interface KeysOptions {
  readonly dir: string;
  readonly json: boolean;
  /** More hosts, separated by commas. */
  readonly hosts: string | undefined;
  readonly say: (line: string) => void;
  /** What is for people while stdout is for programs. */
  readonly tell: (line: string) => void;
  readonly now: () => number;
}

const verbs = ['init', 'device', 'token', 'list', 'renew', 'revoke'] as const;

export async function keys([verb, ...words]: readonly string[], options: KeysOptions): Promise<number> {
  const book = new KeyBook(options.dir, options.now);
  switch (verb) {
    case 'init':
      return init(book, words, options);
    case 'device':
      return device(book, nameIn(verb, words), options);
    case 'token':
      return token(book, nameIn(verb, words), options);
    case 'list':
      return listKeys(book, options);
    case 'renew':
      return renew(book, words, options);
    case 'revoke':
      return revoke(book, nameIn(verb, words), options);
    default:
      throw new FogrunError(
        'usage',
        `\`fogrun keys\` takes ${verbs.join(', ')}, not \`${printable(verb ?? '', 40)}\``,
      );
  }
}

async function init(book: KeyBook, words: readonly string[], options: KeysOptions): Promise<number> {
  const hosts = await book.init(hostsIn(words, options));
  answer(options, { dir: resolve(book.dir), hosts }, [
    `${book.dir} has an authority and a certificate for this cloud: ${hosts.join(', ')}`,
    `Next: fogrun keys device NAME${book.dir === 'keys' ? '' : ` --dir ${book.dir}`}, then FOGRUN_TLS=${book.dir} on this side.`,
    'Keep ca.key to yourself: whoever has it can make a certificate for any name.',
  ]);
  return 0;
}

async function device(book: KeyBook, name: string, options: KeysOptions): Promise<number> {
  const isNew = !(await has(book, name));
  const folder = await book.device(name);
  const older = isNew ? [] : [`${name} had one before: it ${staysValid}.`];
  answer(options, { name, folder: resolve(folder) }, [...deviceLines(name, folder), ...older]);
  return 0;
}

const staysValid = 'stays valid until it ends or is revoked';

const has = async (book: KeyBook, name: string) =>
  (await book.held()).some((held) => held.as === 'device' && held.name === name);

const deviceLines = (name: string, folder: string) => [
  `${folder} is the certificate of ${name}`,
  `Next: copy that folder to the device and set FOGRUN_TLS to where it is there; the edge is then called ${name}.`,
];

async function token(book: KeyBook, edge: string, options: KeysOptions): Promise<number> {
  const made = await book.token(edge);
  if (options.json) options.say(JSON.stringify({ edge, token: made }));
  else options.say(made);
  options.tell(
    `This is the token of ${edge}, shown this once: set it as FOGRUN_TOKEN on the device, with EDGE_ID=${edge}, or put it ` +
      'into the file `token` beside its ca.crt.',
  );
  return 0;
}

async function renew(book: KeyBook, words: readonly string[], options: KeysOptions): Promise<number> {
  const [name = serverName, ...rest] = words;
  if (name === serverName) {
    const hosts = await book.renewServer(hostsIn(rest, options));
    answer(options, { name, hosts }, [
      `the certificate of this cloud is new: ${hosts.join(', ')}`,
      'A receiver that runs takes it by itself.',
    ]);
    return 0;
  }
  checked(name, [name, ...rest]);
  if (!(await has(book, name))) {
    throw new FogrunError('key-unknown', `${book.dir} has no certificate of ${name}`, {
      advice: `\`fogrun keys device ${name}\` makes one; \`fogrun keys list\` shows the names.`,
    });
  }
  const folder = await book.device(name);
  answer(options, { name, folder: resolve(folder) }, [
    ...deviceLines(name, folder),
    `An edge that runs takes it at its next connection. The one before ${staysValid}.`,
  ]);
  return 0;
}

async function revoke(book: KeyBook, name: string, options: KeysOptions): Promise<number> {
  const ended = await book.revoke(name);
  const none = ended.certificates === 0 && ended.tokens === 0;
  answer(options, { name, ...ended }, [
    none
      ? `everything of ${name} was revoked before`
      : `revoked of ${name}: certificates ${ended.certificates}, tokens ${ended.tokens}`,
    ...(none
      ? []
      : [
          'A receiver that runs on this directory turns it out within a second; elsewhere copy revoked.json and tokens.json.',
        ]),
  ]);
  return 0;
}

function answer({ json, say }: KeysOptions, value: object, lines: readonly string[]): void {
  if (json) say(JSON.stringify(value));
  else for (const line of lines) say(line);
}

function nameIn(verb: string, words: readonly string[]): string {
  const [name] = words;
  if (name === undefined) throw new FogrunError('usage', `expected: fogrun keys ${verb} NAME`);
  return checked(name, words);
}

/** The name of an edge; the server's own is not one. */
function checked(name: string, words: readonly string[]): string {
  if (words.length > 1)
    throw new FogrunError('usage', `one name at a time, not \`${printable(words.join(' '), 60)}\``);
  if (name === serverName) {
    throw new FogrunError('usage', `\`${serverName}\` is the cloud itself, and no name of a device`, {
      advice:
        '`fogrun keys renew server` makes a new certificate for the cloud; edges have no list of revoked ones.',
    });
  }
  if (!namePattern.test(name)) {
    const message = `\`${printable(name, 64)}\` is no name: 1 to 64 letters, digits, \`.\`, \`_\` or \`-\`, the first and last a letter or digit`;
    throw new FogrunError('usage', message);
  }
  return name;
}

const hostPattern =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\*\.[A-Za-z0-9.-]{1,250}|[0-9A-Fa-f:.]{2,45})$/;

function hostsIn(words: readonly string[], { hosts }: KeysOptions): string[] {
  const all = [...words, ...(hosts?.split(',') ?? [])]
    .map((host) => host.trim())
    .filter((host) => host !== '');
  for (const host of all) {
    if (!hostPattern.test(host)) {
      throw new FogrunError(
        'usage',
        `\`${printable(host, 60)}\` is no name or address of a host (without a port)`,
      );
    }
  }
  return all;
}
