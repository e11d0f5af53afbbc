/** Where a cloud keeps what it knows of its edges: `fleet.json` beside its control socket. */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FogrunError } from '../contract/errors.ts';
import { type FleetKeeper, fleetName } from '../runtime/fleet-file.ts';
import { makeDirectory, syncDirectory } from '../store/directory.ts';
import { stateDirectory } from './command-entry.ts';

/** Longer than any fleet is; what is longer was written by somebody else. */
const textBytesMax = 64 * 2 ** 20;

export function fleetKeeper(pipeline: string): FleetKeeper {
  const directory = resolve(stateDirectory({}), pipeline);
  const path = join(directory, fleetName);
  return {
    async read() {
      const text = await readFile(path, 'utf8').catch(unless('ENOENT'));
      if (text === undefined) return null;
      if (text.length <= textBytesMax) return text;
      throw new FogrunError('file-unreadable', `${path} is longer than any list of edges`);
    },
    async write(text) {
      await makeDirectory(dirname(directory));
      await mkdir(directory, { mode: 0o700 }).catch(unless('EEXIST'));
      const beside = `${path}.new`;
      const file = await open(beside, 'w', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, path);
      await syncDirectory(directory);
    },
  };
}

const unless = (expected: string) => (error: NodeJS.ErrnoException) => {
  if (error.code !== expected) throw error;
  return undefined;
};
