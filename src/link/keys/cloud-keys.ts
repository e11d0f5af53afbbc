/** What a cloud shows edges and checks them against; read again whenever one of its files changes. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../../contract/clock.ts';
import { toProblem } from '../../contract/errors.ts';
import type { Reporter } from '../../contract/report.ts';
import { type ServerTls, tlsIsOn } from '../../contract/tls-config.ts';
import { type CertificateFacts, daysLeft, readCertificate, timeFault, warnDays } from './certificate.ts';
import { readPair } from './edge-keys.ts';
import { names, readIfThere, readNeeded } from './layout.ts';
import { parseRevoked, parseTokens, type Revoked, type TokenEntry } from './register.ts';

export interface CloudKeys {
  /** `null` without TLS. */
  readonly server: {
    readonly ca: string;
    readonly cert: string;
    readonly key: string;
    readonly facts: CertificateFacts;
  } | null;
  /** By serial number. */
  readonly revoked: ReadonlyMap<string, Revoked>;
  readonly tokens: readonly TokenEntry[];
}

interface Places {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly revoked: string;
  readonly tokens: string;
}

export interface CloudKeysEnv {
  readonly tls: ServerTls;
  /** File of tokens; empty: the one of the keys directory, if there is one. */
  readonly tokens: string;
  readonly clock: Clock;
  readonly report: Reporter;
  /** New keys are in use: whoever is connected is to be judged again. Also called now and then, because certificates end. */
  readonly changed: () => void;
}

/** How often files are looked at. What was revoked must count within a second. */
const lookEveryMs = 250;
/** How often those who are connected are judged again although no file changed. */
const judgeEveryMs = 60_000;
/** After so many looks at files that do not fit together somebody is told. */
const failuresTold = 8;

function placesOf({ tls, tokens }: Pick<CloudKeysEnv, 'tls' | 'tokens'>): Places {
  const { dir } = tls;
  const at = (name: string) => (dir === '' ? '' : join(dir, name));
  return {
    ca: tls.ca || at(names.ca),
    cert: tls.cert || at(names.serverCert),
    key: tls.key || at(names.serverKey),
    revoked: at(names.revoked),
    tokens: tokens || at(names.tokens),
  };
}

const textOf = async (file: string) => (file === '' ? null : readIfThere(file));

/** Which certificates count no longer. Rejects with `keys-unreadable`. */
async function readRevoked({ revoked }: Places): Promise<CloudKeys['revoked']> {
  const entries = parseRevoked(await textOf(revoked), revoked);
  return new Map(entries.map((entry) => [entry.serial, entry]));
}

/** Rejects with `keys-unreadable`. */
async function readTokens({ tokens }: Places): Promise<CloudKeys['tokens']> {
  return parseTokens(await textOf(tokens), tokens);
}

/** Rejects with `keys-unreadable`. */
async function readServer({ ca: caFile, cert, key }: Places): Promise<NonNullable<CloudKeys['server']>> {
  const ca = await readNeeded(caFile, 'Make it with `fogrun keys init`.');
  readCertificate(ca, caFile);
  return { ca, ...(await readPair(cert, key)) };
}

/** Rejects with `keys-unreadable`: nobody is let in on keys that cannot be read. */
export async function readCloudKeys(from: Pick<CloudKeysEnv, 'tls' | 'tokens'>): Promise<CloudKeys> {
  const places = placesOf(from);
  if (from.tokens !== '') await readNeeded(from.tokens, '`fogrun keys token NAME` writes `tokens.json`.');
  const server = tlsIsOn(from.tls) ? await readServer(places) : null;
  return { server, revoked: await readRevoked(places), tokens: await readTokens(places) };
}

/** Keys that follow their files, until `close`. */
export class LiveKeys {
  readonly #env: CloudKeysEnv;
  readonly #places: Places;
  #keys: CloudKeys;
  #seen: string;
  #timer: Timer | undefined;
  #judgedMs: number;
  #closed = false;
  #failures = 0;
  readonly #alarms = new Map<string, string>();

  private constructor(env: CloudKeysEnv, places: Places, seen: string, keys: CloudKeys) {
    this.#env = env;
    this.#places = places;
    this.#seen = seen;
    this.#keys = keys;
    this.#judgedMs = env.clock.monotonic();
    this.#tellTime();
    this.#arm();
  }

  /** Rejects with `keys-unreadable`. */
  static async open(env: CloudKeysEnv): Promise<LiveKeys> {
    const places = placesOf(env);
    // Before they are read: what changes meanwhile is seen at the next look.
    const seen = await look(places);
    return new LiveKeys(env, places, seen, await readCloudKeys(env));
  }

  get current(): CloudKeys {
    return this.#keys;
  }

  close(): void {
    this.#closed = true;
    this.#env.clock.clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#closed) return;
    this.#timer = this.#env.clock.setTimeout(() => void this.#look().finally(() => this.#arm()), lookEveryMs);
  }

  async #look(): Promise<void> {
    const seen = await look(this.#places);
    if (this.#closed) return;
    const now = this.#env.clock.monotonic();
    const isNew = seen !== this.#seen;
    if (isNew) await this.#readAgain(seen);
    if (this.#closed || (!isNew && now - this.#judgedMs < judgeEveryMs)) return;
    this.#judgedMs = now;
    this.#tellTime();
    this.#env.changed();
  }

  /** Each file for itself: what is wrong with one must not keep a revocation in another from counting. */
  async #readAgain(seen: string): Promise<void> {
    const faults: string[] = [];
    const part = async <Part>(read: () => Promise<Part>, now: Part): Promise<Part> => {
      try {
        return await read();
      } catch (thrown) {
        faults.push(toProblem(thrown).message);
        return now;
      }
    };
    const before = this.#keys;
    const { server } = before;
    this.#keys = {
      server: server && (await part(() => readServer(this.#places), server)),
      // A list that vanished, such as while a directory is copied, takes nothing back.
      revoked: new Map([...before.revoked, ...(await part(() => readRevoked(this.#places), before.revoked))]),
      tokens: await part(() => readTokens(this.#places), before.tokens),
    };
    // With a fault it is tried again at the next look: half of a pair may be there already, and the other soon.
    this.#failures = faults.length === 0 ? 0 : this.#failures + 1;
    if (this.#failures === 0) {
      this.#seen = seen;
      this.#env.report({ type: 'note', text: 'the keys were read again' });
      this.#tell('keys', null);
    } else if (this.#failures === failuresTold) {
      this.#tell('keys', `the keys as they were before are in use: ${faults.join('; ')}`);
    }
  }

  /** What people should know of this cloud's own certificate. */
  #tellTime(): void {
    const facts = this.#keys.server?.facts;
    if (!facts) return;
    const nowMs = this.#env.clock.now();
    const fault = timeFault(facts, 'the certificate of this cloud', nowMs);
    const left = daysLeft(facts, nowMs);
    const soon =
      left < warnDays
        ? `the certificate of this cloud ends in ${left} days: \`fogrun keys renew server\``
        : null;
    this.#tell('certificate', fault ? fault.message : soon);
  }

  #tell(about: string, text: string | null): void {
    if ((this.#alarms.get(about) ?? null) === text) return;
    if (text === null) this.#alarms.delete(about);
    else this.#alarms.set(about, text);
    this.#env.report({ type: 'alarm', about, text });
  }
}

/** What the files look like from outside: another text, when one of them was changed, made or removed. */
async function look(places: Places): Promise<string> {
  const files = Object.values(places).filter((file) => file !== '');
  const signs = files.map(async (file) => {
    try {
      const { ino, size, mtimeMs } = await stat(file);
      return `${ino} ${size} ${mtimeMs}`;
    } catch (cause) {
      return (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    }
  });
  return (await Promise.all(signs)).join('\n');
}
