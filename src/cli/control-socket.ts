/** What this process gives others to control its pipeline by: the socket, and the audit log beside it. */
import { resolve } from 'node:path';
import type { PipelineControl } from '../contract/control.ts';
import { errorCodes, toProblem } from '../contract/errors.ts';
import type { Reporter } from '../contract/report.ts';
import { type Audit, createAudit } from '../runtime/audit.ts';
import { systemClock } from '../runtime/clock.ts';
import { stateDirectory } from './command-entry.ts';
import { agent } from './version.ts';

/** The audit log of a pipeline; an entry that cannot be written becomes a line in the log. */
export function auditOf(pipeline: string, report: Reporter, state: string = stateDirectory({})): Audit {
  return createAudit({
    directory: resolve(state, pipeline),
    failed: (reason, { action, target, by }) => {
      const message = `\`${by.command}\` (${action} of ${target}) is not in the audit log: ${reason}`;
      report({ type: 'problem', code: 'audit-failed', message, advice: errorCodes['audit-failed'].advice });
    },
  });
}

const nameInUse =
  'A pipeline of this name runs here already; give this one another name, or a FOGRUN_STATE of its own.';

/** Listens in the background, as long as the pipeline runs. Without a socket it runs as well, and says so. */
export function offerControl(control: PipelineControl, report: Reporter): { close(): Promise<void> } {
  const over = new AbortController();
  const serving = serve(control, over.signal).catch((thrown) => {
    if (over.signal.aborted) return null;
    const { code, message, advice: usual } = toProblem(thrown);
    // What is in use is a name here, not a port.
    const advice = code === 'address-in-use' ? nameInUse : usual;
    report({ type: 'problem', code, message: `no control from outside: ${message}`, advice }, 'warn');
    return null;
  });
  return {
    async close() {
      over.abort();
      const server = await serving;
      // Who watches hears first how the pipeline ended.
      await new Promise(setImmediate);
      await server?.close();
    },
  };
}

/** node-ipc is loaded only now: nobody waits for it, and the first reading has had its turn. */
async function serve(control: PipelineControl, signal: AbortSignal) {
  const { controlSocketPath, serveControl } = await import('../runtime/ipc-control.ts');
  const socketPath = controlSocketPath(resolve(stateDirectory({})), control.pipeline);
  return serveControl({ control, socketPath, agent, clock: systemClock, signal });
}
