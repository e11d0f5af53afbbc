/** What this machine is called by others. */
import { hostname, networkInterfaces } from 'node:os';

export interface OwnNames {
  /** Of the host; `null` for what no certificate and no address could have. */
  readonly host: string | null;
  /** As the system lists them, without those that mean nothing elsewhere. */
  readonly addresses: readonly string[];
}

export function ownNames(): OwnNames {
  return {
    host: /^[A-Za-z0-9.-]{1,253}$/.test(hostname()) ? hostname() : null,
    addresses: interfaces()
      .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
      .map(({ address }) => address),
  };
}

/** Where a sandbox forbids to look, there are none. */
function interfaces() {
  try {
    return Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  } catch {
    return [];
  }
}
