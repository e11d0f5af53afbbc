/** Which console a process serves: by the command line, the file, and the environment. Pure. */
import { isLoopback } from '../contract/address.ts';
import { type ConsoleConfig, consoleTokenMin, exposureOf } from '../contract/console-config.ts';
import { FogrunError } from '../contract/errors.ts';
import type { ConsoleAddress } from './console-address.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * `null` when none is wanted. What the command line says goes before what the file says; the token and the keys of one that no file
 * describes come from the environment.
 * @throws FogrunError `console-exposed` when others could reach it without a token and TLS, `usage` for a token that is too short
 */
export function chosenConsole(
  address: ConsoleAddress | null,
  written: ConsoleConfig | undefined,
  variables: Variables,
): ConsoleConfig | null {
  if (!address) return written ?? null;
  const chosen = { ...(written ?? unwritten(address, variables)), ...address };
  const exposure = exposureOf(chosen);
  if (exposure !== null) throw new FogrunError('console-exposed', exposure);
  return chosen;
}

function unwritten({ host }: ConsoleAddress, variables: Variables) {
  const { FOGRUN_CONSOLE_TOKEN: token = '', FOGRUN_TLS: dir = '' } = variables;
  if (token !== '' && token.length < consoleTokenMin) {
    throw new FogrunError('usage', `FOGRUN_CONSOLE_TOKEN has less than ${consoleTokenMin} characters`, {
      advice: 'Take a token that nobody can guess, such as the output of `openssl rand -base64 24`.',
    });
  }
  // On this machine browsers know no certificate of ours, and nobody listens on the way.
  const keys = isLoopback(host) ? '' : dir;
  return { token, tls: { dir: keys, cert: '', key: '' }, 'allow-hosts': [], origins: [] };
}
