/** `fogrun check FILE…`: every mistake at once, nothing started. */
import type { PipelineProblem } from '../contract/plan.ts';
import { counted } from '../domain/text.ts';
import { formatProblem } from '../pipeline/check.ts';
import { checkFiles } from './plans.ts';

export async function check(files: readonly string[], { json }: { readonly json: boolean }): Promise<number> {
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
    process.stdout.write(`${JSON.stringify({ pipelines, problems, warnings }, null, 2)}\n`);
    return problems.length > 0 ? 2 : 0;
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
  return 0;
}
