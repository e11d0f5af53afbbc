/** Addresses to listen on or to connect to, in words. */
import { FogrunError } from './errors.ts';

/** `host:port`, with brackets for IPv6. */
export function addressText(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether what is said there stays on this machine. A name counts only where it means that by definition (RFC 6761). */
export function isLoopback(host: string): boolean {
  const plain = host
    .toLowerCase()
    .replace(/^::ffff:/, '')
    .replace(/\.$/, '');
  if (plain === 'localhost' || plain.endsWith('.localhost') || plain === '::1') return true;
  return /^127(?:\.\d{1,3}){3}$/.test(plain);
}

/** What a listening socket's error means: `address-in-use` or `address-refused`. */
export function listenError(
  at: { host: string; port: number },
  cause: Error & { readonly code?: string | undefined },
): FogrunError {
  const address = addressText(at.host, at.port);
  switch (cause.code) {
    case 'EADDRINUSE':
      return new FogrunError('address-in-use', `another process listens on ${address}`, {
        advice: `Stop it (\`ss -ltnp sport = :${at.port}\` shows it), or choose another port.`,
        cause,
      });
    case 'EACCES':
      return new FogrunError('address-refused', `fogrun may not listen on ${address}: permission denied`, {
        advice: 'Choose a port above 1023, or give the process the right to bind lower ones.',
        cause,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new FogrunError('address-refused', `${address} is no address of this machine (${cause.code})`, {
        advice: 'Choose an address of this machine; 0.0.0.0 or :: stands for all of them.',
        cause,
      });
    default:
      return new FogrunError('address-refused', `fogrun cannot listen on ${address}: ${cause.message}`, {
        cause,
      });
  }
}
