/** Starts the processes that a pipeline places actors in, and joins them by node-ipc. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { sleep } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import { retryDelayMs } from '../domain/backoff.ts';
import { systemClock, systemRandom } from '../runtime/clock.ts';
import type { Processes, StartedProcess } from '../runtime/placed-process.ts';
import type { Hears, WireLink } from '../runtime/placed-wire.ts';
import { onLines } from './child-output.ts';
import { endedFromOutside } from './process.ts';
import { hostInDirectory } from './socket-directory.ts';

const restarts = { every: 500, factor: 2, max: 10_000, jitter: 0.2 };
/** How long the last words of a process that is gone may take to be heard, ms. */
const lastWordsMsMax = 2_000;

/** The file descriptor by which a process sends bytes; what it inherits cannot be taken by anybody else. */
export const bytesFd = 3;

/** What is known of one life of a process; the socket knows it by a number that no other has. */
interface Life {
  readonly hear: Hears;
  readonly joined: (link: WireLink) => void;
  readonly sendBytes: (bytes: Uint8Array) => void;
  readonly left: () => void;
  isJoined: boolean;
}

/**
 * @param show takes what a process prints, where it must not reach the terminal
 * @throws FogrunError `address-refused` when there is no place for the socket
 */
export async function hostProcesses(
  pipeline: string,
  show?: (process: string, line: string) => void,
): Promise<Processes> {
  const token = Buffer.from(systemRandom.bytes(24)).toString('hex');
  const lives = new Map<string, Life>();
  const living = new Set<ChildProcess>();
  let count = 0;
  const { host, directory } = await hostInDirectory('placed.sock', {
    token,
    clock: systemClock,
    on: {
      joined(id, send) {
        const life = lives.get(id);
        if (!life) throw new FogrunError('process-refused', `no process ${id} was started`);
        life.isJoined = true;
        life.joined({ send, sendBytes: life.sendBytes });
      },
      message: (id, message) => lives.get(id)?.hear.message(message),
      left: (id) => lives.get(id)?.left(),
    },
  });
  // Whatever ends this process, nothing stays behind; after a SIGKILL the others find out by themselves.
  const abandon = () => {
    for (const child of living) child.kill('SIGKILL');
    directory.removeNow();
  };
  process.on('exit', abandon);

  return {
    retryInMs: (attempt) => retryDelayMs(restarts, attempt, systemRandom.next()),
    start(name, hear) {
      count += 1;
      const id = String(count);
      const joined = Promise.withResolvers<WireLink>();
      const left = Promise.withResolvers<void>();
      const environment = {
        FOGRUN_PLACED_SOCKET: directory.socketPath,
        FOGRUN_PLACED_TOKEN: token,
        FOGRUN_PLACED_ID: id,
        FOGRUN_PLACED_NAME: name,
      };
      const child = spawnPlaced(`${pipeline}/process/${name}`, environment, show ? 'pipe' : 2);
      if (child instanceof FogrunError) return unstarted(child);
      living.add(child);
      const gone = endOf(child).finally(() => living.delete(child));
      // A process that was not started for want of file descriptors has no streams either.
      const { stdout, stderr } = child;
      const bytes = child.stdio?.[bytesFd] as Duplex | undefined;
      for (const output of [stdout, stderr]) if (output) onLines(output, (line) => show?.(name, line));
      bytes?.on('data', hear.bytes).on('error', () => {});
      const life: Life = {
        hear,
        joined: joined.resolve,
        sendBytes: (part) => void bytes?.write(part),
        left: left.resolve,
        isJoined: false,
      };
      lives.set(id, life);
      const bytesEnded = new Promise<void>((resolve) => (bytes ? bytes.once('close', resolve) : resolve()));
      const started: StartedProcess = {
        pid: child.pid ?? null,
        joined: joined.promise,
        gone: gone
          .then(async (end) => {
            const over = new AbortController();
            const heard = Promise.all([life.isJoined ? left.promise : undefined, bytesEnded]);
            await Promise.race([heard, sleep(systemClock, lastWordsMsMax, over.signal)]);
            over.abort();
            return end;
          })
          .finally(() => lives.delete(id)),
        kill: () => void child.kill('SIGKILL'),
      };
      return started;
    },
    async close() {
      await host.close();
      process.off('exit', abandon);
      for (const child of living) child.kill('SIGKILL');
      await directory.remove();
    },
  };
}

function unstarted(why: FogrunError): StartedProcess {
  return { pid: null, joined: new Promise(() => {}), gone: Promise.reject(why), kill: () => {} };
}

function notStarted(cause: Error): FogrunError {
  return new FogrunError('process-ended', `its process could not be started: ${cause.message}`, { cause });
}

/**
 * @param title is shown by `ps`, and nobody reads it
 * @param output where goes what it prints
 */
function spawnPlaced(
  title: string,
  environment: Record<string, string>,
  output: 'pipe' | 2,
): ChildProcess | FogrunError {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  const { FOGRUN_PARENT_SOCKET: _, FOGRUN_PARENT_TOKEN: __, ...inherited } = process.env;
  try {
    return spawn(process.execPath, [main, title], {
      // Its words go through the pipeline's log; what else it may print must not come among them.
      stdio: ['ignore', output, output, 'pipe'],
      env: { ...inherited, ...environment },
      // A process group of its own: Ctrl-C is for the pipeline, which stops its actors in turn.
      detached: true,
    });
  } catch (thrown) {
    // Some reasons, such as a lack of memory, are thrown; the others come as an event.
    return notStarted(thrown as Error);
  }
}

async function endOf(child: ChildProcess) {
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('exit', (...end) => resolve(end));
    child.once('error', (cause) => reject(notStarted(cause)));
  });
  return { code, signal, killed: endedFromOutside(signal) };
}
