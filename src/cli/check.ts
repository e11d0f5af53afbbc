/** `fogrun check FILE…`: every mistake at once, nothing started. */
import { FogrunError } from '../contract/errors.ts';
import type { ActorKind } from '../contract/kind.ts';
import type { PipelineProblem, Plan } from '../contract/plan.ts';
import { counted } from '../domain/text.ts';
import { formatProblem } from '../pipeline/check.ts';
import { deepFindings, deepText, exitCodeOf } from './check-deep.ts';
import { checkFiles } from './plans.ts';

export interface CheckOptions {
  /** Also explores the statecharts of the kinds used; without files, of all kinds. */
  readonly deep: boolean;
  readonly json: boolean;
}

export async function check(files: readonly string[], { deep, json }: CheckOptions): Promise<number> {
  if (files.length === 0) {
    if (!deep)
      throw new FogrunError(
        'usage',
        'expected: fogrun check FILE…, or --deep for the statecharts of all kinds',
      );
    return deepOf(undefined, json);
  }
  const missing: PipelineProblem[] = [];
  const checked = await checkFiles(files, undefined, (file, error) => {
    // The others are worth a look; where there are none, this is the whole of it.
    if (files.length === 1) throw error;
    missing.push({
      file,
      line: 1,
      column: 1,
      path: '',
      message: error.message.replace(`${file} `, ''),
      hint: '',
    });
  });
  const { plans, warnings } = checked;
  const problems = [...missing, ...checked.problems];
  if (json) {
    const pipelines = plans.map(({ file, name, actors }) => ({
      file,
      pipeline: name,
      actors: actors.map((actor) => ({ name: actor.name, kind: actor.kind.name, to: actor.to })),
    }));
    const kinds = deep && problems.length === 0 ? deepFindings(kindsIn(plans)) : undefined;
    process.stdout.write(`${JSON.stringify({ pipelines, problems, warnings, kinds }, null, 2)}\n`);
    return problems.length > 0 ? 2 : kinds ? exitCodeOf(kinds) : 0;
  }
  for (const warning of warnings) process.stderr.write(`warning: ${formatProblem(warning)}\n`);
  for (const problem of problems) process.stdout.write(`${formatProblem(problem)}\n`);
  if (problems.length > 0) {
    process.stderr.write(`${counted(problems.length, 'problem')}\n`);
    return 2;
  }
  for (const { file, name, actors } of plans) {
    process.stdout.write(
      `${file}: pipeline ${name} is good (${actors.map((actor) => actor.name).join(', ')})\n`,
    );
  }
  return deep ? deepOf(kindsIn(plans), false) : 0;
}

/** Each kind once. */
function kindsIn(plans: readonly Plan[]): ActorKind[] {
  return [...new Set(plans.flatMap(({ actors }) => actors.map(({ kind }) => kind)))];
}

function deepOf(kinds: readonly ActorKind[] | undefined, json: boolean): number {
  const findings = deepFindings(kinds);
  process.stdout.write(json ? `${JSON.stringify({ kinds: findings }, null, 2)}\n` : deepText(findings));
  return exitCodeOf(findings);
}
