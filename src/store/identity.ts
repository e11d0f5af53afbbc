/**
 * What outlives a corrupt store: `<dir>/edge.json` or `<dir>/cloud.json` tells that a store was made here, and an edge's
 * also its id. LMDB has the last word while it can be read.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { namePattern } from '../domain/segment.ts';
import { asUnwritable } from './directory.ts';
import { createNodeFiles } from './node-files.ts';

export type Role = 'edge' | 'cloud';

/** As it stands in the file; `name` is an edge's id or a cloud's epoch, `undefined` when the file cannot be understood. */
export interface Identity {
  readonly name: string | undefined;
}

/** What the file says; `undefined` when no store of that role was ever made in `dir`. */
export async function readIdentity(dir: string, role: Role): Promise<Identity | undefined> {
  const text = await readFile(join(dir, `${role}.json`), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw asUnwritable(dir, error);
  });
  if (text === undefined) return undefined;
  try {
    const name = (JSON.parse(text) as Record<string, unknown> | null)?.[role];
    if (typeof name === 'string' && namePattern.test(name)) return { name };
  } catch {
    // Torn or foreign: it still tells that there was a store.
  }
  return { name: undefined };
}

/** Writes the file durably, unless it says so already. Rejects with `store-unwritable`. */
export async function keepIdentity(dir: string, role: Role, name: string): Promise<void> {
  if ((await readIdentity(dir, role))?.name === name) return;
  try {
    await createNodeFiles(dir).write(`${role}.json`, Buffer.from(`${JSON.stringify({ [role]: name })}\n`));
  } catch (error) {
    throw asUnwritable(dir, error);
  }
}
