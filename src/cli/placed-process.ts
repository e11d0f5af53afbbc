/** The process that actors are placed in: started by their pipeline's, and never without it. */
import { Socket } from 'node:net';
import { kinds } from '../../machines/index.ts';
import { FogrunError, toProblem } from '../contract/errors.ts';
import { Redactor } from '../inspect/redact.ts';
import { systemClock } from '../runtime/clock.ts';
import { joinParent, type ParentLink } from '../runtime/ipc.ts';
import { runPlaced } from '../runtime/placed-child.ts';
import type { Hears } from '../runtime/placed-wire.ts';
import { bindingsFor } from './bindings.ts';
import { bytesFd } from './placed.ts';
import { endOnBugs } from './process.ts';
import { removeAbandoned } from './socket-directory.ts';
import { systemPlatform } from './system-platform.ts';

const joinTimeoutMs = 10_000;

/** Resolves when it runs; ends the process when the pipeline says so or is gone. */
export async function runPlacedProcess(): Promise<void> {
  const {
    FOGRUN_PLACED_SOCKET: socketPath = '',
    FOGRUN_PLACED_TOKEN: token = '',
    FOGRUN_PLACED_ID: id = '',
    FOGRUN_PLACED_NAME: name = '',
  } = process.env;
  // A signal to all processes, as systemd sends it, is answered by the pipeline, which then ends this one in its turn.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  let link: ParentLink | undefined;
  const redactor = new Redactor();
  endOnBugs(
    (cause) => link?.send({ m: { type: 'failed', cause } }),
    (text) => redactor.withoutSecrets(text),
  );
  let hears: Hears | undefined;
  link = await joinParent({
    socketPath,
    token,
    name: id,
    clock: systemClock,
    timeoutMs: joinTimeoutMs,
    on: {
      message: (message) => hears?.message(message),
      lost: ({ code, message }) => {
        // Nobody is left to tell it to, but for what goes wrong in here.
        if (code !== 'process-lost') process.stderr.write(`${name}: ${message} (${code})\n`);
        void removeAbandoned(socketPath).then(() => process.exit(1));
      },
    },
  });
  const bytes = new Socket({ fd: bytesFd, readable: true, writable: true });
  // When nobody reads them any more, the link ends as well.
  bytes.on('error', () => {});
  bytes.on('data', (chunk: Buffer) => hears?.bytes(chunk));
  hears = runPlaced({
    process: name,
    link: { send: (message) => link.send(message), sendBytes: (part) => void bytes.write(part) },
    kinds,
    bindings: (some) => bindingsFor({ actors: some.map((kind) => ({ kind })) }, systemPlatform),
    clock: systemClock,
    redactor,
    end: () => void link.close().then(() => process.exit(0)),
    broken: (thrown) => {
      link.send({ m: { type: 'failed', cause: toProblem(thrown) } });
      link.close().then(() => process.exit(thrown instanceof FogrunError ? thrown.exitCode : 1));
    },
  });
}
