/** The program's version, from its package. */
import { readFileSync } from 'node:fs';

// From dist/src/cli, in a clone as in an installed package.
const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

export const version = manifest.version;
/** How this program names itself to others. */
export const agent = `fogrun/${version}`;
