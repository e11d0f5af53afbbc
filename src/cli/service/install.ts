/** `fogrun service install FILE…`: writes the unit, starts it; a second time brings it up to date. */
import { chmod, chown, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FogrunError } from '../../contract/errors.ts';
import type { Plan } from '../../contract/plan.ts';
import { namePattern } from '../../domain/segment.ts';
import { printable } from '../../domain/text.ts';
import { formatProblem } from '../../pipeline/check.ts';
import { checkFiles, readText } from '../plans.ts';
import { runProgram } from '../program.ts';
import { type NamedVariable, namedVariables } from '../variables.ts';
import { environmentText, readEnvironment, settable } from './environment.ts';
import { type Places, placesOf, type Variables } from './places.ts';
import { stateNotes } from './state-note.ts';
import { assertSystemd, type Systemctl, systemctl, systemdVersion } from './systemctl.ts';
import { unitChanges, unitMark, unitName, unitText } from './unit.ts';

export interface ServiceOptions {
  readonly user: boolean;
  readonly name: string | undefined;
  readonly state: string | undefined;
  readonly dryRun: boolean;
  readonly variables: Variables;
  /** Takes a line for people. */
  readonly say: (line: string) => void;
}

/** A start that takes longer goes on without us. */
const startWaitMs = 60_000;

export async function install(words: readonly string[], options: ServiceOptions): Promise<number> {
  const { user, variables, say } = options;
  if (words.length === 0) throw new FogrunError('usage', 'expected: fogrun service install FILE…');
  const files = words.map((word) => resolve(word));
  const named = namedVariables((await Promise.all(files.map(readText))).join('\n'));
  const name = await nameOf(files, options);
  const places = placesOf(name, options, variables);
  const kept = await textOf(places.environmentFile);
  const values = kept === null ? chosen(named, variables) : readEnvironment(kept);
  const plans = await checkedPlans(files, { ...values, FOGRUN_STATE: places.stateDirectory }, places);
  const runAs = user ? null : await serviceUser(files[0]!, variables);
  const text = unitText({
    name,
    user,
    pipelines: plans.map((plan) => plan.name),
    command: [process.execPath, fileURLToPath(new URL('../main.js', import.meta.url)), ...files],
    environmentFile: places.environmentFile,
    stateDirectory: places.stateDirectory,
    stateIsDefault: places.stateIsDefault,
    writes: writesOf(plans, places.stateDirectory),
    runAs,
    version: await systemdVersion(),
  });
  if (options.dryRun) {
    await warn(options, runAs, places);
    say(`# ${places.unit}\n${text}`);
    say(
      kept === null
        ? `# ${places.environmentFile}\n${environmentText(named, variables)}`
        : `# ${places.environmentFile} stays as it is`,
    );
    return 0;
  }

  await assertSystemd(user, variables);
  if (!user && process.getuid?.() !== 0) {
    throw new FogrunError(
      'service-denied',
      `${places.unit} cannot be written by ${variables.USER || 'this user'}`,
    );
  }
  const before = await textOf(places.unit);
  if (before !== null && !before.startsWith(unitMark)) {
    throw new FogrunError('service-failed', `${places.unit} was not written by fogrun and stays as it is`, {
      advice: 'Choose another name with `--name NAME`, or remove that unit first.',
    });
  }
  await warn(options, runAs, places);
  const owner = runAs === null ? null : await idsOf(runAs);
  if (owner !== null && runAs !== null) await assertReadable(files, values, places, runAs, owner);
  await makeDirectories(places, user, owner);
  if (kept === null) await write(places.environmentFile, environmentText(named, variables), 0o600);
  else tellEnvironment(named, values, places, options);
  const changes = before === null ? null : unitChanges(before, text);
  if (before !== text) await write(places.unit, text, 0o644);
  await bringUp(systemctl(user), unitName(name), changes, { ...options, places });
  return 0;
}

async function nameOf(files: readonly string[], { name, state, variables }: ServiceOptions): Promise<string> {
  // Names do not depend on where things are; a mistake in the files is told with the rest of them.
  const { plans } = await checkFiles(files, {
    variables: { ...variables, FOGRUN_STATE: state ?? '/' },
    cwd: '/',
  });
  const wanted =
    name ??
    (plans
      .map((plan) => plan.name)
      .join('-')
      .slice(0, 64) ||
      'pipeline');
  if (namePattern.test(wanted)) return wanted;
  throw new FogrunError(
    'usage',
    `--name takes up to 64 letters, digits, \`.\`, \`_\` or \`-\`, not \`${wanted}\``,
  );
}

async function checkedPlans(
  files: readonly string[],
  variables: Variables,
  places: Places,
): Promise<readonly Plan[]> {
  const checked = await checkFiles(files, { variables, cwd: places.stateDirectory });
  if (checked.problems.length === 0) return checked.plans;
  for (const problem of checked.problems) process.stderr.write(`${formatProblem(problem)}\n`);
  throw new FogrunError('pipeline-invalid', `nothing was installed: the files have mistakes`, {
    advice: `Mend the lines named. Variables of the service come from ${places.environmentFile}, at first from here.`,
  });
}

/** What of this environment the service gets. */
function chosen(named: readonly NamedVariable[], variables: Variables): Record<string, string> {
  const found = settable(named).flatMap(({ name }) =>
    variables[name] ? [[name, variables[name]] as const] : [],
  );
  return Object.fromEntries(found);
}

/** Stores outside the state directory; they must be writable too. */
function writesOf(plans: readonly Plan[], state: string): string[] {
  const paths = plans.flatMap(({ store }) => (store ? [store.path] : []));
  return [...new Set(paths.filter((path) => path !== state && !path.startsWith(`${state}/`)))];
}

/** Who started `sudo`, else who owns the file; `null` for root. */
async function serviceUser(file: string, { SUDO_USER }: Variables): Promise<string | null> {
  if (SUDO_USER && SUDO_USER !== 'root') return SUDO_USER;
  const { uid } = await stat(file);
  if (uid === 0) return null;
  const { code, stdout } = await runProgram('id', ['-nu', String(uid)], { timeoutMs: 5_000 });
  return code === 0 ? stdout.trim() : String(uid);
}

async function idsOf(user: string): Promise<{ uid: number; gid: number }> {
  const ids = await Promise.all(
    ['-u', '-g'].map((word) => runProgram('id', [word, user], { timeoutMs: 5_000 })),
  );
  const [uid, gid] = ids.map(({ code, stdout }) => (code === 0 ? Number(stdout) : Number.NaN));
  if (Number.isSafeInteger(uid) && Number.isSafeInteger(gid)) return { uid: uid!, gid: gid! };
  throw new FogrunError('service-failed', `there is no user ${printable(user)} to run the service`, {
    advice: 'Give the pipeline file to an account that exists (chown).',
  });
}

/** The person's own eyes: Node.js, fogrun and the files may lie where only others can read. */
async function assertReadable(
  files: readonly string[],
  values: Variables,
  places: Places,
  user: string,
  ids: { uid: number; gid: number },
): Promise<void> {
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const settings = Object.entries({ ...values, FOGRUN_STATE: places.stateDirectory }).map(
    ([k, v]) => `${k}=${v}`,
  );
  const said = await runProgram('env', ['-i', ...settings, process.execPath, main, 'check', ...files], {
    ...ids,
    cwd: '/',
  });
  if (said.code === 0) return;
  const why = (said.stderr.trim() || said.stdout.trim() || 'no permission').split('\n')[0]!;
  throw new FogrunError('service-failed', `${user}, who will run the service, cannot run it: ${why}`, {
    advice: `Put Node.js, fogrun and the pipeline files where ${user} can read them, such as /usr/local and /etc/fogrun.`,
  });
}

async function makeDirectories(
  places: Places,
  user: boolean,
  owner: { uid: number; gid: number } | null,
): Promise<void> {
  await mkdir(dirname(places.environmentFile), { recursive: true });
  await mkdir(places.unitDirectory, { recursive: true });
  // systemd makes the usual one for the system, with the right owner.
  if (!user && places.stateIsDefault) return;
  const made = await mkdir(places.stateDirectory, { recursive: true, mode: 0o700 });
  if (made && owner) await chown(places.stateDirectory, owner.uid, owner.gid);
}

async function textOf(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EACCES') return null;
    throw error;
  });
}

/** Whole or not at all. */
async function write(path: string, text: string, mode: number): Promise<void> {
  const beside = `${path}.new`;
  await writeFile(beside, text, { mode });
  await chmod(beside, mode);
  await rename(beside, path);
}

function tellEnvironment(
  named: readonly NamedVariable[],
  kept: Variables,
  { environmentFile }: Places,
  { variables, say }: ServiceOptions,
): void {
  say(`${environmentFile} stays as it is`);
  for (const { name } of settable(named)) {
    const here = variables[name];
    if (here && here !== kept[name])
      say(`  ${name} is set here, but ${kept[name] ? 'to something else' : 'not'} there: the file counts`);
  }
}

async function warn(
  { user, say, dryRun, variables }: ServiceOptions,
  runAs: string | null,
  places: Places,
): Promise<void> {
  const mark = dryRun ? '# ' : '';
  if (/[/\\]_npx[/\\]/.test(import.meta.url)) {
    say(
      `${mark}warning: this fogrun lies in the cache of npx, which may be emptied: install it with npm first`,
    );
  }
  if (!user && runAs === null) {
    say(
      `${mark}warning: it will run as root; give the pipeline file to an account of its own (chown) to change that`,
    );
  }
  for (const note of await stateNotes(places, variables)) say(`${mark}${note}`);
}

async function bringUp(
  system: Systemctl,
  unit: string,
  changes: readonly string[] | null,
  { user, say, places }: ServiceOptions & { places: Places },
): Promise<void> {
  if (changes === null) say(`${places.unit} is written`);
  else if (changes.length === 0) say(`${places.unit} is as it should be`);
  else say([`${places.unit} is changed`, ...changes.map((change) => `  ${change}`)].join('\n'));
  await system.demand(['daemon-reload']);
  await system.demand(['enable', unit]);
  // After a failure it would not be started again by itself.
  await system.run(['reset-failed', unit]);
  const verb = changes !== null && changes.length > 0 ? 'restart' : 'start';
  const said = await system.run([verb, unit], { timeoutMs: startWaitMs });
  const look = `journalctl ${user ? '--user-unit' : '-u'} ${unit}`;
  if (said.code === null) say(`${unit} is still starting; \`${look} -f\` shows how far it is`);
  else if (said.code !== 0) {
    throw new FogrunError(
      'service-failed',
      `${unit} is installed but does not start: ${said.stderr.trim().split('\n')[0]}`,
      {
        advice: `\`${look}\` says why; mend that, then \`systemctl ${user ? '--user ' : ''}restart ${unit}\`.`,
      },
    );
  } else say(`${unit} is enabled and runs`);
  say(`variables: ${places.environmentFile}   log: ${look}`);
  if (user)
    say('it ends when you log out, unless an administrator allowed you to stay: loginctl enable-linger');
}
