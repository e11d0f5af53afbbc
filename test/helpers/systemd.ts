/** A real systemd in namespaces of its own, with nothing in it but its journal: needs root, systemd and unshare. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Booted {
  /** Runs a program in there. */
  run(words: readonly string[], env?: Record<string, string>): Promise<Ran>;
  /** Takes everything in it down at once, as a power cut does. */
  cutPower(): Promise<void>;
}

const script = `
set -e
d=$1
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p "$d/var-lib" "$d/etc" "$d/etc-work" /run/units
cp /lib/systemd/system/systemd-journald.service /lib/systemd/system/systemd-journald*.socket /run/units/
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$d/etc,workdir=$d/etc-work" /etc
mount -t tmpfs tmpfs /etc/init.d
rm -rf /etc/systemd/system/*.wants/[!f]*
mount --bind "$d/var-lib" /var/lib
mount -t tmpfs tmpfs /lib/systemd/system
for unit in sysinit basic network network-online time-sync multi-user local-fs shutdown sockets; do
  printf '[Unit]\\nDescription=%s\\nDefaultDependencies=no\\n' $unit > /lib/systemd/system/$unit.target
done
cp /run/units/* /lib/systemd/system/
mkdir /lib/systemd/system/multi-user.target.wants
ln -s ../systemd-journald.service /lib/systemd/system/multi-user.target.wants/
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  mount -t tmpfs tmpfs /sys/fs/cgroup
  mkdir /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
fi
export container=test
exec /lib/systemd/systemd --system --unit=multi-user.target --log-target=null --show-status=no
`;

const bootDeadlineMs = 30_000;
let boots = 0;

/** Boots it over that directory, which keeps /etc and /var/lib; a reason as text where that cannot be. */
export async function bootSystemd(t: ExecutionContext, directory: string): Promise<Booted | string> {
  if (process.getuid?.() !== 0) return 'it takes root';
  for (const path of ['/lib/systemd/systemd', '/usr/bin/unshare', '/usr/bin/nsenter']) {
    if (!(await readable(path))) return `${path} is not there`;
  }
  const unified = await readable('/sys/fs/cgroup/cgroup.controllers');
  const group = join('/sys/fs/cgroup', unified ? '' : 'systemd', `fogrun-test-${process.pid}-${boots++}`);
  try {
    await mkdir(group);
  } catch (error) {
    return `no control group can be made: ${(error as Error).message}`;
  }
  const file = join(directory, 'boot.sh');
  await writeFile(file, script);
  const words = [
    '--mount',
    '--pid',
    '--fork',
    '--mount-proc',
    '--cgroup',
    '--net',
    '--uts',
    '--ipc',
    '--kill-child',
  ];
  const enter = `echo $$ > '${group}/cgroup.procs' && exec unshare ${words.join(' ')} sh '${file}' '${directory}'`;
  const outer = spawn('sh', ['-c', enter], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  outer.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  let over = false;
  const ended = new Promise<void>((resolve) => {
    outer.once('close', () => {
      over = true;
      resolve();
    });
  });
  const cutPower = async () => {
    const init = over ? undefined : await childOf(outer);
    if (init !== undefined) process.kill(init, 'SIGKILL');
    else if (!over) outer.kill('SIGKILL');
    await ended;
    await removeGroup(group);
  };
  t.teardown(cutPower);
  const run: Booted['run'] = async (words, env = {}) => {
    const init = await childOf(outer);
    if (init === undefined) return { code: 1, stdout: '', stderr: 'it does not run' };
    return execute('nsenter', ['-t', String(init), '-m', '-u', '-i', '-n', '-p', '-C', '--', ...words], env);
  };
  const until = Date.now() + bootDeadlineMs;
  while (!over && Date.now() < until) {
    const { stdout } = await run(['systemctl', 'is-system-running']);
    if (/^(?:running|degraded)/.test(stdout)) return { run, cutPower };
    await wait(100);
  }
  return `it did not come up: ${said.trim() || 'no reason was given'}`;
}

/** Groups within it first; one whose last process is still going stays, and does no harm. */
async function removeGroup(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeGroup(join(path, entry.name));
  await rmdir(path).catch(() => {});
}

async function childOf({ pid }: ChildProcess): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const [first] = text.trim().split(' ');
  return first ? Number(first) : undefined;
}

function readable(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}

function execute(program: string, words: readonly string[], env: Record<string, string>): Promise<Ran> {
  const { PATH } = process.env;
  const options = { env: { PATH, HOME: '/nowhere', ...env }, timeout: 120_000, maxBuffer: 64 * 2 ** 20 };
  return new Promise((resolve) => {
    execFile(program, [...words], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr });
    });
  });
}
