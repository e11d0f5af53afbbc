/** Why LMDB did not take a commit, and whether that tells of the disk or of the store. */
import { getSystemErrorMap } from 'node:util';
import { FogrunError } from '../contract/errors.ts';
import { formatSize } from '../domain/quantities.ts';
import { reasonOf, safeText } from './text.ts';

/** What a disk says that is full or broken: no sign of a damaged store. */
const diskErrors = ['ENOSPC', 'EIO', 'EDQUOT', 'EROFS'];
/** Below this a disk counts as full: LMDB reports a write that came out short as an I/O error. */
const fullBytes = 2 ** 20;

/** The commit took longer than its deadline. */
export class CommitOverdue extends Error {}

/** Name of the operating system's error in `thrown`, such as `EIO`; LMDB gives the bare number. */
export function errnoName(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null | undefined)?.code;
  if (typeof code === 'string') return code;
  return typeof code === 'number' && code > 0 ? getSystemErrorMap().get(-code)?.[0] : undefined;
}

/** True when the disk, and not what stands on it, is to blame. */
export function isDiskError(thrown: unknown): boolean {
  return diskErrors.includes(errnoName(thrown) ?? '');
}

/** What was thrown in words; LMDB's wrapper says nothing by itself. */
function wordsOf(cause: unknown): string {
  const text = reasonOf(cause);
  const code = (cause as { code?: unknown } | null | undefined)?.code;
  if (!/^Commit failed|^$/.test(text)) return text;
  const errno = errnoName(cause);
  return errno ?? (code === undefined ? 'LMDB gave no reason' : `LMDB's error ${safeText(String(code))}`);
}

/**
 * The failure of a commit as `store-failed`.
 * @param freeBytes what the disk has left, when known
 */
export function commitFailure(path: string, cause: unknown, freeBytes?: number): FogrunError {
  const disk = isDiskError(cause);
  const left = disk && freeBytes !== undefined && freeBytes < fullBytes;
  const room = left ? ` (the disk has ${formatSize(freeBytes)} left)` : '';
  const message = `the store in ${safeText(path)} did not take a commit: ${wordsOf(cause)}${room}`;
  const advice = 'Free space or look at the disk, then start again: what was accepted is kept.';
  return new FogrunError('store-failed', message, disk ? { cause, advice } : { cause });
}
