/** Where things stand in a keys directory, and how its files are read. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FogrunError } from '../../contract/errors.ts';

export const names = {
  ca: 'ca.crt',
  caKey: 'ca.key',
  serverCert: join('server', 'server.crt'),
  serverKey: join('server', 'server.key'),
  devices: 'devices',
  deviceCert: 'device.crt',
  deviceKey: 'device.key',
  /** Of a device that has no certificate: its token, in the device's own folder only. */
  token: 'token',
  revoked: 'revoked.json',
  tokens: 'tokens.json',
  issued: 'issued.json',
} as const;

/** Files are small; a directory of somebody else's must not be read into memory. */
const fileBytesMax = 4 * 2 ** 20;

/** The text of a file, `null` when it is not there. Rejects with `keys-unreadable`. */
export async function readIfThere(file: string): Promise<string | null> {
  try {
    const found = await stat(file);
    if (!found.isFile() || found.size > fileBytesMax) {
      throw new FogrunError('keys-unreadable', `${file} is no file of a keys directory`);
    }
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof FogrunError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    const why = code === 'EACCES' ? 'permission denied' : (code ?? message);
    throw new FogrunError('keys-unreadable', `${file} cannot be read: ${why}`, {
      advice: 'Keys belong to the user that fogrun runs as, with mode 0600 in a directory of mode 0700.',
      cause,
    });
  }
}

/** The same of a file that must be there. */
export async function readNeeded(file: string, advice: string): Promise<string> {
  const text = await readIfThere(file);
  if (text === null) throw new FogrunError('keys-unreadable', `${file} is not there`, { advice });
  return text;
}

/** Names of the devices in a keys directory, sorted; none when it has none. */
export async function deviceNames(dir: string): Promise<string[]> {
  const entries = await readdir(join(dir, names.devices), { withFileTypes: true }).catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return [];
      throw new FogrunError('keys-unreadable', `${join(dir, names.devices)} cannot be read: ${cause.code}`, {
        cause,
      });
    },
  );
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}
