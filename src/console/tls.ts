/** TLS of the console; its certificate may be renewed while it runs. Loaded only where there is one. */
import { stat } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import type { Clock, Timer } from '../contract/clock.ts';
import type { ConsoleConfig } from '../contract/console-config.ts';
import { toProblem } from '../contract/errors.ts';
import type { Reporter } from '../contract/report.ts';
import { daysLeft, timeFault, warnDays } from '../link/keys/certificate.ts';
import { readPair } from '../link/keys/edge-keys.ts';
import { names } from '../link/keys/layout.ts';

/** How often files are looked at, ms. */
const lookEveryMs = 5_000;

/** Where its certificate and the key of that stand. */
export function filesOf({ dir, cert, key }: ConsoleConfig['tls']): {
  readonly cert: string;
  readonly key: string;
} {
  return { cert: cert || join(dir, names.serverCert), key: key || join(dir, names.serverKey) };
}

/**
 * A server that follows its files until `release`.
 * @throws FogrunError `keys-unreadable`
 */
export async function createTlsServer(
  tls: ConsoleConfig['tls'],
  env: {
    readonly listener: RequestListener;
    readonly clock: Clock;
    readonly report?: Reporter | undefined;
  },
): Promise<{ readonly server: Server; release(): void }> {
  const { clock, report } = env;
  const { cert, key } = filesOf(tls);
  let seen = await look(cert, key);
  let pair = await readPair(cert, key);
  const server = createServer({ cert: pair.cert, key: pair.key, minVersion: 'TLSv1.2' }, env.listener);
  let timer: Timer | undefined;
  let released = false;
  let said = '';
  const warn = (text: string | null) => {
    if (text !== null && text !== said) report?.({ type: 'note', text }, 'warn');
    said = text ?? '';
  };
  const tellTime = () => {
    const nowMs = clock.now();
    const fault = timeFault(pair.facts, 'the certificate of the console', nowMs);
    const left = daysLeft(pair.facts, nowMs);
    warn(fault?.message ?? (left < warnDays ? `the certificate of the console ends in ${left} days` : null));
  };
  const follow = async () => {
    const now = await look(cert, key);
    if (now !== seen) {
      try {
        const renewed = await readPair(cert, key);
        if (released) return;
        server.setSecureContext({ cert: renewed.cert, key: renewed.key, minVersion: 'TLSv1.2' });
        pair = renewed;
        seen = now;
        report?.({ type: 'note', text: 'the certificate of the console was read again' });
      } catch (thrown) {
        // Half of a pair may be there already, and the other soon.
        return warn(`the console goes on with its old certificate: ${toProblem(thrown).message}`);
      }
    }
    tellTime();
  };
  const arm = () => {
    if (released) return;
    timer = clock.setTimeout(() => void follow().finally(arm), lookEveryMs);
  };
  tellTime();
  arm();
  return {
    server,
    release() {
      released = true;
      clock.clearTimeout(timer);
    },
  };
}

/** What the files look like from outside. */
async function look(...files: string[]): Promise<string> {
  const signs = files.map((file) =>
    stat(file).then(
      ({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`,
      () => 'unreadable',
    ),
  );
  return (await Promise.all(signs)).join('\n');
}
