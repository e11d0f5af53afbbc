/** `fogrun console`: the console for browsers, over pipelines that other processes run. */
import { resolve } from 'node:path';
import { nearest, printable, quoteList } from '../domain/text.ts';
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

/** Of those that there are, so many are named. */
const namedMax = 8;

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
    const unknown = await unknownText(root, wanted);
    if (unknown !== null) report({ type: 'note', text: unknown }, 'warn');
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

/** Names that no pipeline has, though one may have them later; `null` when each has its pipeline. */
export async function unknownText(state: string, wanted: readonly string[]): Promise<string | null> {
  const there: readonly string[] = await pipelinesIn(state).catch(() => []);
  const unknown = wanted.filter((name) => !there.includes(name));
  if (unknown.length === 0) return null;
  const near = unknown.flatMap((name) => nearest(name, there));
  const others =
    there.length > 0 ? `there is ${quoteList(there.slice(0, namedMax), 'and')}` : 'there is none';
  const hint = near.length > 0 ? `did you mean ${quoteList(near)}?` : others;
  const names = quoteList(
    unknown.map((name) => printable(name, 80)),
    'or',
  );
  return `no pipeline ${names} has its state in ${printable(state, 200)} (${hint}); it is shown as soon as it runs`;
}
