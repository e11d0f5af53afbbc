/** `fogrun reload PIPELINE`: has a running pipeline read its file again, and says what came of it. */
import type { ChangedTo, Reloaded } from '../contract/control.ts';
import { errorCodes, FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import { escapeControls } from '../domain/text.ts';
import type { RemoteControl } from '../runtime/ipc-control.ts';
import { absent, asker, pickPipeline, warn, withRunning } from './control-cli.ts';
import { commandWord } from './itself.ts';
import type { Values } from './options.ts';

export interface ReloadOptions {
  readonly state: string;
  readonly json: boolean;
  /** All that run. */
  readonly all: boolean;
  /** Only says what would change. */
  readonly dryRun: boolean;
  /** Simulates what the files say now, first; `null` for not. */
  readonly sim: Pick<Values, 'seed' | 'hours'> | null;
}

interface Outcome {
  readonly pipeline: string;
  readonly pid: number;
  /** `null` when it was not carried out. */
  readonly reloaded: Reloaded | null;
  readonly problem: Problem | null;
}

/** Resolves to 0 when each of them runs as its file says; to 1 when an actor that was begun has failed at once. */
export async function reload(name: string | undefined, options: ReloadOptions): Promise<number> {
  const { state, json, all, dryRun, sim } = options;
  if ((name === undefined) !== all) {
    throw new FogrunError('usage', 'expected: fogrun reload PIPELINE, or fogrun reload --all');
  }
  return withRunning(state, async (found) => {
    if (found.running.length === 0) throw absent(found, name);
    const controls = all ? found.running : [pickPipeline(found, name)];
    const ask = (dry: boolean) => Promise.all(controls.map((control) => reloadOne(control, dry)));
    if (sim) {
      // What would be refused anyway is not worth a simulation.
      const tried = await ask(true);
      if (tried.some(({ problem }) => problem)) return tellAll(tried, true, json);
      if (!(await isWell(controls, sim, name ?? '--all', json))) return 1;
    }
    return tellAll(await ask(dryRun), dryRun, json);
  });
}

function tellAll(outcomes: readonly Outcome[], dryRun: boolean, json: boolean): number {
  if (json) process.stdout.write(`${JSON.stringify(outcomes)}\n`);
  else for (const outcome of outcomes) tell(outcome, dryRun);
  return Math.max(...outcomes.map(exitCodeOf));
}

/** Rejects with what is wrong with the files. */
async function isWell(
  controls: readonly RemoteControl[],
  sim: Pick<Values, 'seed' | 'hours'>,
  name: string,
  json: boolean,
): Promise<boolean> {
  const { simulateFiles } = await import('./reload-sim.ts');
  const statuses = await Promise.all(controls.map((control) => control.status()));
  const files = statuses.map(({ file }) => file);
  const { isWell: well, text } = await simulateFiles(files, sim, `fogrun reload ${name} --sim`);
  (json || !well ? process.stderr : process.stdout).write(text);
  if (!well) process.stderr.write('nothing was reloaded\n');
  return well;
}

async function reloadOne(control: RemoteControl, dryRun: boolean): Promise<Outcome> {
  const { pipeline, pid } = control;
  try {
    return { pipeline, pid, reloaded: await control.reload(asker(), { dryRun }), problem: null };
  } catch (thrown) {
    return { pipeline, pid, reloaded: null, problem: toProblem(thrown) };
  }
}

function exitCodeOf({ reloaded, problem }: Outcome): number {
  if (problem) return errorCodes[problem.code].exit;
  const begun = [...reloaded!.changed, ...reloaded!.added];
  return begun.some(({ state }) => state !== null && /(?:^|\.)failed$/.test(state)) ? 1 : 0;
}

function tell({ pipeline, pid, reloaded, problem }: Outcome, dryRun: boolean): void {
  const who = `${pipeline} (pid ${pid})`;
  if (problem) {
    const [first = '', ...more] = problem.message.split('\n');
    const advice = problem.advice.replaceAll('`fogrun ', `\`${commandWord()} `);
    const lines = [`fogrun: ${who}: ${first} (${problem.code})`, ...more, advice];
    process.stderr.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
    return;
  }
  for (const warning of reloaded!.warnings) warn(`warning: ${warning}`);
  const lines = [`${who}: ${headline(reloaded!, dryRun)}`, ...details(reloaded!)];
  process.stdout.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
}

function headline({ changed, added, removed, store }: Reloaded, dryRun: boolean): string {
  if (changed.length + added.length + removed.length + store.length === 0)
    return 'nothing differs from its file';
  return dryRun ? 'a reload would change this' : 'reloaded';
}

/** One line an actor that is touched; the others together in one. */
function details({ unchanged, changed, added, removed, store }: Reloaded): string[] {
  if (changed.length + added.length + removed.length + store.length === 0) return [];
  return [
    ...changed.map((actor) => `  changed    ${begun(actor)}`),
    ...added.map((actor) => `  added      ${begun(actor)}`),
    ...removed.map((name) => `  removed    ${name}`),
    ...store.map((key) => `  changed    store.${key}`),
    ...(unchanged.length > 0 ? [`  unchanged  ${unchanged.join(', ')}`] : []),
  ];
}

function begun({ name, what, state, cause }: ChangedTo): string {
  const words = what.length > 0 ? `${name} (${what.join(', ')})` : name;
  if (state === null) return words;
  return `${words} → ${state}${cause ? ` · ${cause.code}: ${cause.message}` : ''}`;
}
