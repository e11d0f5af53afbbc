/** Whether this Node.js is new enough, before anything is loaded that needs it. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FogrunError } from '../contract/errors.ts';

const [majorMin, minorMin] = [22, 15];

/** Node.js that npm put beside the sources; the installed package has none. */
const brought = fileURLToPath(new URL('../../../node_modules/node/bin/node', import.meta.url));

/** Throws `usage` when it is too old. */
export function assertNodeVersion(version: string, bringsOne = existsSync(brought)): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  throw new FogrunError(
    'usage',
    `fogrun needs Node.js ${majorMin}.${minorMin} or newer, this is ${version}`,
    {
      advice: `Install a newer Node.js${bringsOne ? ', or run it with `npx fogrun`, which brings one' : ''}.`,
    },
  );
}
