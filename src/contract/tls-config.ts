/** Config of what travels over a network: TLS, and the plain TCP that must be asked for by name. */
import { z } from 'zod';
import { addressText, isLoopback } from './address.ts';
import { boolean, hostName } from './config.ts';

const path = () => z.string().refine((text) => !text.includes('\0'), { error: 'a path cannot contain NUL' });

/** Of the side that dials. */
export function clientTls() {
  return z
    .strictObject({
      dir: path()
        .prefault('')
        .describe(
          "Keys directory: a device's own folder (`ca.crt`, `device.crt`, `device.key`), or the one that `fogrun keys` " +
            'made. Empty: no TLS.',
        ),
      ca: path().prefault('').describe('Certificates that the cloud is checked against, instead of `dir`.'),
      cert: path()
        .prefault('')
        .describe('Certificate of this edge, instead of `dir`; its name is the name of the edge.'),
      key: path().prefault('').describe('Private key of that certificate.'),
      'server-name': hostName()
        .optional()
        .describe('Name that the certificate of the cloud must have, if not the one that is dialled.'),
    })
    .superRefine(wholeSet('ca'))
    .prefault({})
    .describe('TLS to the cloud; files are read anew for each connection.');
}

/** Of the side that listens. */
export function serverTls() {
  return z
    .strictObject({
      dir: path().prefault('').describe('Keys directory that `fogrun keys` made. Empty: no TLS.'),
      ca: path()
        .prefault('')
        .describe('Certificates that those of edges are checked against, instead of `dir`.'),
      cert: path().prefault('').describe('Certificate of this cloud, instead of `dir`.'),
      key: path().prefault('').describe('Private key of that certificate.'),
      clients: z
        .enum(['or-token', 'required'])
        .prefault('or-token')
        .describe(
          '`required`: every edge must show a certificate; `or-token`: one without may show a token instead.',
        ),
    })
    .superRefine(wholeSet('ca', 'cert'))
    .prefault({})
    .describe('TLS for edges; renewed and revoked certificates count within a second, without a restart.');
}

export type ClientTls = z.output<ReturnType<typeof clientTls>>;
export type ServerTls = z.output<ReturnType<typeof serverTls>>;

interface Files {
  readonly dir: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export function tlsIsOn(tls: Files): boolean {
  return tls.dir !== '' || tls.ca !== '' || tls.cert !== '' || tls.key !== '';
}

/** Either a directory, or single files, and then none of those that are needed may be missing. */
function wholeSet(...needed: readonly ('ca' | 'cert')[]) {
  return (tls: Files, context: z.RefinementCtx) => {
    const named = (['ca', 'cert', 'key'] as const).filter((name) => tls[name] !== '');
    if (named.length === 0) return;
    const complain = (name: string, message: string) =>
      context.addIssue({ code: 'custom', path: [name], message });
    if (tls.dir !== '') complain('dir', `\`dir\` and \`${named[0]}\` exclude each other`);
    for (const name of needed)
      if (tls[name] === '') complain(name, `\`${name}\` is missing beside the others`);
    if ((tls.cert === '') !== (tls.key === '')) complain('key', '`cert` and `key` belong together');
  };
}

export function insecure() {
  return boolean()
    .prefault(false)
    .describe(
      'Whether plain TCP may leave this machine: everybody on the way can read and change it. Shown in red meanwhile.',
    );
}

/** What a person reads who wants plain TCP beyond this machine. */
const advice =
  'name a keys directory in `tls` (FOGRUN_TLS=DIR; `fogrun keys init` makes one), or write `insecure: true` ' +
  '(FOGRUN_INSECURE=true) to have it all the same';

/** Refuses a listener that others can reach in plain TCP, unless somebody asked for it. */
export function guardListener(
  config: { host: string; insecure: boolean; tls?: Files },
  context: z.RefinementCtx,
) {
  if (isSafe(config.host, config)) return;
  const how = config.tls ? `without TLS; ${advice}` : sourceAdvice;
  const message = `\`${config.host}\` is open to everybody who can reach this machine, ${how}`;
  context.addIssue({ code: 'custom', path: ['host'], message });
}

const sourceAdvice =
  'and this kind speaks plain TCP only; listen on 127.0.0.1 behind something that speaks TLS, or write ' +
  '`insecure: true` (FOGRUN_INSECURE=true) to have it all the same';

/** Refuses to dial another machine in plain TCP, unless somebody asked for it. */
export function guardDialler(
  config: { cloud: { host: string }; insecure: boolean; tls: Files },
  context: z.RefinementCtx,
) {
  if (isSafe(config.cloud.host, config)) return;
  const message = `\`${config.cloud.host}\` would be dialled without TLS; ${advice}`;
  context.addIssue({ code: 'custom', path: ['cloud', 'host'], message });
}

function isSafe(host: string, config: { insecure: boolean; tls?: Files }): boolean {
  return config.insecure || isLoopback(host) || (config.tls !== undefined && tlsIsOn(config.tls));
}

/** What is said in red as long as plain TCP leaves this machine; `null` when it does not. */
export function plainAlarm(
  what: 'listens on' | 'dials',
  host: string,
  port: number,
  tls?: Files,
): string | null {
  if (isLoopback(host) || (tls && tlsIsOn(tls))) return null;
  return `insecure: ${what} ${addressText(host, port)} in plain TCP; everybody on the way can read and change what is sent`;
}
