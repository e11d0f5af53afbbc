/** `fogrun ps [PIPELINE]`: how every actor of every running pipeline is. */
import { FogrunError, toProblem } from '../contract/errors.ts';
import type { PipelineStatus } from '../contract/status.ts';
import { absent, pickPipeline, warn, withRunning } from './control-cli.ts';
import { statusTable } from './ps-table.ts';

export interface PsOptions {
  readonly state: string;
  readonly json: boolean;
}

/** Exit code 0, or 1 when nothing runs; JSON is an array in any case. */
export function ps(name: string | undefined, { state, json }: PsOptions): Promise<number> {
  return withRunning(state, async (found) => {
    const print = (statuses: readonly PipelineStatus[]) =>
      process.stdout.write(json ? `${JSON.stringify(statuses)}\n` : statusTable(statuses, terminal()));
    if (found.running.length === 0) {
      if (json) print([]);
      throw absent(found, name);
    }
    const asked = name === undefined ? found.running : [pickPipeline(found, name)];
    const answers = await Promise.all(
      asked.map((control) =>
        control.status().catch((thrown: unknown) => {
          // It may end in this very moment; the others are shown all the same.
          warn(`${control.pipeline}: ${toProblem(thrown).message}`);
          return thrown;
        }),
      ),
    );
    const statuses = answers.filter((answer): answer is PipelineStatus => !(answer instanceof Error));
    if (statuses.length === 0) {
      if (json) print([]);
      throw answers[0] instanceof FogrunError ? answers[0] : absent({ ...found, running: [] }, name);
    }
    print(statuses);
    return 0;
  });
}

function terminal(): { columns: number | null; colour: boolean } {
  const { NO_COLOR } = process.env;
  const { isTTY, columns } = process.stdout;
  return { columns: isTTY ? (columns ?? null) : null, colour: isTTY === true && !NO_COLOR };
}
