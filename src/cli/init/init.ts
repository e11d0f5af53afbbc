/** `fogrun init [FILE]`: a few questions, and pipelines that run. */
import { dirname, join } from 'node:path';
import { kinds } from '../../../machines/index.ts';
import { FogrunError } from '../../contract/errors.ts';
import { linkPort } from '../../contract/link.ts';
import { checkPipeline, formatProblem } from '../../pipeline/check.ts';
import { commandWord, shellWord } from '../itself.ts';
import { type Answers, type Question, questions, readAnswer } from './answers.ts';
import { columnsOf } from './columns.ts';
import {
  cloudFile,
  cloudPlace,
  edgePlace,
  type Place,
  pipelineName,
  usualFile,
  writePlace,
} from './files.ts';
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
  /** How this program is started here; found out unless given. */
  readonly word?: string;
}

export async function init(file: string | undefined, options: InitOptions): Promise<number> {
  // Before anything is asked: answers that lead nowhere are a nuisance.
  const edge = await edgePlace(file ?? usualFile, options);
  const { answers, beside } = await gather(edge, options);
  const name = pipelineName(edge.path);
  const columns = answers.source.type === 'csv' ? await columnsOf(answers.source.path) : null;
  const texts: [Place, string][] = [[edge, edgeYaml({ ...answers, name, columns })]];
  if (beside !== null) texts.push([beside, cloudYaml(answers)]);
  for (const [{ path }, text] of texts) assertGood(path, text);
  for (const [place, text] of texts) {
    await writePlace(place, text);
    options.say(`${place.path} is written`);
  }
  for (const line of nextSteps(answers, edge.file, options.word ?? commandWord())) options.say(line);
  return 0;
}

/** Answers that were given, then those that a person gives, then what is usual. */
async function gather(
  place: Place,
  options: InitOptions,
): Promise<{ answers: Answers; beside: Place | null }> {
  assertAsked(options);
  const source = await answer(questions.source, options);
  const cloud = await answer(questions.cloud, options);
  const beside = cloud === null ? await cloudPlace(place, options) : null;
  const edge = await answer(questions.edge, options);
  const paced = source.type === 'simulated' || source.type === 'tinkerforge';
  // One of these two is left to ask: only a cloud that is written here is told how high the barometer is.
  const usual: InitOptions = { ...options, ask: null, yes: true };
  const altitude = await answer(questions.altitude, beside === null ? usual : options);
  const every = await answer(questions.every, beside === null && paced ? options : usual);
  return { answers: { source, cloud, edge, every, altitude }, beside };
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

/** What is written here must be what `fogrun check` takes. */
function assertGood(file: string, text: string): void {
  const { problems } = checkPipeline({ file, text }, { kinds, variables: {}, cwd: '/' });
  if (problems.length > 0)
    throw new Error(`init wrote a pipeline with mistakes: ${problems.map(formatProblem).join('; ')}`);
}

/** Lines that say what to type next, and where. */
export function nextSteps({ source, cloud, edge }: Answers, file: string, word: string): string[] {
  const beside = cloud === null ? [join(dirname(file), cloudFile)] : [];
  const files = [...beside, file].map(shellWord).join(' ');
  const feed: Partial<Record<typeof source.type, string>> = {
    tcp: `  echo 21.5 | nc -N 127.0.0.1 ${'port' in source ? source.port : ''}      sends it a value`,
    http: `  curl -H 'Content-Type: application/json' -d '[21.5]' 127.0.0.1:${'port' in source ? source.port : ''}      sends it a value`,
  };
  return [
    '',
    ...(cloud === null ? [] : [...elsewhere(cloud, edge, word), '']),
    'Next:',
    `  ${word} ${files}`,
    ...(feed[source.type] === undefined ? [] : [feed[source.type]!]),
    `  ${word} doctor ${files}      looks whether all is well here`,
    `  ${word} service install ${files}      lets it run for good`,
  ];
}

/** What a cloud on another machine needs; the edge waits until it is there. */
function elsewhere({ host, port }: NonNullable<Answers['cloud']>, edge: string, word: string): string[] {
  const settings = port === linkPort ? '' : `CLOUD_PORT=${port} `;
  return [
    `On ${host}, \`${word} init --cloud here --yes\` writes a ${cloudFile}: set its \`host: 0.0.0.0\`. Then, there:`,
    `  ${word} keys init ${host}`,
    `  ${word} keys device ${edge}      makes keys/devices/${edge}: copy that folder here, as \`keys\``,
    `  ${settings}FOGRUN_TLS=keys ${word} ${cloudFile}`,
  ];
}
