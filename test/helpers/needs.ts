/** What tests of the real operating system need; they say loudly what is missing. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ExecutionContext } from 'ava';

/**
 * Tools of the system stand where a person's PATH does not always lead, and come first: packages of npm bring programs of the
 * same name, such as `nft`.
 */
const places = ['/usr/sbin', '/sbin', '/usr/bin', '/bin', ...(process.env.PATH ?? '').split(delimiter)];

/** Where a tool stands. */
export function pathOf(tool: string): string | undefined {
  return places
    .map((place) => join(place, tool))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Root, and not only by name: in a container it often may not mount, make networks or trace. */
function isRoot(): boolean {
  if (process.getuid?.() !== 0) return false;
  const mask = BigInt(`0x${/CapEff:\s+(\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]}`);
  // CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_SYS_ADMIN
  return [12n, 19n, 21n].every((bit) => (mask >> bit) & 1n);
}

/**
 * Whether the test can run here; says what it needs where it cannot.
 * @param needed tools; `root`; paths that must be there
 */
export function canRun(t: ExecutionContext, ...needed: readonly string[]): boolean {
  const isThere = (one: string) => {
    if (one === 'root') return isRoot();
    return one.startsWith('/') ? existsSync(one) : pathOf(one) !== undefined;
  };
  const missing = process.platform === 'linux' ? needed.filter((one) => !isThere(one)) : ['Linux'];
  if (missing.length === 0) return true;
  t.log(`NOT TESTED: needs ${missing.join(', ')}`);
  t.pass();
  return false;
}

/** Runs a tool to its end; what it printed, or an error with what it said. */
export function run(tool: string, ...words: readonly string[]): string {
  const PATH = places.join(delimiter);
  const { status, stdout, stderr, error } = spawnSync(tool, words, {
    encoding: 'utf8',
    env: { ...process.env, PATH },
    timeout: 30_000,
  });
  if (status !== 0) throw new Error(`${tool} ${words.join(' ')}: ${error ?? `${status} ${stderr}`}`);
  return stdout;
}
