/** `fogrun init [FILE]`: a few questions, and pipelines that run. */
import { stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { kinds } from '../../../machines/index.ts';
import { FogrunError } from '../../contract/errors.ts';
import { namePattern } from '../../domain/segment.ts';
import { printable } from '../../domain/text.ts';
import { checkPipeline, formatProblem } from '../../pipeline/check.ts';
import { type Answers, type Question, questions, readAnswer } from './answers.ts';
import { columnsOf } from './columns.ts';
import { cloudYaml, edgeYaml } from './yaml.ts';

export interface InitOptions {
  /** Answers given as options, by name. */
  readonly given: { readonly [Name in keyof Answers]?: string | undefined };
  /** Take what is usual for the rest. */
  readonly yes: boolean;
  readonly force: boolean;
  /** Asks a person; resolves to `null` at the end of the input. `null` when nobody is there. */
  readonly ask: ((question: string) => Promise<string | null>) | null;
  readonly say: (line: string) => void;
}

const cloudFile = 'cloud.yaml';
const usualFile = 'edge.yaml';

export async function init(file: string | undefined, options: InitOptions): Promise<number> {
  const path = resolve(file ?? usualFile);
  const name = pipelineName(path);
  const answers = await gather(options);
  const columns = answers.source.type === 'csv' ? await columnsOf(answers.source.path) : null;
  const beside = join(dirname(path), cloudFile);
  const texts = new Map([[path, edgeYaml({ ...answers, name, columns })]]);
  if (answers.cloud === null) texts.set(beside, cloudYaml(answers));
  for (const [where, text] of texts) assertGood(where, text);
  if (!options.force) for (const where of texts.keys()) await assertNew(where);
  for (const [where, text] of texts) {
    await writeFile(where, text, { flag: options.force ? 'w' : 'wx' }).catch(
      (cause: NodeJS.ErrnoException) => {
        throw new FogrunError('file-unreadable', `${where} cannot be written: ${cause.code}`, {
          advice: 'Choose another place: fogrun init FILE.',
          cause,
        });
      },
    );
    options.say(`${where} is written`);
  }
  for (const line of nextSteps(answers, file ?? usualFile)) options.say(line);
  return 0;
}

/** Answers that were given, then those that a person gives, then what is usual. */
async function gather(options: InitOptions): Promise<Answers> {
  assertAsked(options);
  const source = await answer(questions.source, options);
  const cloud = await answer(questions.cloud, options);
  const edge = await answer(questions.edge, options);
  const paced = source.type === 'simulated' || source.type === 'tinkerforge';
  // One of these two is left to ask: the cloud forecasts only where there is one.
  const usual: InitOptions = { ...options, ask: null, yes: true };
  const altitude = await answer(questions.altitude, cloud === null ? options : usual);
  const every = await answer(questions.every, cloud !== null && paced ? options : usual);
  return { source, cloud, edge, every, altitude };
}

function assertAsked({ ask, yes, given }: InitOptions): void {
  if (ask !== null || yes) return;
  const missing = (['source', 'cloud', 'edge'] as const).filter((name) => given[name] === undefined);
  if (missing.length === 0) return;
  throw new FogrunError(
    'usage',
    `nobody is there to ask: give ${missing.map((name) => `--${name}`).join(', ')}`,
    {
      advice: 'Or take what is usual for all that is not given: --yes. `fogrun init --help` explains.',
    },
  );
}

async function answer<Value>(
  question: Question<Value>,
  { given, ask, yes, say }: InitOptions,
): Promise<Value> {
  const { flag, asks, otherwise } = question;
  const flagged = given[flag];
  if (flagged !== undefined || ask === null || yes) {
    const found = readAnswer(question, flagged ?? otherwise);
    if ('value' in found) return found.value;
    throw new FogrunError('usage', `--${flag}: ${found.wrong}`);
  }
  for (;;) {
    const text = await ask(`${asks} [${otherwise}] `);
    if (text === null) throw new FogrunError('usage', 'the input ended: nothing was written');
    const found = readAnswer(question, text.trim() || otherwise);
    if ('value' in found) return found.value;
    say(`  ${found.wrong}`);
  }
}

/** The file's name without its ending. */
function pipelineName(path: string): string {
  const name = basename(path).replace(/\.ya?ml$/i, '');
  if (basename(path) === cloudFile) {
    throw new FogrunError(
      'usage',
      `${cloudFile} is the name of the cloud's file; choose another, such as ${usualFile}`,
    );
  }
  if (namePattern.test(name)) return name;
  throw new FogrunError(
    'usage',
    `\`${printable(name)}\` cannot name a pipeline: use letters, digits, \`.\`, \`_\` or \`-\``,
  );
}

/** What is written here must be what `fogrun check` takes. */
function assertGood(file: string, text: string): void {
  const { problems } = checkPipeline({ file, text }, { kinds, variables: {}, cwd: '/' });
  if (problems.length > 0)
    throw new Error(`init wrote a pipeline with mistakes: ${problems.map(formatProblem).join('; ')}`);
}

async function assertNew(path: string): Promise<void> {
  const there = await stat(path).then(
    () => true,
    () => false,
  );
  if (!there) return;
  throw new FogrunError('usage', `${path} is there already, and nothing was written`, {
    advice: 'Name another file, or write over it with --force.',
  });
}

function nextSteps({ source, cloud }: Answers, file: string): string[] {
  const files = cloud === null ? `${join(dirname(file), cloudFile)} ${file}` : file;
  const feed: Partial<Record<typeof source.type, string>> = {
    tcp: `  echo 21.5 | nc -N 127.0.0.1 ${'port' in source ? source.port : ''}      sends it a value`,
    http: `  curl -H 'Content-Type: application/json' -d '[21.5]' 127.0.0.1:${'port' in source ? source.port : ''}      sends it a value`,
  };
  return [
    '',
    'Next:',
    `  fogrun ${files}`,
    ...(feed[source.type] === undefined ? [] : [feed[source.type]!]),
    `  fogrun doctor ${files}      looks whether all is well here`,
    `  fogrun service install ${files}      lets it run for good`,
  ];
}
