/** Keys directories for tests: an authority, a server and devices, also of another time. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { makeCertificate } from '../../src/cli/keys/authority.ts';
import { KeyBook } from '../../src/cli/keys/book.ts';
import { names, readNeeded } from '../../src/link/keys/layout.ts';
import { temporaryDirectory } from './fogrun.ts';

export interface TestKeys {
  readonly dir: string;
  readonly book: KeyBook;
  /** Folder of a device, whose certificate is made. */
  device(name: string): Promise<string>;
  /** Gives a device a certificate that was made at another time. */
  deviceMadeAt(name: string, nowMs: number): Promise<string>;
}

export const dayMs = 86_400_000;

export async function testKeys(
  t: Pick<ExecutionContext, 'teardown'>,
  now: () => number = Date.now,
): Promise<TestKeys> {
  const dir = join(await temporaryDirectory(t), 'keys');
  const book = new KeyBook(dir, now);
  await book.init([]);
  return {
    dir,
    book,
    device: (name) => book.device(name),
    async deviceMadeAt(name, nowMs) {
      const folder = await book.device(name);
      const authority = {
        cert: await readNeeded(join(dir, names.ca), ''),
        key: await readNeeded(join(dir, names.caKey), ''),
      };
      const made = await makeCertificate(authority, { as: 'device', name, hosts: [name], nowMs });
      await writeFile(join(folder, names.deviceCert), made.cert);
      await writeFile(join(folder, names.deviceKey), made.key);
      return folder;
    },
  };
}
