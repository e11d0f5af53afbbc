/** Who an edge is to the cloud: its certificate or token. Read anew for each connection; loaded when one is made. */
import type { UploaderConfig } from '../../machines/uploader.ts';
import type { Clock } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Reporter } from '../contract/report.ts';
import { tlsIsOn } from '../contract/tls-config.ts';
import type { SecureDial } from './secure.ts';

export interface EdgeIdentity {
  /** Absent without TLS. */
  readonly secure?: SecureDial;
  /** The token to show, if this edge has one. Rejects with `keys-unreadable`. */
  credential(): Promise<string | undefined>;
}

export interface EdgeIdentityEnv {
  readonly clock: Clock;
  readonly report: Reporter;
  /** Name of the edge, as its store has it. */
  readonly edge: () => string;
}

export function createEdgeIdentity(config: UploaderConfig, env: EdgeIdentityEnv): EdgeIdentity {
  const { tls, token } = config;
  if (!tlsIsOn(tls)) return { credential: async () => token || undefined };
  const read = async () => {
    const { readEdgeKeys } = await import('./keys/edge-keys.ts');
    return readEdgeKeys(tls, { edge: env.edge(), token });
  };
  let alarm: string | null = null;
  return {
    secure: {
      async dial(socket, target) {
        const [keys, wire, certificate] = await Promise.all([
          read(),
          import('./tls.ts'),
          import('./keys/certificate.ts'),
        ]);
        const { own } = keys;
        if (own && own.facts.name !== env.edge()) {
          const message = `the certificate ${own.file} is that of ${own.facts.name}, and this edge is ${env.edge()}`;
          throw new FogrunError('identity-mismatch', message, {
            advice: 'Put the certificate of this edge there; an edge cannot change its name while it runs.',
          });
        }
        const left = own && certificate.daysLeft(own.facts, env.clock.now());
        const soon =
          left !== null && left < certificate.warnDays
            ? `the certificate of this edge ends in ${Math.max(0, left)} days: \`fogrun keys renew\` makes a new one`
            : null;
        if (soon !== alarm) env.report({ type: 'alarm', about: 'certificate', text: soon });
        alarm = soon;
        return wire.dialTls(socket, target, { ...keys, serverName: tls['server-name'] }, env.clock);
      },
    },
    credential: async () => token || (await read()).token || undefined,
  };
}
