/** Other programs of the system, asked for facts or to do something. */
import { execFile } from 'node:child_process';

export interface Said {
  /** `null` when it was ended by a signal or its deadline. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; a missing one has the code 127. */
export function runProgram(
  program: string,
  words: readonly string[],
  options: { timeoutMs?: number; uid?: number; gid?: number; cwd?: string } = {},
): Promise<Said> {
  const { timeoutMs: timeout = 30_000, ...rest } = options;
  return new Promise((resolve) => {
    // Messages of the tools are looked at by people, and lists of properties by us: no pager, no translation.
    const env = { ...process.env, LC_ALL: 'C', SYSTEMD_PAGER: '', SYSTEMD_COLORS: '0' };
    execFile(
      program,
      [...words],
      { timeout, killSignal: 'SIGKILL', env, ...rest },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code === 'ENOENT' ? 127 : error.code;
        resolve({ code: typeof code === 'number' ? code : null, stdout, stderr });
      },
    );
  });
}
