/** `fogrun console`: the console for browsers, over pipelines that other processes run. */
import { resolve } from 'node:path';
import { pipelinesIn } from '../runtime/ipc-control.ts';
import { openConsole } from './console.ts';
import type { ConsoleAddress } from './console-address.ts';
import { chosenConsole } from './console-choice.ts';
import { auditOf } from './control-socket.ts';
import { endOnBugs, endWithLauncher, type LogChoice, leaveSoon, onSignals, terminalLog } from './process.ts';

export interface ConsoleCommandOptions extends LogChoice {
  /** Directory of states. */
  readonly state: string;
  readonly address: ConsoleAddress | null;
}

const usual: ConsoleAddress = { host: '127.0.0.1', port: 7800 };

/** Resolves when somebody ends it; the pipelines go on. @param wanted names; all when empty */
export async function consoleCommand(
  wanted: readonly string[],
  { state, address, ...choice }: ConsoleCommandOptions,
): Promise<number> {
  const config = chosenConsole(address ?? usual, undefined, process.env)!;
  const root = resolve(state);
  const report = terminalLog(choice).reporter('fogrun', 'console');
  endOnBugs((problem) => report({ type: 'problem', ...problem }));
  const audit = auditOf('console', report, root);
  const page = openConsole({ config, report, audit: audit.write, retries: false });
  const over = new AbortController();
  const ended = new Promise<void>((resolve) => over.signal.addEventListener('abort', () => resolve()));
  onSignals(report, () => over.abort(), { hangUp: true });
  endWithLauncher(report, () => over.abort());
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    await page.listening;
    page.follow(root, async () => {
      const there = await pipelinesIn(root).catch(() => []);
      return wanted.length > 0 ? there.filter((name) => wanted.includes(name)) : there;
    });
    await ended;
  } finally {
    clearInterval(alive);
    await page.close();
    await audit.settled();
    leaveSoon();
  }
  return 0;
}
