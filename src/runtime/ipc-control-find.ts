/** Which pipelines run: looks through a directory of states. */
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import { namePattern } from '../domain/segment.ts';
import { printable } from '../domain/text.ts';
import { type ConnectOptions, connectControl, type RemoteControl } from './ipc-control-client.ts';
import { controlSocketPath } from './ipc-control-path.ts';

/** A socket that somebody may listen on, but with whom there is no talking. */
export interface Unreached {
  /** Name of its directory, which is its pipeline's. */
  readonly pipeline: string;
  readonly problem: Problem;
}

export interface Found {
  /** The directory of states that was looked through, absolute. */
  readonly state: string;
  /** By name. Whoever asked for them closes them. */
  readonly running: readonly RemoteControl[];
  readonly problems: readonly Unreached[];
}

/**
 * Connects to every running pipeline whose state is in that directory, all at a time; sockets that ended pipelines left
 * behind count for nothing.
 * @throws FogrunError as `pipelinesIn`
 * @param only names to look for; all when left out
 */
export async function findRunning(
  state: string,
  options: ConnectOptions,
  only?: readonly string[],
): Promise<Found> {
  const root = resolve(state);
  const there = await pipelinesIn(root);
  const names = only ? there.filter((name) => only.includes(name)) : there;
  const found = await Promise.all(
    names.map((name) =>
      connectControl(controlSocketPath(root, name), options).catch(
        (thrown): Unreached => ({ pipeline: name, problem: toProblem(thrown) }),
      ),
    ),
  );
  const running: RemoteControl[] = [];
  const problems: Unreached[] = [];
  for (const each of found) {
    if (!('problem' in each)) running.push(each);
    else if (each.problem.code !== 'control-absent') problems.push(each);
  }
  return { state: root, running, problems };
}

/**
 * Names of the pipelines that have a state in that directory, whether they run or not.
 * @throws FogrunError `control-refused` when the directory is there and cannot be read
 */
export async function pipelinesIn(state: string): Promise<string[]> {
  const there = await readdir(state).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    // To say that nothing is there would be a guess.
    throw new FogrunError(
      'control-refused',
      `${printable(state, 200)} cannot be looked through (${error.code})`,
      {
        advice: 'Run it as the user that the pipelines run as, or name another directory with --state DIR.',
        cause: error,
      },
    );
  });
  return there.filter((name) => namePattern.test(name)).sort();
}
