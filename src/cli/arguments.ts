/** From words on the command line to something to do. */
import { parseArgs } from 'node:util';
import { FogrunError } from '../contract/errors.ts';
import { nearest } from '../domain/text.ts';
import { version } from './version.ts';

/** Does the work; resolves to the exit code. */
export type Command = () => Promise<number>;

interface CommandEntry {
  readonly name: string;
  readonly words: string;
  readonly does: string;
}

const commands: readonly CommandEntry[] = [
  { name: 'check', words: 'check FILE…', does: 'report every mistake in pipeline files, start nothing' },
  { name: 'kinds', words: 'kinds [KIND]', does: 'list the kinds of actors, or explain one' },
  { name: 'devices', words: 'devices HOST[:PORT]', does: 'list what a brick daemon has' },
  {
    name: 'emulate',
    words: 'emulate [--port N]',
    does: 'run a brick daemon with a barometer that is not there',
  },
  { name: 'cat', words: 'cat EDGE', does: "print an edge's readings in the cloud, in order" },
];

export const usage = `fogrun ${version}: edge-to-cloud pipelines as visible state machines

  fogrun FILE…                 run pipelines; several files run as one process each
${commands.map(({ words, does }) => `  fogrun ${words.padEnd(22)}${does}`).join('\n')}

Options
  --log text|json              how to tell what happens (text)
  --state DIR                  cat: where the state is (FOGRUN_STATE, else .fogrun)
  --pipeline NAME              cat: the cloud's pipeline (cloud)
  --host ADDRESS, --port N     emulate: where to listen (127.0.0.1, 4223)
  --uid UID, --secret TEXT     emulate, devices: UID of the barometer, authentication secret
  --type TYPE                  emulate: barometer or barometer-v2
  --write DIR                  kinds: write the reference into a folder
  --version, --help

Environment: FOGRUN_STATE and the variables that the pipelines name.
Exit codes: 0 done, 1 failed at run time, 2 wrong input, 3 store unusable.
`;

export function readArguments(words: readonly string[]): Command {
  const { values, positionals } = parse(words);
  if (values.version) return print(`${version}\n`);
  if (values.help) return print(usage);
  const [first, ...rest] = positionals;
  if (first === undefined) throw new FogrunError('usage', 'no pipeline file and no command was given');
  switch (first) {
    case 'help':
      return print(usage);
    case 'check':
      return async () => (await import('./check.ts')).check(some(rest, 'check FILE…'));
    case 'kinds':
      return async () =>
        (await import('./kinds.ts')).kindsCommand(atMostOne(rest, 'kinds [KIND]'), values.write);
    case 'devices':
      return async () =>
        (await import('./devices.ts')).devices(exactlyOne(rest, 'devices HOST[:PORT]'), values.secret ?? '');
    case 'emulate':
      none(rest, 'emulate');
      return async () => (await import('./emulate.ts')).emulate({ ...values, log: logFormat(values.log) });
    case 'cat':
      return async () =>
        (await import('./cat.ts')).cat(exactlyOne(rest, 'cat EDGE'), {
          state: values.state ?? process.env.FOGRUN_STATE ?? '.fogrun',
          pipeline: values.pipeline ?? 'cloud',
        });
    default:
      mistyped(first);
      return async () => (await import('./run.ts')).run(positionals, { log: logFormat(values.log) });
  }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        log: { type: 'string' },
        state: { type: 'string' },
        pipeline: { type: 'string' },
        host: { type: 'string' },
        port: { type: 'string' },
        uid: { type: 'string' },
        secret: { type: 'string' },
        type: { type: 'string' },
        write: { type: 'string' },
        version: { type: 'boolean', short: 'v' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    throw new FogrunError('usage', (cause as Error).message.split('. ')[0] ?? 'wrong arguments', { cause });
  }
}

/** A word without a dot or a slash is more likely a command than a file. */
function mistyped(word: string): void {
  if (/[./\\]/.test(word)) return;
  const close = nearest(
    word,
    commands.map(({ name }) => name),
  );
  const hint = close.length > 0 ? ` (did you mean \`${close[0]}\`?)` : '';
  throw new FogrunError('usage', `there is no command \`${word}\`${hint}`);
}

function logFormat(text: string | undefined): 'text' | 'json' {
  if (text === undefined || text === 'text' || text === 'json') return text ?? 'text';
  throw new FogrunError('usage', `--log takes text or json, not \`${text}\``);
}

const print =
  (text: string): Command =>
  async () => {
    process.stdout.write(text);
    return 0;
  };

function some(rest: readonly string[], form: string): readonly string[] {
  if (rest.length === 0) throw new FogrunError('usage', `expected: fogrun ${form}`);
  return rest;
}
function atMostOne(rest: readonly string[], form: string): string | undefined {
  if (rest.length > 1) throw new FogrunError('usage', `expected: fogrun ${form}`);
  return rest[0];
}
function exactlyOne(rest: readonly string[], form: string): string {
  if (rest.length !== 1) throw new FogrunError('usage', `expected: fogrun ${form}`);
  return rest[0]!;
}
function none(rest: readonly string[], form: string): void {
  if (rest.length > 0) throw new FogrunError('usage', `expected: fogrun ${form}`);
}
