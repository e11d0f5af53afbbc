/**
 * All checks of `fogrun doctor`, as a program of their own: a read that waits for a dead drive for ever keeps its process
 * from ending, and then that process can be killed. Words: the state's directory, then pipeline files. Writes findings as JSON.
 */
import { writeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { FogrunError } from '../../contract/errors.ts';
import type { Plan } from '../../contract/plan.ts';
import { escapeControls } from '../../domain/text.ts';
import { formatProblem } from '../../pipeline/check.ts';
import { systemClock, systemRandom } from '../../runtime/clock.ts';
import { headroomBytes } from '../../store/headroom.ts';
import { livingOwner } from '../../store/owner.ts';
import { checkFiles, readText } from '../plans.ts';
import { namedVariables } from '../variables.ts';
import { addressChecks } from './addresses.ts';
import { checkDisk } from './disk.ts';
import { type Check, type Finding, failure, good, runChecks, warning } from './finding.ts';
import { identityChecks } from './identity.ts';
import { machineChecks } from './machine.ts';
import { checkVariables } from './misspelt.ts';
import { type StoreToCheck, storeChecks, storesOf, storesUnder } from './stores.ts';

async function examine(state: string, files: readonly string[]): Promise<Finding[]> {
  const about = { plans: [] as Plan[], named: [] as string[] };
  const read: Check[] = files.map((file) => ({ about: 'pipeline', run: () => checkFile(file, about) }));
  const fileFindings = await runChecks(read, systemClock);
  const { plans, named } = about;
  const stores = files.length === 0 ? await storesUnder(state) : storesOf(plans);
  const checks: Check[] = [
    ...machineChecks(systemClock),
    ...directories(stores, state).map((place) => ({
      about: 'disk',
      run: () => checkDisk({ ...place, clock: systemClock, random: systemRandom }),
    })),
    { about: 'variables', run: async () => checkVariables(named, Object.keys(process.env)) },
    ...namesTwice(plans),
    ...storeChecks(stores),
    ...addressChecks(plans, async (pipeline) => {
      const path = plans.find(({ name }) => name === pipeline)?.store?.path;
      return path === undefined ? null : livingOwner(path);
    }),
    ...identityChecks(plans, systemClock),
    ...plans.map((plan) => ({ about: 'paths', run: async () => relativePaths(plan) })),
    ...plans.map(({ name }) => ({
      about: 'paths',
      run: async () => socketPath(state, name),
    })),
  ];
  return eachOnce([...fileFindings, ...(await runChecks(checks, systemClock))]);
}

/** A receiver and a console may have the same keys. */
function eachOnce(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

async function checkFile(file: string, about: { plans: Plan[]; named: string[] }): Promise<Finding[]> {
  try {
    const text = await readText(file);
    about.named.push(...namedVariables(text).map(({ name }) => name));
    const { plans, problems, warnings } = await checkFiles([file]);
    about.plans.push(...plans);
    return [
      ...problems.map((problem) => failure('pipeline', formatProblem(problem), 'Mend that line.')),
      ...warnings.map((problem) => warning('pipeline', formatProblem(problem), 'It works, but is unwise.')),
      ...plans.map(({ name, actors }) =>
        good('pipeline', `${file}: ${name} is good (${actors.length} actors)`),
      ),
    ];
  } catch (error) {
    if (!(error instanceof FogrunError)) throw error;
    return [failure('pipeline', error.message, error.advice)];
  }
}

function namesTwice(plans: readonly Plan[]): Check[] {
  const found = plans.flatMap(({ name, file }, i) =>
    plans
      .slice(i + 1)
      .filter((other) => other.name === name)
      .map((other) =>
        failure(
          'pipeline',
          `${file} and ${other.file} are both named ${name}`,
          'Give each pipeline a name of its own.',
        ),
      ),
  );
  return found.length > 0 ? [{ about: 'pipeline', run: async () => found }] : [];
}

/** Each place once, with what stores in it may take and leave free. */
function directories(
  stores: readonly StoreToCheck[],
  state: string,
): { path: string; bytesMax: number; headroomBytes: number }[] {
  const usual = { bytesMax: 0, headroomBytes: headroomBytes.edge };
  const found = new Map(stores.length === 0 ? [[state, usual]] : []);
  for (const { store } of stores) {
    const home = store.path.startsWith(`${state}/`) ? state : dirname(store.path);
    const before = found.get(home) ?? usual;
    found.set(home, {
      bytesMax: before.bytesMax + (store.bytesMax ?? 0),
      headroomBytes: Math.max(before.headroomBytes, headroomBytes[store.role]),
    });
  }
  return [...found].map(([path, needs]) => ({ path, ...needs }));
}

/** What begins at the directory that fogrun is started in is elsewhere under a service. */
function relativePaths({ name: pipeline, actors }: Plan): Finding[] {
  return actors.flatMap(({ name, config }) => {
    const { path } = config as { path?: unknown };
    if (typeof path !== 'string' || path.startsWith('/')) return [];
    return [
      warning(
        'paths',
        `${pipeline}/${name} reads ${escapeControls(path)}, here ${escapeControls(join(process.cwd(), path))}`,
        'A service is started in its state directory: write the whole path.',
      ),
    ];
  });
}

/** Longest path of a socket: 104 bytes with its NUL on macOS, 108 on Linux. */
const socketBytesMax = 103;

function socketPath(state: string, pipeline: string): Finding[] {
  const path = join(state, pipeline, 'control.sock');
  if (Buffer.byteLength(path) <= socketBytesMax) return [];
  const text = `${path} is longer than the ${socketBytesMax} bytes that the path of a socket may have`;
  return [failure('paths', text, 'Choose a shorter directory with FOGRUN_STATE.')];
}

// Last, when everything above is there.
const [stateWord = '.fogrun', ...files] = process.argv.slice(2);
const findings = await examine(resolve(stateWord), files);
writeSync(1, `${JSON.stringify(findings)}\n`);
