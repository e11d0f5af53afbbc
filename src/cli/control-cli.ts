/** What the commands that talk to running pipelines share: finding the one that is meant, and naming who asks. */
import type { Asker } from '../contract/control.ts';
import { FogrunError } from '../contract/errors.ts';
import { escapeControls, nearest, printable, quoteList } from '../domain/text.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Found, findRunning, type RemoteControl } from '../runtime/ipc-control.ts';
import { userName } from './user.ts';
import { agent } from './version.ts';

/** The user of this process and what was typed, for the audit log. */
export function asker(command: string = ['fogrun', ...process.argv.slice(2)].join(' ')): Asker {
  return { user: userName(), command };
}

/** Finds what runs, does the work, and lets go of it again; those that could not be asked are named on stderr. */
export async function withRunning<T>(
  state: string,
  work: (found: Found) => Promise<T>,
  only?: readonly string[],
): Promise<T> {
  const found = await findRunning(state, { clock: systemClock, agent }, only);
  try {
    if (found.running.length > 0) {
      for (const { pipeline, problem } of found.problems) warn(`${pipeline}: ${problem.message}`);
    }
    return await work(found);
  } finally {
    await Promise.all(found.running.map((control) => control.close()));
  }
}

/** A line on stderr, which is not part of the answer. */
export function warn(text: string): void {
  process.stderr.write(`# ${escapeControls(text)}\n`);
}

/**
 * The running pipeline of that name, or the only one when none is named.
 * @throws FogrunError `control-absent`, `control-ambiguous`, or what keeps it from being asked
 */
export function pickPipeline(found: Found, name?: string): RemoteControl {
  const { running } = found;
  if (name === undefined) {
    if (running.length === 0) throw absent(found);
    if (running.length === 1) return running[0]!;
    throw new FogrunError('control-ambiguous', `${namesOf(running, 'and')} run: which one is meant?`, {
      advice: 'Name one of them.',
    });
  }
  return running.find(({ pipeline }) => pipeline === name) ?? fail(absent(found, name));
}

/**
 * The actor that `PIPELINE/ACTOR` or `ACTOR` means.
 * @throws FogrunError as `pickPipeline`, and `control-unknown`
 */
export async function pickActor(
  found: Found,
  word: string,
): Promise<{ readonly control: RemoteControl; readonly actor: string }> {
  const slash = word.indexOf('/');
  const [first, rest] = slash < 0 ? [word, ''] : [word.slice(0, slash), word.slice(slash + 1)];
  const named = found.running.find(({ pipeline }) => pipeline === first);
  if (named && rest !== '') return { control: named, actor: rest };
  // Nothing runs, or what is meant cannot be asked.
  if (found.running.length === 0) throw absent(found, slash < 0 ? undefined : first);
  const candidates = await actorsOf(found.running);
  const fitting = candidates.filter(({ actor }) => actor === word);
  if (fitting.length === 1) return fitting[0]!;
  const full = ({ control, actor }: Candidate) => `${control.pipeline}/${actor}`;
  if (fitting.length > 1) {
    throw new FogrunError(
      'control-ambiguous',
      `${printable(word)} could be ${quoteList(fitting.map(full), 'or')}`,
    );
  }
  if (named) {
    const own = candidates.filter(({ control }) => control === named).map(full);
    throw new FogrunError(
      'control-unknown',
      `${first} is a pipeline; it has the actors ${quoteList(own, 'and')}`,
      {
        advice: 'Name one of its actors.',
      },
    );
  }
  if (slash >= 0) throw absent(found, first);
  const near = nearest(
    word,
    candidates.map(({ actor }) => actor),
  );
  const meant = candidates.filter(({ actor }) => near.includes(actor)).map(full);
  throw new FogrunError(
    'control-unknown',
    meant.length > 0
      ? `no running pipeline has an actor ${printable(word)}: did you mean ${quoteList(meant)}?`
      : `no running pipeline has an actor ${printable(word)}`,
  );
}

interface Candidate {
  readonly control: RemoteControl;
  readonly actor: string;
}

async function actorsOf(running: readonly RemoteControl[]): Promise<Candidate[]> {
  const statuses = await Promise.all(running.map((control) => control.status()));
  return statuses.flatMap(({ actors }, i) =>
    actors.map(({ name }) => ({ control: running[i]!, actor: name })),
  );
}

/** Why the pipeline, or any at all, is not among those that run. */
export function absent({ state, running, problems }: Found, name?: string): FogrunError {
  const problem =
    name === undefined && running.length === 0
      ? problems[0]?.problem
      : problems.find(({ pipeline }) => pipeline === name)?.problem;
  if (problem) return new FogrunError(problem.code, problem.message, { advice: problem.advice });
  const where = `whose state is in ${printable(state, 200)}`;
  if (name === undefined || running.length === 0) {
    const message =
      name === undefined
        ? `no pipeline runs ${where}`
        : `no pipeline ${printable(name)} runs ${where}, nor any other`;
    return new FogrunError('control-absent', message, {
      advice:
        'Start one with `fogrun FILE`; or run this where it was started, or say where its state is with --state DIR or FOGRUN_STATE.',
    });
  }
  const near = nearest(
    name,
    running.map(({ pipeline }) => pipeline),
  );
  const hint = near.length > 0 ? `did you mean ${quoteList(near)}?` : `there is ${namesOf(running, 'and')}`;
  return new FogrunError('control-absent', `no pipeline ${printable(name)} runs ${where}: ${hint}`);
}

const namesOf = (running: readonly RemoteControl[], conjunction: 'and' | 'or') =>
  quoteList(
    running.map(({ pipeline }) => pipeline),
    conjunction,
  );

function fail(error: FogrunError): never {
  throw error;
}
