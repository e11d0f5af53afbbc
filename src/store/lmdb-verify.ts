/**
 * Run as a process: `lmdb-verify.js PATH read|write`. Walks every page of the LMDB store in PATH, reads every entry through
 * LMDB and, with `write`, commits. Ends with 0 when all went well, 65 when the store is damaged, 74 when the disk did not
 * answer; damage that LMDB meets by itself ends it with a signal. What was found stands on stdout.
 */
import { open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import { open } from 'lmdb';
import { errnoName, isDiskError } from './commit-error.ts';
import { openMeta } from './lmdb-check.ts';
import { walkPages } from './lmdb-walk.ts';
import { reasonOf } from './text.ts';

const [path, mode] = process.argv.slice(2) as [string, 'read' | 'write'];
const [damage, trouble] = [65, 74];
/** Takes more pages than one, so that LMDB looks for free ones. */
const probeBytes = 65_536;

function finish(code: number, text: string): never {
  process.stdout.write(`${text}\n`);
  process.exit(code);
}

/** Errors of the system are not the store's; the others are LMDB's complaints. */
function judge(error: unknown): never {
  const inner = (error as { commitError?: Promise<unknown> } | undefined)?.commitError;
  if (inner) inner.catch(judge);
  const system =
    isDiskError(error) || ['ENOMEM', 'EACCES', 'EPERM', 'EMFILE'].includes(errnoName(error) ?? '');
  finish(system ? trouble : damage, reasonOf(error));
}

process.on('uncaughtException', judge);
process.on('unhandledRejection', judge);

const handle = await openFile(join(path, 'data.mdb'), 'r').catch((error: unknown) =>
  finish(trouble, reasonOf(error)),
);
const meta = await openMeta(handle);
if (typeof meta === 'string') finish(damage, meta);
const complaint = await walkPages(handle, meta).catch((error: unknown) => finish(trouble, reasonOf(error)));
if (complaint !== null) finish(damage, complaint);

const db = open<Uint8Array, (string | number)[]>({
  path,
  readOnly: mode === 'read',
  overlappingSync: false,
  eventTurnBatching: false,
  encoding: 'binary',
});
let entries = 0;
for (const entry of db.getRange({})) if (entry.value.length >= 0) entries++;
const { entryCount } = db.getStats() as { entryCount: number };
if (entries !== entryCount) finish(damage, `gives ${entries} of ${entryCount} entries`);
for (let i = 0; mode === 'write' && i < 3; i++) {
  await db
    .transaction(() => {
      void db.put(['verify'], Buffer.alloc(probeBytes));
      void db.remove(['verify']);
    })
    .catch(async (error: { commitError?: Promise<unknown> }) => {
      const reason = await Promise.resolve(error.commitError ?? error).catch((inner: unknown) => inner);
      // A disk that is full now was not damaged by that.
      if (isDiskError(reason)) finish(0, `cannot be written now: ${reasonOf(reason)}`);
      finish(damage, `takes no commit: ${reasonOf(reason)}`);
    });
}
finish(0, `${entries} entries`);
