/** Checks of what fogrun runs on: Node.js, the store's engine, the clock, the account, limits. */
import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../contract/clock.ts';
import { runProgram } from '../program.ts';
import { version } from '../version.ts';
import { type Check, type Finding, failure, good, warning } from './finding.ts';

const main = fileURLToPath(new URL('../main.js', import.meta.url));

export function machineChecks(clock: Clock): Check[] {
  return [
    { about: 'Node.js', run: node },
    { about: 'lmdb', run: engine },
    { about: 'clock', run: () => time(clock) },
    { about: 'account', run: account },
    { about: 'limits', run: limits },
  ];
}

async function node(): Promise<Finding> {
  const text = `fogrun ${version} on Node.js ${process.versions.node}`;
  if (!/[/\\]_npx[/\\]/.test(main)) return good('Node.js', text);
  return warning(
    'Node.js',
    `${text}, from the cache of npx, which may be emptied at any time`,
    'For a device that is to run by itself, install it: npm install --global fogrun.',
  );
}

/** Systems that the package lmdb brings a build for. */
const builds = 'Linux (x64 and arm64 with glibc or musl, arm with glibc), macOS and Windows';

async function engine(): Promise<Finding> {
  const system = `${process.platform}-${process.arch}`;
  try {
    const lmdb = (await import('lmdb')) as unknown as { open?: unknown };
    if (typeof lmdb.open !== 'function') throw new Error('it has no `open`');
    const manifest = await readFile(new URL('package.json', import.meta.resolve('lmdb')), 'utf8').catch(
      () => '{}',
    );
    const { version: its = 'of unknown version' } = JSON.parse(manifest) as { version?: string };
    return good('lmdb', `the store's engine, lmdb ${its}, loads on ${system}`);
  } catch (error) {
    return failure(
      'lmdb',
      `the store's engine does not load on ${system}: ${(error as Error).message.split('\n')[0]}`,
      `Install fogrun anew on this very machine (npm ci); lmdb comes built for ${builds}.`,
    );
  }
}

/** Before this nobody can have run fogrun. */
const plausibleFromMs = Date.UTC(2025, 0, 1);
const dayMs = 86_400_000;

async function time(clock: Clock): Promise<Finding> {
  const nowMs = clock.now();
  const said = new Date(nowMs).toISOString().slice(0, 19);
  const advice =
    'Let the system synchronise it (systemd-timesyncd, chrony); a Raspberry Pi has no clock of its own without power.';
  if (nowMs < plausibleFromMs) return failure('clock', `it says ${said}Z, which cannot be`, advice);
  const { mtimeMs } = await stat(main);
  if (nowMs < mtimeMs - dayMs) {
    return warning('clock', `it says ${said}Z, before fogrun was installed`, advice);
  }
  const { code, stdout } = await runProgram('timedatectl', ['show', '--property=NTPSynchronized'], {
    timeoutMs: 3_000,
  });
  const synchronised = code === 0 ? /=(\w+)/.exec(stdout)?.[1] : undefined;
  if (synchronised === 'no') return warning('clock', `${said}Z, not synchronised`, advice);
  return good(
    'clock',
    synchronised === 'yes'
      ? `${said}Z, synchronised`
      : `${said}Z; whether it is synchronised is not known here`,
  );
}

async function account(): Promise<Finding> {
  if (process.getuid?.() !== 0) return good('account', `not root (uid ${process.getuid?.() ?? 'unknown'})`);
  return warning(
    'account',
    'this runs as root',
    'fogrun needs no such rights; what root writes, another account cannot open later. Use an account of its own.',
  );
}

const openFilesMin = 1_024;

async function limits(): Promise<Finding> {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const files = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1];
  if (files === undefined) return good('limits', 'open files: not known here');
  if (files !== 'unlimited' && Number(files) < openFilesMin) {
    return warning(
      'limits',
      `only ${files} open files, and so many connections less`,
      'Raise it: ulimit -n 65536.',
    );
  }
  return good('limits', `${files} open files`);
}
