/** The console of pipelines that this process runs, itself or in children. What serves it is loaded only when there is one. */
import { resolve } from 'node:path';
import type { ConsoleConfig } from '../contract/console-config.ts';
import type { PipelineControl } from '../contract/control.ts';
import type { Plan } from '../contract/plan.ts';
import type { Log } from '../runtime/log.ts';
import { stateDirectory } from './command-entry.ts';
import { auditOf } from './control-socket.ts';
import type { Live } from './live.ts';

export interface ShownWith {
  /** `null`: no page is served. */
  readonly config: ConsoleConfig | null;
  /** An inspector to be told what happens. */
  readonly push: URL | null;
  readonly log: Log;
  readonly live: Live | null;
}

/** Who it is in the log of a process with several pipelines, and whose directory has its audit log. */
const ownName = 'console';

/** Over the pipeline of this process; its audit log tells who signed in. */
export async function showPipeline(
  control: PipelineControl,
  plan: Plan,
  { config, push, log, live, audit }: ShownWith & { readonly audit: ReturnType<typeof auditOf> },
): Promise<{ close(): Promise<void> }> {
  const page = (await import('./console.ts')).openConsole({
    ...{ config, audit: audit.write, opened: live?.view.console },
    push: pushOf(push, log, plan.name),
    report: log.reporter(plan.name, ownName),
  });
  page.expect([plan]);
  page.attach(control);
  return page;
}

/** Over the pipelines of child processes. @param parent its name in the log */
export async function showChildren(
  plans: readonly Plan[],
  { config, push, log, live }: ShownWith,
  parent: string,
): Promise<{ close(): Promise<void> }> {
  const report = log.reporter(parent, ownName);
  const audit = auditOf(ownName, report);
  const page = (await import('./console.ts')).openConsole({
    ...{ config, report, audit: audit.write, opened: live?.view.console },
    push: pushOf(push, log, parent),
  });
  page.expect(plans);
  page.follow(resolve(stateDirectory({})), async () => plans.map(({ name }) => name));
  return {
    async close() {
      await page.close();
      await audit.settled();
    },
  };
}

/** It speaks for itself in the log. */
function pushOf(url: URL | null, log: Log, of: string) {
  return url && { url, report: log.reporter(of, 'inspect-push') };
}
