/** A keys directory as `fogrun keys` works on it: authority, certificates, tokens, and what was revoked. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { FogrunError } from '../../contract/errors.ts';
import {
  type CertificateFacts,
  factsOf,
  hostAsWritten,
  readCertificate,
} from '../../link/keys/certificate.ts';
import { deviceNames, names, readIfThere, readNeeded } from '../../link/keys/layout.ts';
import {
  hashOfToken,
  type Issued,
  parseIssued,
  parseRevoked,
  parseTokens,
  type Revoked,
  type TokenEntry,
} from '../../link/keys/register.ts';
import { ownNames } from '../../runtime/own-names.ts';
import type { Made } from './authority.ts';
import { alone, writeSecret } from './directory.ts';

/** Name of the server's certificate: no device may have it. */
export const serverName = 'server';

export interface Held {
  readonly as: 'authority' | 'server' | 'device';
  readonly name: string;
  readonly facts: CertificateFacts;
  readonly revoked: Revoked | null;
}

export class KeyBook {
  readonly dir: string;
  readonly #now: () => number;

  constructor(dir: string, now: () => number) {
    this.dir = dir;
    this.#now = now;
  }

  /** Makes the authority and the server's certificate. Rejects with `keys-exist`. */
  async init(hosts: readonly string[]): Promise<readonly string[]> {
    return alone(this.dir, async () => {
      if ((await readIfThere(join(this.dir, names.ca))) !== null) {
        throw new FogrunError('keys-exist', `${this.dir} has an authority already`);
      }
      const { makeAuthority } = await import('./authority.ts');
      const authority = await makeAuthority(this.#now());
      await writeSecret(this.dir, names.caKey, authority.key);
      const all = allHosts(hosts, ownHosts());
      await this.#issue(authority, 'server', serverName, all);
      // Last: with it the directory counts as complete.
      await writeSecret(this.dir, names.ca, authority.cert);
      return all;
    });
  }

  /** A certificate for a device, new or in place of the one it has; resolves to its folder. */
  async device(name: string): Promise<string> {
    return alone(this.dir, async () => {
      const authority = await this.#authority();
      await this.#issue(authority, 'device', name, [name]);
      const folder = join(names.devices, name);
      await writeSecret(this.dir, join(folder, names.ca), authority.cert);
      return join(this.dir, folder);
    });
  }

  /** A certificate for the server in place of the one it has; its hosts stay, and more may come. */
  async renewServer(hosts: readonly string[]): Promise<readonly string[]> {
    return alone(this.dir, async () => {
      const authority = await this.#authority();
      const before = await this.#facts(names.serverCert);
      const all = allHosts(before?.hosts ?? ownHosts(), hosts);
      await this.#issue(authority, 'server', serverName, all);
      return all;
    });
  }

  /** A token for an edge; only its hash is kept. */
  async token(edge: string): Promise<string> {
    return alone(this.dir, async () => {
      const tokens = await this.tokens();
      const token = `fog_${randomBytes(32).toString('base64url')}`;
      const entry: TokenEntry = { edge, sha256: hashOfToken(token), made: this.#time() };
      await this.#write(names.tokens, { tokens: [...tokens, entry] });
      return token;
    });
  }

  /** All certificates that were ever made for a name, and its tokens. Rejects with `key-unknown`. */
  async revoke(name: string): Promise<{ certificates: number; tokens: number }> {
    return alone(this.dir, async () => {
      const [tokens, revoked] = [await this.tokens(), await this.revoked()];
      const known = new Set(revoked.map(({ serial }) => serial));
      const found = await this.#serialsOf(name);
      const mine = tokens.filter(({ edge }) => edge === name);
      if (found.size === 0 && mine.length === 0) {
        throw new FogrunError('key-unknown', `${this.dir} has no certificate and no token of ${name}`);
      }
      const at = this.#time();
      const fresh = [...found].filter((serial) => !known.has(serial)).map((serial) => ({ serial, name, at }));
      const open = mine.filter((entry) => entry.revoked === undefined);
      if (fresh.length > 0) await this.#write(names.revoked, { revoked: [...revoked, ...fresh] });
      if (open.length > 0) {
        const ended = tokens.map((entry) => (open.includes(entry) ? { ...entry, revoked: at } : entry));
        await this.#write(names.tokens, { tokens: ended });
      }
      return { certificates: fresh.length, tokens: open.length };
    });
  }

  /** The authority, the server and the devices, each with the certificate it has now. */
  async held(): Promise<readonly Held[]> {
    const revoked = new Map((await this.revoked()).map((entry) => [entry.serial, entry]));
    const places: [Held['as'], string, string][] = [
      ['authority', 'ca', names.ca],
      ['server', serverName, names.serverCert],
      ...(await deviceNames(this.dir)).map((name): [Held['as'], string, string] => [
        'device',
        name,
        join(names.devices, name, names.deviceCert),
      ]),
    ];
    const found: Held[] = [];
    for (const [as, name, place] of places) {
      const facts = await this.#facts(place);
      if (facts) found.push({ as, name, facts, revoked: revoked.get(facts.serial) ?? null });
    }
    return found;
  }

  async tokens(): Promise<readonly TokenEntry[]> {
    const file = join(this.dir, names.tokens);
    return parseTokens(await readIfThere(file), file);
  }

  async revoked(): Promise<readonly Revoked[]> {
    const file = join(this.dir, names.revoked);
    return parseRevoked(await readIfThere(file), file);
  }

  async #issued(): Promise<readonly Issued[]> {
    const file = join(this.dir, names.issued);
    return parseIssued(await readIfThere(file), file);
  }

  /** Also those of which there is no entry, such as after the list was lost. */
  async #serialsOf(name: string): Promise<Set<string>> {
    const serials = (await this.#issued()).filter((entry) => entry.name === name).map(({ serial }) => serial);
    const place = name === serverName ? names.serverCert : join(names.devices, name, names.deviceCert);
    const facts = await this.#facts(place);
    return new Set([...serials, ...(facts ? [facts.serial] : [])]);
  }

  async #issue(
    authority: Made,
    as: 'server' | 'device',
    name: string,
    hosts: readonly string[],
  ): Promise<void> {
    const { makeCertificate } = await import('./authority.ts');
    const nowMs = this.#now();
    const made = await makeCertificate(authority, { as, name, hosts, nowMs });
    const expires = new Date(made.expiresMs).toISOString();
    // Before the certificate: one that nobody knows of could not be revoked. What has ended need not be.
    const issued = (await this.#issued()).filter((entry) => Date.parse(entry.expires) > nowMs);
    await this.#write(names.issued, {
      issued: [...issued, { serial: made.serial, name, as, made: this.#time(), expires }],
    });
    const folder = as === 'server' ? 'server' : join(names.devices, name);
    await writeSecret(this.dir, join(folder, `${as}.key`), made.key);
    await writeSecret(this.dir, join(folder, `${as}.crt`), made.cert);
  }

  async #authority(): Promise<Made> {
    const advice = `Make an authority first: \`fogrun keys init --dir ${this.dir}\`.`;
    return {
      cert: await readNeeded(join(this.dir, names.ca), advice),
      key: await readNeeded(
        join(this.dir, names.caKey),
        'Certificates are made where `ca.key` is: on the machine on which `fogrun keys init` was run.',
      ),
    };
  }

  async #facts(place: string): Promise<CertificateFacts | null> {
    const file = join(this.dir, place);
    const text = await readIfThere(file);
    return text === null ? null : factsOf(readCertificate(text, file));
  }

  #write(name: string, value: object): Promise<void> {
    return writeSecret(this.dir, name, `${JSON.stringify(value, null, 2)}\n`);
  }

  #time(): string {
    return new Date(this.#now()).toISOString();
  }
}

/** Each once. */
function allHosts(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat().map(hostAsWritten))];
}

/** What this machine is called from here and from outside. */
function ownHosts(): string[] {
  const { host, addresses } = ownNames();
  return ['localhost', '127.0.0.1', '::1', ...(host === null ? [] : [host]), ...addresses];
}
