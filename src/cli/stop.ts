/** `fogrun stop PIPELINE`: asks it to end in order, waits until it has, and says how it ended. */
import { sleep } from '../contract/clock.ts';
import { errorCodes, FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import { escapeControls } from '../domain/text.ts';
import { systemClock } from '../runtime/clock.ts';
import type { RemoteControl } from '../runtime/ipc-control.ts';
import { absent, asker, pickPipeline, withRunning } from './control-cli.ts';

export interface StopOptions {
  readonly state: string;
  readonly json: boolean;
  /** All that run, edges first: so they still get their acknowledgements. */
  readonly all: boolean;
}

/** It drains within 4.5 s, and then closes what it has. */
const endMsMax = 10_000;

/** Resolves to 0 when each of them ended in order. */
export async function stop(name: string | undefined, { state, json, all }: StopOptions): Promise<number> {
  if ((name === undefined) !== all) {
    throw new FogrunError('usage', 'expected: fogrun stop PIPELINE, or fogrun stop --all');
  }
  return withRunning(state, async (found) => {
    if (found.running.length === 0) throw absent(found, name);
    const turns = all ? await edgesFirst(found.running) : [[pickPipeline(found, name)]];
    const ends: End[] = [];
    for (const turn of turns) {
      for (const end of await Promise.all(turn.map(stopOne))) {
        ends.push(end);
        if (!json) tell(end);
      }
    }
    if (json) process.stdout.write(`${JSON.stringify(ends)}\n`);
    return ends.every(({ problem }) => problem === null) ? 0 : 1;
  });
}

interface End {
  readonly pipeline: string;
  readonly pid: number;
  /** `null` for an orderly end. */
  readonly problem: Problem | null;
}

function tell({ pipeline, pid, problem }: End): void {
  const text = problem ? `${problem.code}: ${problem.message} · ${problem.advice}` : 'ended in order';
  process.stdout.write(`${escapeControls(`${pipeline} (pid ${pid}): ${text}`)}\n`);
}

async function stopOne(control: RemoteControl): Promise<End> {
  const { pipeline, pid } = control;
  const inTime = new AbortController();
  const ended = new Promise<Problem | null>((resolve) => {
    control.watch({ status: () => {}, entry: () => {}, over: resolve }, { everyMs: 60_000 });
  });
  const late = sleep(systemClock, endMsMax, inTime.signal).then(
    (): Problem => ({
      code: 'deadline-missed',
      message: `it has not ended within ${endMsMax / 1_000} s`,
      advice: `Look at its log, or end it with \`kill -9 ${pid}\`: what it has accepted is on its disk.`,
    }),
  );
  try {
    await control.stop(asker());
    const problem = await Promise.race([ended, late]);
    // Its last word may come before its socket is gone; whoever starts it again wants the place free.
    if (problem?.code !== 'deadline-missed') await Promise.race([control.gone, late]);
    return { pipeline, pid, problem: problem?.code === 'control-lost' ? silent : problem };
  } catch (thrown) {
    return { pipeline, pid, problem: toProblem(thrown) };
  } finally {
    inTime.abort();
  }
}

const silent: Problem = {
  code: 'control-lost',
  message: 'its process ended before it said how',
  advice: errorCodes['control-lost'].advice,
};

async function edgesFirst(running: readonly RemoteControl[]): Promise<RemoteControl[][]> {
  const roles = await Promise.all(
    running.map(async (control) => (await control.status().catch(() => null))?.edge ?? null),
  );
  const turns = [running.filter((_, i) => roles[i] !== null), running.filter((_, i) => roles[i] === null)];
  return turns.filter((turn) => turn.length > 0);
}
