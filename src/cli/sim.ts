/** `fogrun sim FILE…`: whole pipelines in a virtual world, with faults, and a verdict. */
import { access, constants, readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { FogrunError } from '../contract/errors.ts';
import type { Plan } from '../contract/plan.ts';
import { formatSize } from '../domain/quantities.ts';
import { counted, printable } from '../domain/text.ts';
import { formatProblem } from '../pipeline/check.ts';
import { systemClock, systemRandom } from '../runtime/clock.ts';
import { type LogFormat, renderEntry } from '../runtime/log.ts';
import type { PlannedFault } from '../sim/fault-plan.ts';
import type { ReportForm } from '../sim/report.ts';
import { type FaultKind, faultKinds, type SimRun } from '../sim/run.ts';
import { shrink } from '../sim/shrink.ts';
import { type SimulateOptions, simulate } from '../sim/simulate.ts';
import { summaryOf } from '../sim/summary.ts';
import { bindingsFor } from './bindings.ts';
import { shellWord } from './itself.ts';
import type { Values } from './options.ts';
import { checkFiles } from './plans.ts';
import { standIns } from './stand-ins.ts';
import { version } from './version.ts';

const hour = 3_600_000;
const hoursMax = 24 * 366;
const edgesMax = 1_000;
const runsMax = 1_000_000;
const seedMax = 2 ** 31;
/** Of a file that a source reads whole. */
const fileBytesMax = 256 * 2 ** 20;
/** Virtual time that looking for a short trail may cost, as often as the run itself and at least. */
const shrinkBudget = { times: 2, msMin: 16 * hour };

/** What a simulation is asked for on the command line. */
export interface SimChoice {
  readonly edges: number;
  readonly hours: number;
  readonly seed: number;
  readonly faults: readonly FaultKind[];
  readonly only: readonly number[] | undefined;
  /** Seeds to simulate, from the one given on. */
  readonly runs: number;
}

/** What the options say; rejects with `usage`. */
export function simChoice(values: Values): SimChoice {
  const { edges, hours, seed, faults, only, runs } = values;
  return {
    edges: edges === undefined ? 3 : wholeNumber('--edges', edges, 1, edgesMax),
    hours: hours === undefined ? 1 : hoursOf(hours),
    seed:
      seed === undefined
        ? Math.floor(systemRandom.next() * seedMax)
        : wholeNumber('--seed', seed, 0, Number.MAX_SAFE_INTEGER),
    faults: faults === undefined ? faultKinds : faultsOf(faults),
    only: only === undefined ? undefined : numbersOf(only),
    runs: runs === undefined ? 1 : wholeNumber('--runs', runs, 1, runsMax),
  };
}

export interface SimOutput {
  /** Lines of the log; none unless given. */
  readonly log?: LogFormat | undefined;
  readonly json: boolean;
  /** Ends in `.html` or `.md`. */
  readonly report?: string | undefined;
}

/** Much is made and soon thrown away here, unlike in a pipeline: undoes what src/cli/heap.ts does for those. */
function roomForYoungObjects(): void {
  setFlagsFromString('--semi-space-growth-factor=2');
}

export async function sim(files: readonly string[], choice: SimChoice, output: SimOutput): Promise<number> {
  const form = output.report === undefined ? null : formOf(output.report);
  if (output.report !== undefined) await assertPlace(output.report);
  const { plans, problems } = await checkFiles(files);
  if (problems.length > 0) {
    const message = problems.map(formatProblem).join('\n');
    throw new FogrunError('pipeline-invalid', `nothing was simulated:\n${message}`);
  }
  const others = standIns(plans);
  const all = [...plans, ...others];
  if (!all.some(({ store }) => store?.role === 'edge')) {
    throw new FogrunError(
      'usage',
      `${files.join(', ')}: no edge among them, so nothing would be measured and nothing could be judged; name an edge's file besides`,
    );
  }
  for (const { name } of others) {
    process.stderr.write(
      `${name}: simulated besides, for nobody of these files is at the other end of the link\n`,
    );
  }
  roomForYoungObjects();
  const { log: format } = output;
  const say = (text: string) => (format || output.json ? process.stderr : process.stdout).write(text);
  const progress = progressLine();
  for (let number = 1; ; number++) {
    const seed = choice.seed + number - 1;
    const { run, realMs } = await simulateOnce(optionsFor(files, all, { ...choice, seed }), format, progress);
    progress.clear();
    const isLast = number === choice.runs || run.violations.length > 0;
    if (!isLast) {
      say(`seed ${seed}: all invariants held · ${counted(run.faults.length, 'fault')}\n`);
      continue;
    }
    if (output.json) process.stdout.write(`${JSON.stringify(run, null, 2)}\n`);
    else say(summaryOf(run, realMs));
    if (output.report !== undefined && form) await writeReport(output.report, run, form);
    return run.violations.length === 0 ? 0 : 1;
  }
}

/** One run, and the shortest trail to what it violated. */
async function simulateOnce(
  options: SimulateOptions,
  format: LogFormat | undefined,
  progress: ReturnType<typeof progressLine>,
): Promise<{ run: SimRun; realMs: number }> {
  const begunMs = systemClock.monotonic();
  const faults: PlannedFault[] = [];
  const run = await simulate({
    ...options,
    progress: progress.draw,
    planned: (all) => faults.push(...all),
    ...(format && {
      listen: (entry) => void process.stdout.write(`${renderEntry(entry, { format, colour: false })}\n`),
    }),
  });
  const realMs = systemClock.monotonic() - begunMs;
  if (run.violations.length === 0) return { run, realMs };
  const trail = await shrink({
    run,
    faults,
    again: (only) =>
      simulate({
        ...options,
        only,
        progress: (atMs, ofMs) => progress.draw(atMs, ofMs, 'looking for a shorter way'),
      }),
    budgetMs: Math.max(shrinkBudget.msMin, shrinkBudget.times * options.virtualMs),
  });
  return { run: { ...run, trail }, realMs };
}

/** What `simulate` takes, with everything of this machine that it may see. */
export function optionsFor(
  files: readonly string[],
  plans: readonly Plan[],
  { edges, hours, seed, faults, only }: Omit<SimChoice, 'runs'>,
): SimulateOptions {
  const command = (numbers = only) =>
    [
      'fogrun sim',
      ...files.map(shellWord),
      `--edges ${edges} --hours ${hours} --seed ${seed} --faults ${faults.join(',') || 'none'}`,
      ...(numbers ? [`--only ${numbers.join(',') || 'none'}`] : []),
    ].join(' ');
  return {
    plans,
    files,
    edges,
    virtualMs: hours * hour,
    seed,
    faults,
    ...(only && { only }),
    version,
    bindingsFor,
    outside: { readFile: readIfThere },
    command,
  };
}

async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    const { size } = await stat(path);
    if (size > fileBytesMax) {
      const text = `${path} is too large to be simulated: ${formatSize(size)}, at most ${formatSize(fileBytesMax)}`;
      throw new FogrunError('file-unreadable', text, { advice: 'Name a part of it.' });
    }
    return await readFile(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
}

function formOf(file: string): ReportForm {
  if (file.endsWith('.html')) return 'html';
  if (file.endsWith('.md')) return 'md';
  throw new FogrunError('usage', `--report takes the name of an .html or .md file, not \`${file}\``);
}

async function writeReport(file: string, run: SimRun, form: ReportForm): Promise<void> {
  const [{ renderReport }, { sinkTo }] = await Promise.all([
    import('../sim/report.ts'),
    import('./export-sink.ts'),
  ]);
  const sink = await sinkTo(file);
  try {
    await sink.write(Buffer.from(renderReport(run, form)));
    await sink.finish();
  } finally {
    await sink.abandon();
  }
}

/** A simulation takes minutes: whoever asks for a report in a wrong place hears of it before. */
async function assertPlace(file: string): Promise<void> {
  const directory = dirname(resolve(file));
  await access(directory, constants.W_OK).catch((cause: NodeJS.ErrnoException) => {
    const text = `${printable(file, 200)} cannot be written: ${cause.code ?? cause.message}`;
    throw new FogrunError('file-unwritable', text, { cause });
  });
}

/** How far it has come, on a terminal only. */
function progressLine() {
  const output = process.stderr;
  let drawnMs = Number.NEGATIVE_INFINITY;
  const every = 200;
  return {
    draw(atMs: number, ofMs: number, what = 'simulating') {
      const nowMs = systemClock.monotonic();
      if (!output.isTTY || nowMs - drawnMs < every) return;
      drawnMs = nowMs;
      const at = (ms: number) => (ms / hour).toFixed(1);
      output.write(`\r\u001b[K${what}: ${at(atMs)} of ${at(ofMs)} hours`);
    },
    clear() {
      if (drawnMs >= 0) output.write('\r\u001b[K');
    },
  };
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new FogrunError('usage', `${option} takes a whole number from ${min} to ${max}, not \`${text}\``);
}

function hoursOf(text: string): number {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && value > 0 && value <= hoursMax) return value;
  throw new FogrunError('usage', `--hours takes a number up to ${hoursMax}, not \`${text}\``);
}

function faultsOf(text: string): readonly FaultKind[] {
  if (text === 'none') return [];
  if (text === 'all') return faultKinds;
  const names = text.split(',').map((name) => name.trim());
  const strange = names.find((name) => !(faultKinds as readonly string[]).includes(name));
  if (strange !== undefined) {
    throw new FogrunError(
      'usage',
      `--faults takes all, none, or some of ${faultKinds.join(',')}; not \`${strange}\``,
    );
  }
  return faultKinds.filter((kind) => names.includes(kind));
}

function numbersOf(text: string): readonly number[] {
  if (text === 'none') return [];
  return text.split(',').map((number) => wholeNumber('--only', number.trim(), 1, 1_000_000));
}
