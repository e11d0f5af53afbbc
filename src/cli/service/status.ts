/** `fogrun service status`: what systemd knows of the services, in plain words. */
import { formatDuration, formatSize } from '../../domain/quantities.ts';
import { counted, escapeControls } from '../../domain/text.ts';
import { commandWord, shellWord } from '../itself.ts';
import type { ServiceOptions } from './install.ts';
import { chosenServices, type Installed, installedServices, settingOf } from './installed.ts';
import { assertSystemd, systemctl } from './systemctl.ts';

const properties = [
  'LoadState',
  'ActiveState',
  'SubState',
  'Result',
  'ExecMainStatus',
  'StatusText',
  'MainPID',
  'NRestarts',
  'UnitFileState',
  'MemoryCurrent',
  'ActiveEnterTimestampMonotonic',
  'InactiveEnterTimestampMonotonic',
] as const;

export type Properties = Readonly<Partial<Record<(typeof properties)[number], string>>>;

export async function status(files: readonly string[], options: ServiceOptions): Promise<number> {
  const { user, name, variables, say } = options;
  const found = chosenServices(await installedServices(user, variables), { name, files });
  if (found.length === 0) {
    say(
      `fogrun installed no service ${user ? 'of yours; one of the system shows without --user' : 'of the system; one of yours shows with --user'}`,
    );
    return 0;
  }
  await assertSystemd(user, variables);
  let bad = false;
  for (const service of found) {
    const shown = await systemctl(user).demand(['show', service.unit, `--property=${properties.join(',')}`]);
    const facts = readProperties(shown);
    bad ||= facts.ActiveState !== 'active';
    say(describe(service, facts, uptimeSeconds()).join('\n'));
  }
  return bad ? 1 : 0;
}

export function readProperties(text: string): Properties {
  const lines = text.split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** Seconds since boot, which systemd's monotonic times count from. */
const uptimeSeconds = () => Number(process.hrtime.bigint() / 1_000_000n) / 1_000;

/** Lines for people. */
export function describe(service: Installed, facts: Properties, nowSeconds: number): string[] {
  const { unit, user, text } = service;
  const state = settingOf(text, 'WorkingDirectory') ?? '';
  const lines = [`${unit}: ${condition(facts, nowSeconds)}`];
  if (facts.StatusText) lines.push(`  says: ${escapeControls(facts.StatusText)}`);
  const pid = Number(facts.MainPID);
  if (pid > 0) {
    const bytes = Number(facts.MemoryCurrent);
    const memory = Number.isSafeInteger(bytes) && bytes > 0 ? `, ${formatSize(bytes)} of memory` : '';
    lines.push(`  process ${pid}${memory}`);
  }
  const restarts = Number(facts.NRestarts);
  if (restarts > 0)
    lines.push(
      `  started again ${counted(restarts, 'time')} by systemd since it was started by hand or at boot`,
    );
  lines.push(
    `  at boot: ${facts.UnitFileState === 'enabled' ? 'starts by itself' : `does not start (${facts.UnitFileState || 'unknown'})`}`,
  );
  lines.push(`  actors: ${commandWord()} ps --state ${shellWord(state)}`);
  lines.push(`  log: journalctl ${user ? '--user-unit' : '-u'} ${unit}`);
  return lines;
}

function condition(facts: Properties, nowSeconds: number): string {
  const since = (microseconds: string | undefined) => {
    const seconds = Number(microseconds) / 1e6;
    return seconds > 0 && nowSeconds > seconds
      ? ` for ${formatDuration((nowSeconds - seconds) * 1_000)}`
      : '';
  };
  switch (facts.ActiveState) {
    case 'active':
      return `runs${since(facts.ActiveEnterTimestampMonotonic)}`;
    case 'activating':
      return facts.SubState === 'auto-restart'
        ? `waits to be started again, after ${why(facts)}`
        : 'is starting';
    case 'deactivating':
      return 'is ending';
    case 'failed':
      return `has failed${since(facts.InactiveEnterTimestampMonotonic)}: ${why(facts)}`;
    case 'inactive':
      return `does not run${since(facts.InactiveEnterTimestampMonotonic)}`;
    default:
      return facts.LoadState === 'not-found'
        ? 'systemd has not read it yet'
        : (facts.ActiveState ?? 'unknown');
  }
}

function why({ Result, ExecMainStatus }: Properties): string {
  const words: Readonly<Record<string, string>> = {
    'exit-code': `it ended with exit code ${ExecMainStatus}${ExecMainStatus === '2' ? ', wrong input, which is not tried again' : ''}`,
    signal: 'a signal ended it',
    'core-dump': 'it crashed',
    watchdog: 'it gave no sign of life',
    timeout: 'it did not start or end in time',
    'oom-kill': 'the system ran out of memory',
    resources: 'systemd could not set it up',
  };
  return words[Result ?? ''] ?? Result ?? 'an unknown cause';
}
