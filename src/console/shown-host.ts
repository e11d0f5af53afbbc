/** The host that people open: nobody can open the one that stands for all addresses of a machine. */
import { isIPv6 } from 'node:net';
import { addressText } from '../contract/address.ts';
import type { OwnNames } from '../runtime/own-names.ts';

/** @param host where it listens @param own asked only where that is everywhere */
export function shownHost(host: string, own: () => OwnNames): string {
  const everywhere = everywhereOf(host);
  if (everywhere === null) return host;
  const { host: name, addresses } = own();
  const ipv6 = addresses.find((address) => isIPv6(address));
  const ipv4 = addresses.find((address) => !isIPv6(address));
  // A socket for all of IPv6 takes IPv4 as well, but not the other way round.
  if (everywhere === '::') return ipv6 ?? ipv4 ?? name ?? '::1';
  return ipv4 ?? name ?? '127.0.0.1';
}

/** However it is written: each has many ways, which browsers and the system read alike. */
function everywhereOf(host: string): '0.0.0.0' | '::' | null {
  const url = `http://${addressText(host, 1)}`;
  const plain = URL.canParse(url) ? new URL(url).hostname : '';
  if (plain === '[::]') return '::';
  return plain === '0.0.0.0' ? plain : null;
}
