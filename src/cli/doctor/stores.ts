/** Checks of stores. One that is in use is left alone; the others are only read, and never opened. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plan } from '../../contract/plan.ts';
import { formatSize } from '../../domain/quantities.ts';
import { counted, printable } from '../../domain/text.ts';
import { checkDataFile } from '../../store/lmdb-check.ts';
import { dataDir } from '../../store/open-dir.ts';
import { livingOwner } from '../../store/owner.ts';
import { type Check, type Finding, failure, good, warning } from './finding.ts';

/** More directories than these are not looked into. */
const storesMax = 64;

export interface StoreToCheck {
  /** Of the pipeline; without a file, that of the directory, which is the same where nobody chose another. */
  readonly name: string;
  readonly store: {
    readonly role: 'edge' | 'cloud';
    readonly path: string;
    /** Quota in bytes; `null` when it is not known. */
    readonly bytesMax: number | null;
  };
}

export function storesOf(plans: readonly Plan[]): StoreToCheck[] {
  return plans.flatMap(({ name, store }) => (store ? [{ name, store }] : []));
}

/** Those that are found under the directory of states. */
export async function storesUnder(state: string): Promise<StoreToCheck[]> {
  const entries = await readdir(state, { withFileTypes: true }).catch(() => []);
  const found: StoreToCheck[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory()).slice(0, storesMax)) {
    const path = join(state, name);
    const names = await readdir(path).catch((): string[] => []);
    const role = names.includes('cloud.json') ? 'cloud' : 'edge';
    if (!names.includes(`${role}.json`) && !names.includes('lmdb')) continue;
    found.push({ name: printable(name, 80), store: { role, path, bytesMax: null } });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function storeChecks(stores: readonly StoreToCheck[]): Check[] {
  const shared = stores.flatMap((one, i) =>
    stores
      .slice(i + 1)
      .filter((other) => other.store.path === one.store.path)
      .map((other) =>
        failure(
          'store',
          `${one.name} and ${other.name} both want the store in ${one.store.path}`,
          'Give each pipeline a store path of its own.',
        ),
      ),
  );
  return [
    ...(shared.length > 0 ? [{ about: 'store', run: async () => shared }] : []),
    ...stores.map(({ name, store }): Check => ({ about: 'store', run: () => checkStore(name, store) })),
  ];
}

async function checkStore(
  pipeline: string,
  { path, role, bytesMax }: StoreToCheck['store'],
): Promise<Finding[]> {
  const about = 'store';
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (names === null) return [good(about, `${pipeline} has none yet; it will be made in ${path}`)];
  const findings = leftovers(path, names);
  const foreign = role === 'edge' ? 'cloud.json' : 'edge.json';
  if (names.includes(foreign)) {
    const text = `${path} holds the store of ${role === 'edge' ? 'a cloud' : 'an edge'}, and ${pipeline} wants ${role === 'edge' ? 'an edge' : 'a cloud'}`;
    return [failure(about, text, 'Give each pipeline a store path of its own.'), ...findings];
  }
  const file = await stat(join(dataDir(path), 'data.mdb')).catch(() => null);
  const allowed = bytesMax === null ? '' : `, ${formatSize(bytesMax)} allowed`;
  const size = `${formatSize(file ? file.size : 0)} on disk${allowed}`;
  const pid = await livingOwner(path);
  if (pid !== null) {
    return [
      good(about, `${pipeline} runs as process ${pid} and owns ${path} (${size}); not looked into`),
      ...findings,
    ];
  }
  const expected = names.includes(`${role}.json`);
  const look = { look: 'first', owned: false, expected } as const;
  try {
    const there = await checkDataFile(dataDir(path), look);
    const killed = names.includes('owner.json')
      ? '; its last owner was killed, which costs nothing accepted'
      : '';
    findings.unshift(
      good(
        about,
        there ? `${pipeline}: ${path} can be read (${size})${killed}` : `${pipeline}: ${path} is empty`,
      ),
    );
  } catch (error) {
    findings.unshift(
      failure(
        about,
        `${pipeline}: ${printable((error as Error).message, 300)}`,
        'At the next start it is moved aside and a fresh one begins; copy the directory first if its readings matter.',
      ),
    );
  }
  if (names.includes('suspect')) {
    findings.push(
      warning(
        about,
        `${pipeline}: the last run saw what may be damage`,
        'The next start reads the whole store first, which takes longer.',
      ),
    );
  }
  return findings;
}

/** Stores that were moved aside because they could not be read. */
function leftovers(path: string, names: readonly string[]): Finding[] {
  const aside = names.filter((name) => /^lmdb\.corrupt-/.test(name)).sort();
  if (aside.length === 0) return [];
  return [
    warning(
      'store',
      `${path} has ${counted(aside.length, 'damaged store')} set aside: ${printable(aside.join(', '), 200)}`,
      'Delete them once their readings are salvaged or known to be in the cloud; look at the disk (dmesg, smartctl).',
    ),
  ];
}
