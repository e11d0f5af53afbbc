/** `fogrun draw`: pipelines as a graph of their actors, kinds as statecharts. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { kinds } from '../../../machines/index.ts';
import { FogrunError } from '../../contract/errors.ts';
import { counted, nearest, printable, quoteList } from '../../domain/text.ts';
import { type KnownChart, knownChart } from '../../inspect/drawing/known-charts.ts';
import { layOut } from '../../inspect/drawing/layout.ts';
import { chartMermaid, pipelineMermaid } from '../../inspect/drawing/mermaid.ts';
import { pipelineGraph } from '../../inspect/drawing/pipeline-graph.ts';
import { pipelineSvg } from '../../inspect/drawing/pipeline-svg.ts';
import { chartSvg } from '../../inspect/drawing/svg.ts';
import { formatProblem } from '../../pipeline/check.ts';
import { checkFiles } from '../plans.ts';
import { chartOfKind } from './charts.ts';
import { graphPipelines, linksOf } from './pipelines.ts';

const forms = ['svg', 'mermaid', 'json'] as const;
type Form = (typeof forms)[number];

/** What the name of a file says. */
const formsByEnding: Readonly<Record<string, Form>> = {
  '': 'svg',
  '.svg': 'svg',
  '.mmd': 'mermaid',
  '.mermaid': 'mermaid',
  '.json': 'json',
};
const endings = '.svg, .mmd, .mermaid or .json';

export interface DrawOptions {
  /** One of the forms; absent: what the name of the file says, or else SVG. */
  readonly as?: string | undefined;
  readonly out?: string | undefined;
}

const session = 'cloud-session';

/** Resolves to the exit code: 2 for pipeline files with mistakes, which are told. */
export async function draw(words: readonly string[], { as, out }: DrawOptions): Promise<number> {
  const form = formOf(as, out);
  const named = words.filter((word) => isKind(word) && !existsSync(word));
  if (named.length > 0 && words.length > 1) {
    throw new FogrunError('usage', 'draw takes pipeline files, or one kind');
  }
  const [kind] = named;
  const drawing = kind === undefined ? await drawnFiles(words, form) : await drawnKind(kind, form);
  if (drawing === null) return 2;
  if (out === undefined) process.stdout.write(drawing);
  else await writeOut(out, drawing);
  return 0;
}

const isKind = (word: string) => kinds.has(word) || word === session;

function formOf(as: string | undefined, out: string | undefined): Form {
  if (as !== undefined) {
    const form = forms.find((one) => one === as);
    if (!form) throw new FogrunError('usage', `--as takes ${forms.join(', ')}, not \`${printable(as)}\``);
    return form;
  }
  const ending = extname(out ?? '').toLowerCase();
  const form = formsByEnding[ending];
  if (form) return form;
  throw new FogrunError('usage', `nothing is drawn as ${printable(ending, 20)}: --out takes ${endings}`, {
    advice: `Browsers show SVG, and other programs make other pictures of it; --as ${forms.join('|')} goes before any ending.`,
  });
}

async function drawnKind(name: string, form: Form): Promise<string> {
  const known = await chartOf(name);
  if (form === 'mermaid') return chartMermaid(known.chart);
  if (form === 'json') return `${JSON.stringify(known, null, 2)}\n`;
  return chartSvg(known.chart, known.layout, { standAlone: true });
}

/** Layouts of the kinds that fogrun brings along are there already. */
async function chartOf(name: string): Promise<KnownChart> {
  const known = await knownChart(name);
  if (known) return known;
  const chart = chartOfKind(kinds.get(name)!);
  const { layoutEngine } = await import('./engine.ts');
  return { chart, layout: await layOut(chart, await layoutEngine()) };
}

/** `null` when there are mistakes. */
async function drawnFiles(words: readonly string[], form: Form): Promise<string | null> {
  for (const word of words) if (!existsSync(word) && !looksLikeFile(word)) throw unknown(word);
  const { plans, problems } = await checkFiles(words);
  if (problems.length > 0) {
    process.stderr.write(problems.map((problem) => `${formatProblem(problem)}\n`).join(''));
    process.stderr.write(`${counted(problems.length, 'problem')}\n`);
    return null;
  }
  const pipelines = graphPipelines(plans);
  const links = linksOf(plans);
  if (form === 'mermaid') return pipelineMermaid(pipelines, links);
  if (form === 'json') return `${JSON.stringify({ pipelines, links }, null, 2)}\n`;
  const names = pipelines.map(({ name }) => name);
  const title = names.length === 1 ? `Pipeline ${names[0]}` : `Pipelines ${names.join(', ')}`;
  return pipelineSvg(pipelineGraph(pipelines, links), title);
}

const looksLikeFile = (word: string) => /[/\\]|\.ya?ml$/i.test(word);

function unknown(word: string): FogrunError {
  const all = [...kinds.keys(), session];
  const close = nearest(word, all);
  const hint = close.length > 0 ? `did you mean ${quoteList(close)}?` : `kinds are ${all.join(', ')}`;
  return new FogrunError('usage', `there is neither a file nor a kind \`${printable(word)}\` (${hint})`);
}

async function writeOut(file: string, drawing: string): Promise<void> {
  try {
    await writeFile(file, drawing);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new FogrunError(
      'file-unwritable',
      `${printable(file, 200)} cannot be written: ${code ?? message}`,
      { cause },
    );
  }
}
