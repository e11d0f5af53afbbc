/**
 * TLS between edge and cloud, by Node's own `tls`: version 1.3 only, both sides checked, nothing resumed. Loaded only by
 * those who use it.
 */
import { constants, X509Certificate } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import { addressText } from '../contract/address.ts';
import type { Clock } from '../contract/clock.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Peer } from '../contract/transport.ts';
import { escapeControls } from '../domain/text.ts';
import { framePieces, frameTypes, preamble } from './frames.ts';
import { encodeJson } from './json.ts';
import { factsOf, timeFault } from './keys/certificate.ts';
import type { Secured } from './secure.ts';
import { faultText } from './tcp-connection.ts';

/** Application protocol, so that no other service of the same certificate can be put in this one's place. */
const alpn = 'fogrun/1';
const handshakeMsMax = 10_000;

const untrusted: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'INVALID_CA',
]);

/** What was wrong with a certificate, from OpenSSL's word for it. */
function certificateFault(
  code: string,
  certificate: X509Certificate | undefined,
  whose: string,
  nowMs: number,
  whoseClock?: string,
): FogrunError | null {
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') {
    const fault = certificate && timeFault(factsOf(certificate), whose, nowMs, whoseClock);
    // That of the authority itself has ended, or nobody knows which.
    return fault ?? new FogrunError('certificate-time', `${whose} is not valid at this time (${code})`);
  }
  if (code === 'INVALID_PURPOSE') {
    const message = `${whose} was made for the other side: a device cannot be a cloud, nor a cloud a device`;
    return new FogrunError('certificate-untrusted', message);
  }
  if (!untrusted.has(code)) return null;
  return new FogrunError(
    'certificate-untrusted',
    `${whose} is not from the authority that this side trusts (${code})`,
  );
}

/** Not by `getPeerX509Certificate`: after it Node.js 24 finds no names in the certificate, and refuses it. */
function certificateOf(socket: tls.TLSSocket): X509Certificate | undefined {
  const { raw } = socket.getPeerCertificate() as { raw?: Buffer };
  return raw && new X509Certificate(raw);
}

export interface DialKeys {
  readonly ca: string;
  readonly own: { readonly cert: string; readonly key: string } | null;
  /** Name that the certificate of the cloud must have, if not the one dialled. */
  readonly serverName?: string | undefined;
}

/** Greets a cloud over a socket that is connected. */
export function dialTls(
  socket: net.Socket,
  target: { readonly host: string; readonly port: number },
  keys: DialKeys,
  clock: Pick<Clock, 'now'>,
): Promise<Secured> {
  const address = addressText(target.host, target.port);
  const expected = keys.serverName ?? target.host;
  return new Promise((resolve, reject) => {
    const secure = tls.connect({
      socket,
      ca: keys.ca,
      ...(keys.own ? { cert: keys.own.cert, key: keys.own.key } : {}),
      host: expected,
      ...(net.isIP(expected) ? {} : { servername: expected }),
      minVersion: 'TLSv1.3',
      ALPNProtocols: [alpn],
    });
    let certificate: X509Certificate | undefined;
    // Before Node judges it, which ends the socket: the dates in it are what a person wants to know.
    secure.prependOnceListener('secure', () => {
      certificate = certificateOf(secure);
    });
    secure.on('error', (error) => reject(dialFault(error, certificate, { address, expected }, clock.now())));
    secure.once('close', () => {
      reject(
        new FogrunError('link-unreachable', `${address} closed the connection during the TLS handshake`),
      );
    });
    secure.once('secureConnect', () => resolve({ socket: secure }));
  });
}

function dialFault(
  error: Error & { readonly code?: string; readonly reason?: string },
  certificate: X509Certificate | undefined,
  { address, expected }: { address: string; expected: string },
  nowMs: number,
): FogrunError {
  const code = error.code ?? '';
  const whose = `the certificate of the cloud at ${address}`;
  const fault = certificateFault(code, certificate, whose, nowMs);
  if (fault) return fault;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const hosts = certificate ? factsOf(certificate).hosts.slice(0, 10).join(', ') : 'others';
    return new FogrunError(
      'certificate-name',
      `${whose} is for ${escapeControls(hosts)}, not for ${expected}`,
      {
        advice: `Add it with \`fogrun keys renew server ${expected}\`, or name one of them in \`tls.server-name\`.`,
      },
    );
  }
  if (code === 'ECONNRESET' || isForeign(code)) {
    return new FogrunError(
      'tls-mismatch',
      `${address} does not answer in TLS: a receiver without \`tls\`, or no receiver at all`,
    );
  }
  return new FogrunError('tls-failed', `no TLS with ${address}: ${faultText(error)}`, { cause: error });
}

/** What came was no TLS. */
const isForeign = (code: string) =>
  /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE|HTTP_REQUEST|HTTPS_PROXY_REQUEST|BAD_RECORD_TYPE|UNEXPECTED_MESSAGE)$/.test(
    code,
  );

export interface ListenKeys {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Greets edges. Those without a proper certificate get through as well, with a `problem`: so that they can be told. */
export class TlsListener {
  readonly #server: tls.Server;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, (outcome: tls.TLSSocket | Error) => void>();
  #keys: ListenKeys;

  constructor(keys: ListenKeys, clock: Clock) {
    this.#clock = clock;
    this.#keys = keys;
    this.#server = tls.createServer({
      ...contextOf(keys),
      requestCert: true,
      // Not to let anyone in: whoever is not authorised is told why, and nothing that he sends is read.
      rejectUnauthorized: false,
      ALPNProtocols: [alpn],
      // The deadline is our own, on the injected clock.
      handshakeTimeout: 0x7f_ff_ff_ff,
      // Nothing is resumed: each connection shows its certificate.
      secureOptions: constants.SSL_OP_NO_TICKET,
    });
    this.#server.on('secureConnection', (socket) => {
      socket.allowHalfOpen = true;
      this.#waiting.get(keyOf(socket))?.(socket);
    });
    this.#server.on('tlsClientError', (error, socket) => {
      this.#waiting.get(keyOf(socket))?.(error);
    });
    this.#server.on('error', () => {});
  }

  /** For connections that come from now on. */
  renew(keys: ListenKeys): void {
    const { ca, cert, key } = this.#keys;
    if (ca === keys.ca && cert === keys.cert && key === keys.key) return;
    this.#keys = keys;
    this.#server.setSecureContext(contextOf(keys));
  }

  accept(raw: net.Socket): Promise<Secured | null> {
    const key = keyOf(raw);
    return new Promise((resolve, reject) => {
      const settle = (outcome: Secured | Error | null) => {
        this.#waiting.delete(key);
        this.#clock.clearTimeout(timer);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const timer = this.#clock.setTimeout(() => {
        settle(new FogrunError('deadline-missed', `no TLS handshake within ${handshakeMsMax} ms`));
        raw.destroy();
      }, handshakeMsMax);
      raw.on('error', () => {});
      raw.once('close', () => settle(raw.bytesRead === 0 ? null : wentAway()));
      raw.once('readable', () => {
        const first = raw.read() as Buffer | null;
        // Ended, or closed: told already, or about to be.
        if (first === null) return void raw.destroy();
        if (first[0] === preamble[0]) {
          // A fogrun that speaks plain TCP is told so in its own words.
          raw.end(wantsTls);
          return settle(new FogrunError('tls-mismatch', 'it does not speak TLS, which this port wants'));
        }
        raw.unshift(first);
        // Until both know each other, an end is an end; the deadline would be late to notice.
        raw.allowHalfOpen = false;
        // Those may change before the handshake is over.
        const { ca } = this.#keys;
        this.#waiting.set(key, (outcome) => {
          if (outcome instanceof Error) settle(acceptFault(outcome));
          else settle({ socket: outcome, peer: { ...this.#peerOf(outcome), authority: ca } });
        });
        this.#server.emit('connection', raw);
      });
    });
  }

  #peerOf(socket: tls.TLSSocket): Peer {
    const certificate = certificateOf(socket);
    if (!certificate) return { name: null, serial: null, expiresMs: null, problem: null };
    const facts = factsOf(certificate);
    return {
      name: facts.name,
      serial: facts.serial,
      expiresMs: facts.toMs,
      problem: this.#problemOf(socket, certificate),
    };
  }

  #problemOf(socket: tls.TLSSocket, certificate: X509Certificate): Problem | null {
    if (socket.isSessionReused()) {
      return toProblem(new FogrunError('tls-failed', 'a TLS session was resumed, which is not allowed here'));
    }
    if (socket.authorized) return null;
    const code = String(socket.authorizationError ?? 'unknown');
    const { name } = factsOf(certificate);
    const whose = name === null ? 'the certificate shown' : `the certificate of ${name}`;
    const fault = certificateFault(code, certificate, whose, this.#clock.now(), 'the clock of the cloud');
    return toProblem(fault ?? new FogrunError('certificate-untrusted', `${whose} is not accepted (${code})`));
  }
}

function contextOf({ ca, cert, key }: ListenKeys) {
  return { ca, cert, key, minVersion: 'TLSv1.3' as const };
}

/** One for each connection that lives. */
function keyOf(socket: net.Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

function wentAway(): FogrunError {
  return new FogrunError(
    'tls-failed',
    'it ended the TLS handshake: it may not trust the certificate of this cloud',
  );
}

function acceptFault(error: Error & { code?: string }): FogrunError {
  if (isForeign(error.code ?? '')) {
    return new FogrunError('tls-mismatch', 'it does not speak TLS, which this port wants');
  }
  if (error.code === 'ECONNRESET') return wentAway();
  return new FogrunError('tls-failed', `no TLS: ${faultText(error)}`);
}

/** What a cloud says to an edge that greets in plain TCP. */
const wantsTls = Buffer.concat([
  preamble,
  ...framePieces(frameTypes.refuse, [
    encodeJson({ code: 'denied', reason: 'this cloud speaks TLS only: set `tls` (FOGRUN_TLS) on the edge' }),
  ]),
]);
