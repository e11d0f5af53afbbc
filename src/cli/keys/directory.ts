/** Writes into a keys directory: files for their owner alone, whole or not at all, also after a power cut. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FogrunError } from '../../contract/errors.ts';
import { syncDirectory } from '../../store/directory.ts';

const fileMode = 0o600;
const directoryMode = 0o700;

/** Writes `<dir>/<name>`, and makes the directories on the way. Rejects with `keys-unwritable`. */
export async function writeSecret(dir: string, name: string, text: string): Promise<void> {
  const target = join(dir, name);
  const beside = join(dirname(target), `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await makePrivate(dirname(target));
    try {
      const file = await open(beside, 'wx', fileMode);
      try {
        // The umask may have taken bits away; it adds none.
        await file.chmod(fileMode);
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, target);
    } catch (error) {
      await unlink(beside).catch(() => {});
      throw error;
    }
    await syncDirectory(dirname(target));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new FogrunError('keys-unwritable', `${target} cannot be written: ${code ?? message}`, { cause });
  }
}

/** A directory that only its owner may enter; one that is there keeps its files and gets the mode. */
async function makePrivate(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: directoryMode });
  await chmod(path, directoryMode);
  if (made !== undefined) await syncDirectory(dirname(resolve(made)));
}

/** Runs `work` while no other `fogrun keys` changes that directory: two at once would each forget what the other wrote. */
export async function alone<Result>(dir: string, work: () => Promise<Result>): Promise<Result> {
  const lock = join(dir, '.lock');
  await makePrivate(dir).catch((cause: NodeJS.ErrnoException) => {
    throw new FogrunError('keys-unwritable', `${dir} cannot be made: ${cause.code ?? cause.message}`, {
      cause,
    });
  });
  const file = await open(lock, 'wx', fileMode).catch((cause: NodeJS.ErrnoException) => {
    const why =
      cause.code === 'EEXIST'
        ? new FogrunError('keys-unwritable', `another \`fogrun keys\` is at work in ${dir}`, {
            advice: `Wait for it; if none runs, remove ${lock}.`,
          })
        : new FogrunError('keys-unwritable', `${dir} cannot be written: ${cause.code ?? cause.message}`, {
            cause,
          });
    throw why;
  });
  try {
    return await work();
  } finally {
    await file.close();
    await unlink(lock).catch(() => {});
  }
}
