/** Reads and checks pipeline files. */
import { readFile, stat } from 'node:fs/promises';
import { kinds } from '../../machines/index.ts';
import { FogrunError } from '../contract/errors.ts';
import type { PipelineProblem, Plan } from '../contract/plan.ts';
import { checkPipeline } from '../pipeline/check.ts';

export interface CheckedFiles {
  readonly plans: readonly Plan[];
  readonly problems: readonly PipelineProblem[];
  readonly warnings: readonly PipelineProblem[];
}

/** Where the pipelines will run, when that is not here. */
export interface RunPlace {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
}

/** Checks all files; throws `file-unreadable` for one that is not there, unless somebody wants to hear of it. */
export async function checkFiles(
  files: readonly string[],
  place: RunPlace = { variables: process.env, cwd: process.cwd() },
  unreadable?: (file: string, error: FogrunError) => void,
): Promise<CheckedFiles> {
  const plans: Plan[] = [];
  const problems: PipelineProblem[] = [];
  const warnings: PipelineProblem[] = [];
  for (const file of files) {
    const text = await readText(file).catch((thrown) => {
      if (!unreadable || !(thrown instanceof FogrunError)) throw thrown;
      unreadable(file, thrown);
      return null;
    });
    if (text === null) continue;
    const checked = checkPipeline({ file, text }, { kinds, ...place });
    problems.push(...checked.problems);
    warnings.push(...checked.warnings);
    if (checked.plan) plans.push(checked.plan);
  }
  const names = new Map<string, string>();
  for (const { name, file } of plans) {
    const other = names.get(name);
    if (other !== undefined) {
      throw new FogrunError('pipeline-twice', `${other} and ${file} are both named \`${name}\``);
    }
    names.set(name, file);
  }
  return { plans, problems, warnings };
}

const fileBytesMax = 16 * 2 ** 20;

/** The text of a pipeline file. Rejects with `file-unreadable`. */
export async function readText(file: string): Promise<string> {
  try {
    const found = await stat(file);
    const { size } = found;
    if (!found.isFile() && !found.isFIFO() && !found.isDirectory()) {
      throw new FogrunError('file-unreadable', `${file} cannot be read: it is no regular file`);
    }
    // The check has a limit of its own, with a line to say so; this one keeps a device file or a disk image out.
    if (size > fileBytesMax)
      throw new FogrunError('file-unreadable', `${file} is too large for a pipeline file`);
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof FogrunError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    const why = { ENOENT: 'it does not exist', EISDIR: 'it is a directory', EACCES: 'no permission' }[
      code ?? ''
    ];
    throw new FogrunError(
      'file-unreadable',
      `${file} cannot be read: ${why ?? code ?? (cause as Error).message}`,
      { cause },
    );
  }
}
