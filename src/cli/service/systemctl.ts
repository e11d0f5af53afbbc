/** Asks systemd by its own program. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FogrunError } from '../../contract/errors.ts';
import { printable } from '../../domain/text.ts';
import { runProgram, type Said } from '../program.ts';
import type { Variables } from './places.ts';

export interface Systemctl {
  run(words: readonly string[], options?: { timeoutMs?: number }): Promise<Said>;
  /** Rejects with `service-failed` when systemd refuses. */
  demand(words: readonly string[], options?: { timeoutMs?: number }): Promise<string>;
}

export function systemctl(user: boolean): Systemctl {
  const run: Systemctl['run'] = (words, options) =>
    runProgram('systemctl', [...(user ? ['--user'] : []), '--no-pager', ...words], options);
  return {
    run,
    demand: async (words, options) => {
      const said = await run(words, options);
      if (said.code === 0) return said.stdout;
      const why =
        said.code === null ? 'it was not done in time' : said.stderr.trim() || `exit code ${said.code}`;
      throw new FogrunError(
        'service-failed',
        `\`systemctl ${user ? '--user ' : ''}${words.join(' ')}\` failed: ${printable(why, 400)}`,
      );
    },
  };
}

/** Rejects with `service-unsupported` where no systemd runs; source: sd_booted(3). */
export async function assertSystemd(user: boolean, variables: Variables): Promise<void> {
  const there = (path: string) =>
    stat(path).then(
      () => true,
      () => false,
    );
  if (!(await there('/run/systemd/system'))) {
    throw new FogrunError(
      'service-unsupported',
      'this system is not run by systemd: /run/systemd/system is not there',
    );
  }
  if (!user) return;
  const { XDG_RUNTIME_DIR } = variables;
  if (XDG_RUNTIME_DIR && (await there(join(XDG_RUNTIME_DIR, 'systemd')))) return;
  throw new FogrunError(
    'service-unsupported',
    'no systemd of yours runs here: $XDG_RUNTIME_DIR/systemd is not there',
    {
      advice: 'Log in as that user (not by `su`), or install it for the system: without `--user`, as root.',
    },
  );
}

/** Major version, or `null`. */
export async function systemdVersion(): Promise<number | null> {
  const { stdout } = await runProgram('systemctl', ['--version'], { timeoutMs: 5_000 });
  const found = /^systemd (\d+)/.exec(stdout);
  return found ? Number(found[1]) : null;
}
