/** From words on the command line to something to do. */
import { parseArgs } from 'node:util';
import { errorCodes, FogrunError } from '../contract/errors.ts';
import { nearest } from '../domain/text.ts';
import type { CommandEntry } from './command-entry.ts';
import { commandGroups, commands, runCommand } from './commands.ts';
import { type OptionName, options, type Values } from './options.ts';
import { version } from './version.ts';

/** Does the work; resolves to the exit code. */
export type Command = () => Promise<number>;

const title = `fogrun ${version}: edge-to-cloud pipelines as visible state machines`;
const formOf = ({ name, form }: CommandEntry) =>
  ['fogrun', name, form].filter((word) => word !== '').join(' ');
type Rows = readonly (readonly [string, string])[];
const widthOf = (rows: Rows) => Math.max(...rows.map(([left]) => left.length));
const columns = (rows: Rows, width = widthOf(rows)) => {
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
};

/** One block of lines a group. */
function help(): string {
  const groups = commandGroups.map((group) =>
    group.map((command): [string, string] => [formOf(command), command.does]),
  );
  return groups.map((rows) => columns(rows, widthOf(groups.flat()))).join('\n\n');
}

export const usage = `${title}

${help()}

  fogrun COMMAND --help explains one, fogrun edge.yaml --help the options of running; --version, --help

Environment: FOGRUN_STATE, FOGRUN_LOG_LEVEL, FOGRUN_CONSOLE_TOKEN and the variables that the pipelines name.
Exit codes: 0 done, 1 failed at run time, 2 wrong input, 3 store unusable.
`;

function usageOf(command: CommandEntry): string {
  const rows = command.options.map((name): [string, string] => [
    options[name].words,
    command.means?.[name] ?? options[name].text,
  ]);
  const list = rows.length > 0 ? `\nOptions\n${columns(rows)}\n` : '';
  return `${formOf(command)}\n\n${command.does}\n${list}`;
}

/** What the words ask for. Throws `usage`, and so does what it returns, with the help of the command at hand. */
export function readArguments(words: readonly string[]): Command {
  const about = commands.find(({ name }) => name === words.find((word) => !word.startsWith('-')));
  const explain = (thrown: unknown): never => {
    if (!about || !(thrown instanceof FogrunError) || thrown.code !== 'usage') throw thrown;
    if (thrown.advice !== errorCodes.usage.advice) throw thrown;
    const advice = `Run \`fogrun ${about.name} --help\`.`;
    throw new FogrunError('usage', thrown.message, { advice, cause: thrown });
  };
  try {
    const command = chosen(words);
    return () => command().catch(explain);
  } catch (thrown) {
    return explain(thrown);
  }
}

function chosen(words: readonly string[]): Command {
  const { values, positionals } = parse(words);
  if (values.version) return print(`${version}\n`);
  const [first, ...rest] = positionals;
  const named = commands.find(({ name }) => name === first);
  // Whoever names files wants to know what running them takes.
  const about = named ?? (isFile(first) ? runCommand : null);
  if (values.help) return about ? printUsage(about) : print(usage);
  if (first === 'help') {
    const about = commands.find(({ name }) => name === rest[0]);
    return about ? printUsage(about) : print(usage);
  }
  if (first === undefined) throw new FogrunError('usage', 'no pipeline file and no command was given');
  if (!named) mistyped(first);
  const command = named ?? runCommand;
  const given = named ? rest : positionals;
  checkOptions(command, values);
  if (given.length < command.count.min || given.length > command.count.max) {
    throw new FogrunError('usage', `expected: ${formOf(command)}`);
  }
  return () => command.run(given, values);
}

function checkOptions(command: CommandEntry, values: Values): void {
  for (const name of Object.keys(values) as OptionName[]) {
    if (command.options.includes(name)) continue;
    const takes = command.options.map((option) => `--${option}`).join(', ');
    throw new FogrunError(
      'usage',
      `\`${formOf(command)}\` has no option --${name}; ${takes ? `it takes ${takes}` : 'it takes none'}`,
    );
  }
}

function parse(words: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        ...options,
        version: { type: 'boolean', short: 'v' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return { values: values as Values & { version?: boolean; help?: boolean }, positionals };
  } catch (cause) {
    throw new FogrunError('usage', (cause as Error).message.split(/\.\s/)[0] ?? 'wrong arguments', { cause });
  }
}

/** A word without a dot or a slash is more likely a command than a file. */
const isFile = (word = '') => /[./\\]/.test(word);

function mistyped(word: string): void {
  if (isFile(word)) return;
  const close = nearest(
    word,
    commands.map(({ name }) => name),
  );
  const hint = close.length > 0 ? ` (did you mean \`${close[0]}\`?)` : '';
  throw new FogrunError('usage', `there is no command \`${word}\`${hint}`);
}

const printUsage =
  (command: CommandEntry): Command =>
  async () =>
    print(`${usageOf(command)}${(await command.more?.()) ?? ''}`)();

const print =
  (text: string): Command =>
  async () => {
    process.stdout.write(text);
    return 0;
  };
