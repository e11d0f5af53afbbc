/** What LMDB says when a store cannot be opened, in words for people. */
import { FogrunError } from '../contract/errors.ts';
import { errnoName } from './commit-error.ts';
import { asUnwritable } from './directory.ts';
import { reasonOf } from './text.ts';

/** `store-corrupt`, `store-failed` where the disk cannot be read, else `store-unwritable`. */
export function openFailure(path: string, error: unknown): unknown {
  const text = error instanceof Error ? error.message : '';
  const message = `the store in ${path} cannot be read: ${reasonOf(error)}`;
  if (/MDB_(INVALID|CORRUPTED|VERSION_MISMATCH|PAGE_NOTFOUND|PANIC)/.test(text)) {
    return new FogrunError('store-corrupt', message, { cause: error });
  }
  // A disk that cannot be read is neither the store's fault nor the program's.
  if (errnoName(error) === 'EIO') {
    return new FogrunError('store-failed', message, {
      advice: 'Look at the disk, then start again.',
      cause: error,
    });
  }
  return asUnwritable(path, error);
}
