/** Who may come in: judges a greeting by certificate or token. What TLS takes is loaded when the gate is opened. */
import type { CloudReceiverConfig } from '../../machines/cloud-receiver.ts';
import type { Clock } from '../contract/clock.ts';
import type { AuditEntry } from '../contract/control.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Hello } from '../contract/link.ts';
import type { Reporter } from '../contract/report.ts';
import { tlsIsOn } from '../contract/tls-config.ts';
import type { Peer } from '../contract/transport.ts';
import { printable } from '../domain/text.ts';
import type { LiveKeys } from './keys/cloud-keys.ts';
import type { SecureListen } from './secure.ts';
import type { TlsListener } from './tls.ts';

/** An edge that was let in. */
export interface Admitted {
  /** How it proved who it is, such as `certificate 3F…`. */
  readonly by: string;
  /** Why it may stay no longer, or `null`. */
  fault(): FogrunError | null;
  /** Whether it was let in under another authority than the one of now: it is to greet again, and judged anew. */
  outdated(): boolean;
}

export interface Gate {
  /** Absent without TLS. */
  readonly secure?: SecureListen;
  /** Reads the keys and follows their files until `close`. Rejects with `keys-unreadable`. */
  open(report: Reporter): Promise<void>;
  close(): void;
  /** Why somebody must not even greet, or `null`. */
  refuses(peer: Peer | undefined): FogrunError | null;
  /** Throws a FogrunError that says why not. */
  admit(peer: Peer | undefined, hello: Hello, remote: string): Admitted;
  /** Calls back when those who are connected are to be judged again. */
  onChange(listener: () => void): void;
}

export interface GateEnv {
  readonly clock: Clock;
  /** Name of the actor, for the audit log. */
  readonly target: string;
  readonly audit: (entry: AuditEntry) => void;
}

/** The same pretence of the same edge is audited once in so long, ms. */
const auditEveryMs = 60_000;
const auditedMax = 1_000;

/** `undefined` where everybody may come: on loopback, or because somebody asked for it. */
export function createGate(config: CloudReceiverConfig, env: GateEnv): Gate | undefined {
  const { tls, tokens } = config;
  const withTls = tlsIsOn(tls);
  if (!withTls && tokens === '') return undefined;
  const { clock } = env;
  const listeners = new Set<() => void>();
  const audited = new Map<string, number>();
  let keys: LiveKeys | undefined;
  let listener: TlsListener | undefined;
  let find: typeof import('./keys/register.ts').findToken;
  let timeFault: typeof import('./keys/certificate.ts').timeFault;

  const opened = () => {
    if (!keys) throw new FogrunError('internal', 'the gate is not open');
    return keys.current;
  };
  const revokedText = (what: string, at: string) =>
    new FogrunError('certificate-revoked', `${what} was revoked on ${at.slice(0, 19)}Z`);

  /** Why that certificate counts no longer. */
  const certificateFault = (peer: Peer): FogrunError | null => {
    const entry = opened().revoked.get(peer.serial ?? '');
    const whose = `the certificate of ${peer.name}`;
    if (entry) return revokedText(whose, entry.at);
    return peer.expiresMs === null
      ? null
      : timeFault({ fromMs: 0, toMs: peer.expiresMs }, whose, clock.now(), 'the clock of the cloud');
  };
  const isOutdated = ({ authority }: Peer) => authority !== undefined && authority !== opened().server?.ca;
  const tokenFault = (hash: string): FogrunError | null => {
    const entry = opened().tokens.find(({ sha256 }) => sha256 === hash);
    if (!entry) return new FogrunError('token-unknown', 'the token is not known here any more');
    return entry.revoked ? revokedText(`the token of ${entry.edge}`, entry.revoked) : null;
  };
  const deny = (who: string, hello: Hello, remote: string): never => {
    const claim = printable(hello.edge, 64);
    const message = `${who} at ${remote} says it is the edge ${claim}: refused`;
    const key = `${who} ${claim}`;
    const now = clock.monotonic();
    if (now - (audited.get(key) ?? Number.NEGATIVE_INFINITY) >= auditEveryMs) {
      if (audited.size >= auditedMax) audited.clear();
      audited.set(key, now);
      env.audit({
        timeMs: clock.now(),
        by: { user: who, command: `HELLO as ${claim} from ${remote}` },
        action: 'greet',
        target: env.target,
        outcome: 'identity-denied',
        detail: message,
      });
    }
    throw new FogrunError('identity-denied', message);
  };

  return {
    ...(withTls
      ? {
          secure: {
            accept(socket) {
              if (!listener) return Promise.reject(new FogrunError('internal', 'the gate is not open'));
              return listener.accept(socket);
            },
          } satisfies SecureListen,
        }
      : {}),
    async open(report) {
      const [live, register, certificate, wire] = await Promise.all([
        import('./keys/cloud-keys.ts'),
        import('./keys/register.ts'),
        import('./keys/certificate.ts'),
        withTls ? import('./tls.ts') : null,
      ]);
      find = register.findToken;
      timeFault = certificate.timeFault;
      const changed = () => {
        const { server } = opened();
        if (server) listener?.renew(server);
        for (const hear of listeners) hear();
      };
      keys = await live.LiveKeys.open({ tls, tokens, clock, report, changed });
      const { server } = keys.current;
      if (wire && server) listener = new wire.TlsListener(server, clock);
    },
    close() {
      keys?.close();
      listeners.clear();
    },
    refuses(peer) {
      if (!peer) return null;
      if (peer.problem)
        return new FogrunError(peer.problem.code, peer.problem.message, { advice: peer.problem.advice });
      if (peer.serial !== null) {
        if (peer.name === null) {
          return new FogrunError(
            'certificate-untrusted',
            'the certificate has no name that an edge can have',
          );
        }
        return certificateFault(peer);
      }
      if (tls.clients === 'required')
        return new FogrunError('certificate-missing', 'a certificate is required here');
      return null;
    },
    admit(peer, hello, remote) {
      if (peer && peer.serial !== null) {
        if (peer.name !== hello.edge) deny(`the holder of the certificate of ${peer.name}`, hello, remote);
        // Also what changed since it was asked whether it may greet.
        const fault = certificateFault(peer);
        if (fault) throw fault;
        if (isOutdated(peer)) {
          const message = `the authority of this cloud was replaced while ${peer.name} greeted: greet again`;
          throw new FogrunError('certificate-untrusted', message);
        }
        return {
          by: `certificate ${peer.serial}`,
          fault: () => certificateFault(peer),
          outdated: () => isOutdated(peer),
        };
      }
      if (hello.credential === undefined) {
        const needs = withTls ? 'a certificate or a token is' : 'a token is';
        throw new FogrunError('certificate-missing', `${needs} required here, and none was shown`);
      }
      const entry = find(opened().tokens, hello.credential);
      if (!entry) throw new FogrunError('token-unknown', 'the token is not known here');
      const { sha256 } = entry;
      const fault = tokenFault(sha256);
      if (fault) throw fault;
      if (entry.edge !== hello.edge) deny(`the holder of the token of ${entry.edge}`, hello, remote);
      return { by: `token ${sha256.slice(0, 8)}`, fault: () => tokenFault(sha256), outdated: () => false };
    },
    onChange: (hear) => void listeners.add(hear),
  };
}
