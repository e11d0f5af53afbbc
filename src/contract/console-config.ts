/** Config of the console for browsers: `console:` in a pipeline's file. */
import { z } from 'zod';
import { isLoopback } from './address.ts';
import { hostName, secret, tcpPort } from './config.ts';

const path = () => z.string().refine((text) => !text.includes('\0'), { error: 'a path cannot contain NUL' });

/** Shorter ones could be guessed. */
export const consoleTokenMin = 16;

const tls = () =>
  z
    .strictObject({
      dir: path().prefault('').describe('Keys directory that `fogrun keys` made. Empty: no TLS.'),
      cert: path().prefault('').describe('Certificate, instead of `dir`.'),
      key: path().prefault('').describe('Private key of that certificate.'),
    })
    .superRefine(({ dir, cert, key }, context) => {
      const complain = (name: string, message: string) =>
        context.addIssue({ code: 'custom', path: [name], message });
      if (dir !== '' && (cert !== '' || key !== '')) {
        complain('dir', `\`dir\` and \`${cert === '' ? 'key' : 'cert'}\` exclude each other`);
      }
      if ((cert === '') !== (key === '')) complain('key', '`cert` and `key` belong together');
    })
    .prefault({})
    .describe('TLS for browsers; files are read anew when they change.');

const origin = () =>
  z
    .string()
    .regex(
      /^https?:\/\/[A-Za-z0-9._[\]:-]{1,260}$/,
      'expected an origin such as https://fog.example.org, without a path',
    );

/** `console:` as people write it. */
export function consoleConfig() {
  return z
    .strictObject({
      host: hostName().prefault('127.0.0.1').describe('Where to listen.'),
      port: tcpPort({ min: 0 }).prefault(7800).describe('Port to listen on; 0: any that is free.'),
      tls: tls(),
      token: secret(
        z.string().refine((text) => text === '' || text.length >= consoleTokenMin, {
          error: `too short: a token has at least ${consoleTokenMin} characters`,
        }),
      )
        .prefault('')
        .describe(
          'What people sign in with, and programs send as `Authorization: Bearer`. Empty: nobody needs to.',
        ),
      'allow-hosts': z
        .array(hostName())
        .max(100)
        .prefault([])
        .describe('Further names that browsers may ask for it by, such as that of a reverse proxy.'),
      origins: z
        .array(origin())
        .max(100)
        .prefault([])
        .describe('Further origins whose pages may open `/inspect` and ask for changes.'),
    })
    .superRefine((config, context) => {
      const message = exposureOf(config);
      if (message !== null) context.addIssue({ code: 'custom', path: ['host'], message });
    });
}

export type ConsoleConfig = z.output<ReturnType<typeof consoleConfig>>;

export function consoleHasTls({ tls }: Pick<ConsoleConfig, 'tls'>): boolean {
  return tls.dir !== '' || tls.cert !== '';
}

/** Why others could reach a console that is open to all of them; `null` when they cannot. */
export function exposureOf(config: Pick<ConsoleConfig, 'host' | 'tls' | 'token'>): string | null {
  const { host, token } = config;
  if (isLoopback(host)) return null;
  const lacks = [...(token === '' ? ['`token`'] : []), ...(consoleHasTls(config) ? [] : ['`tls`'])];
  if (lacks.length === 0) return null;
  return `\`${host}\` is open to everybody who can reach this machine, without ${lacks.join(' and ')}`;
}
