/**
 * Who may ask the console for what. A browser carries requests of every page that somebody has open, so each request is judged by
 * the name it came under, the page it came from, and what it shows.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../contract/address.ts';
import type { Clock, Random } from '../contract/clock.ts';
import type { AuditEntry } from '../contract/control.ts';
import { printable } from '../domain/text.ts';
import { Refused } from './answer.ts';
import { type Attempts, limitAttempts } from './attempts.ts';

export interface GuardOptions {
  readonly host: string;
  /** The host that people are told to open. */
  readonly shown: string;
  readonly allowHosts: readonly string[];
  readonly origins: readonly string[];
  /** Empty: nobody needs to sign in. */
  readonly token: string;
  readonly withTls: boolean;
  /** What changes must be accompanied by; `null` when nothing may be changed. */
  readonly key: string | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly audit: (entry: AuditEntry) => void;
}

export interface Guard {
  /** Throws unless the request came under a name of this console, and not by a page of another site. */
  checkPlace(request: IncomingMessage): void;
  /** Throws unless the page it came from is this console's, or one that is listed. */
  checkOrigin(request: IncomingMessage): void;
  /** Throws unless a change comes with the key of this console. */
  checkKey(request: IncomingMessage): void;
  /** Throws unless whoever asks has signed in, or need not. */
  checkToken(request: IncomingMessage): void;
  isSignedIn(request: IncomingMessage): boolean;
  /** The cookie of whoever shows the token. Throws `console-sign-in` or `console-busy`. */
  signIn(token: string, request: IncomingMessage): string;
  /** A cookie in place of the one it has. */
  signOut(request: IncomingMessage): string;
  /** Who asks, for the audit log. */
  userOf(request: IncomingMessage): string;
}

const sessionMsMax = 12 * 3_600_000;
const sessionsMax = 200;
const secureName = '__Host-fogrun-console';

export function createGuard(options: GuardOptions): Guard {
  const { token, clock, random, withTls } = options;
  const names = new Set([options.host, options.shown, ...options.allowHosts].map(plainHost));
  const attempts: Attempts = limitAttempts(() => clock.monotonic());
  const sessions = new Map<string, number>();
  const hash = (text: string) => createHash('sha256').update(text).digest();
  const expected = hash(token);

  const isKnownHost = (host: string, request: IncomingMessage) =>
    names.has(host) || isLoopback(host) || host === plainHost(request.socket.localAddress ?? '');
  const audit = (request: IncomingMessage, outcome: AuditEntry['outcome'], detail: string) =>
    options.audit({
      timeMs: clock.now(),
      by: { user: `console at ${addressOf(request)}`, command: 'console: sign in' },
      action: 'sign-in',
      target: 'console',
      outcome,
      detail,
    });
  const prove = (shown: string, request: IncomingMessage, isQuiet: boolean) => {
    const address = addressOf(request);
    const waitMs = attempts.waitMs(address);
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1_000);
      throw new Refused(429, 'console-busy', `too many wrong tokens: try again in ${seconds} s`, {
        'retry-after': String(seconds),
      });
    }
    if (timingSafeEqual(hash(shown), expected)) {
      if (!isQuiet) audit(request, 'done', 'signed in');
      return;
    }
    attempts.failed(address);
    audit(request, 'console-sign-in', 'a wrong token was shown');
    throw new Refused(401, 'console-sign-in', 'that is not the token of this console');
  };
  const sessionOf = (request: IncomingMessage) => {
    // Whether it came by way of a proxy with TLS does not show on every request.
    const cookies = cookiesOf(request);
    const shown = cookies.get(secureName) ?? cookies.get(plainName(request));
    if (shown === undefined) return null;
    const key = hash(shown).toString('hex');
    const untilMs = sessions.get(key);
    if (untilMs === undefined) return null;
    if (untilMs > clock.monotonic()) return key;
    sessions.delete(key);
    return null;
  };
  // Ports of one host share their cookies.
  const plainName = (request: IncomingMessage) => `fogrun-console-${request.socket.localPort}`;
  const isSecure = (request: IncomingMessage) =>
    withTls || (request.headers.origin ?? request.headers.referer ?? '').startsWith('https://');
  const cookie = (request: IncomingMessage, value: string, seconds: number) => {
    const [name, secure] = isSecure(request) ? [secureName, '; Secure'] : [plainName(request), ''];
    return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
  };
  /** Also where it would do without: nobody may guess there at will. */
  const isShown = (request: IncomingMessage) => {
    const bearer = bearerOf(request);
    if (bearer === undefined) return false;
    try {
      prove(bearer, request, true);
      return true;
    } catch {
      return false;
    }
  };
  const bearerOf = (request: IncomingMessage) =>
    /^Bearer +(\S{1,1024})$/i.exec(request.headers.authorization ?? '')?.[1];

  return {
    checkPlace(request) {
      const { host } = request.headers;
      const name = host === undefined ? null : hostOf(host);
      if (name === null || !isKnownHost(name, request)) {
        const said = host === undefined ? 'no name' : `the name ${printable(host, 80)}`;
        throw new Refused(421, 'console-host', `this console is not known under ${said}`);
      }
      const site = request.headers['sec-fetch-site'];
      // Somebody may follow a link to the page, or type its address; nothing else of it is for other sites.
      const isVisit = request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET';
      const isForeign = site === 'cross-site' || site === 'same-site';
      if (isForeign && !isVisit && !isListed(request.headers.origin, options.origins)) {
        throw new Refused(403, 'console-origin', 'a page of another site asked for this');
      }
    },
    checkOrigin(request) {
      const { origin, host } = request.headers;
      // Programs have none; what they want to change they need the key for.
      if (origin === undefined) return;
      if (origin === `${withTls ? 'https' : 'http'}://${host}` || isListed(origin, options.origins)) return;
      const said = printable(origin, 80);
      throw new Refused(403, 'console-origin', `a page of ${said} may not ask this console for that`);
    },
    checkKey(request) {
      if (options.key === null) {
        throw new Refused(403, 'console-key', 'this console shows what was recorded: nothing can be changed');
      }
      const shown = String(request.headers['x-fogrun-key'] ?? '');
      if (timingSafeEqual(hash(shown), hash(options.key))) return;
      throw new Refused(403, 'console-key', 'the request does not show the key of this console');
    },
    checkToken(request) {
      if (token === '' || sessionOf(request) !== null) return;
      const bearer = bearerOf(request);
      if (bearer === undefined) {
        const challenge = { 'www-authenticate': 'Bearer realm="fogrun"' };
        throw new Refused(401, 'console-sign-in', 'nobody has signed in here', challenge);
      }
      prove(bearer, request, true);
    },
    isSignedIn: (request) => token === '' || sessionOf(request) !== null || isShown(request),
    signIn(shown, request) {
      prove(shown, request, false);
      const value = Buffer.from(random.bytes(32)).toString('base64url');
      sessions.set(hash(value).toString('hex'), clock.monotonic() + sessionMsMax);
      if (sessions.size > sessionsMax) sessions.delete(sessions.keys().next().value!);
      return cookie(request, value, sessionMsMax / 1_000);
    },
    signOut(request) {
      const session = sessionOf(request);
      if (session !== null) sessions.delete(session);
      return cookie(request, '', 0);
    },
    userOf(request) {
      const address = addressOf(request);
      return token === '' ? `console at ${address}` : `holder of the console's token at ${address}`;
    },
  };
}

/** Of the other end, without what IPv6 puts before IPv4. */
export function addressOf(request: IncomingMessage): string {
  return plainHost(request.socket.remoteAddress ?? 'unknown');
}

function isListed(origin: string | undefined, origins: readonly string[]): boolean {
  return origin !== undefined && origins.some((known) => known.toLowerCase() === origin.toLowerCase());
}

function plainHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/^::ffff:(?=\d+\.)/, '')
    .replace(/\.$/, '');
}

/** The name in a header `Host`; `null` for what is none. */
function hostOf(header: string): string | null {
  const found = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]{1,253})(?::\d{1,5})?$/i.exec(header);
  return found ? plainHost(found[1]!) : null;
}

function cookiesOf(request: IncomingMessage): Map<string, string> {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return new Map(pairs.map(([name = '', ...value]) => [name, value.join('=')]));
}
