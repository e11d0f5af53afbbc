/** The first words of a client at a control socket. */
import type { IpcClient } from 'node-ipc';
import { type Clock, sleep } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import { printable } from '../domain/text.ts';
import { reachable } from './ipc-control-path.ts';
import { controlVersion, readServerGreeting, type ServerGreeting } from './ipc-control-wire.ts';
import { freshIpc, helloType, welcomeType } from './ipc-wire.ts';

export interface GreetOptions {
  readonly clock: Clock;
  readonly agent: string;
  readonly timeoutMs: number;
}

type Listener = (type: string, data: unknown) => void;

/** A connection whose other end has said who it is. */
export interface Greeted {
  readonly client: IpcClient;
  readonly greeting: ServerGreeting;
  /** Who hears what comes from here on. */
  hand(listener: Listener): void;
  /** Drops the connection and every listener. */
  disconnect(): void;
}

const peerId = 'control';

/** Connects to the socket and greets; throws as `connectControl`. */
export async function greet(socketPath: string, options: GreetOptions): Promise<Greeted> {
  const { clock, agent, timeoutMs } = options;
  const ipc = freshIpc(socketPath);
  const reach = await reachable(socketPath).catch((thrown) => {
    throw unreachable(socketPath, thrown);
  });
  const answered = new AbortController();
  let greeted = false;
  try {
    ipc.connectTo(peerId, reach.path);
    const client = ipc.of[peerId]!;
    let listener: Listener = () => {};
    const welcome = new Promise<ServerGreeting>((resolve, reject) => {
      let failure: unknown;
      let connected = false;
      client.on('*', (type, data) => {
        if (greeted) return listener(type, data);
        if (type === 'error') failure ??= data;
        else if (type === 'connect') {
          connected = true;
          client.emit(helloType, { control: controlVersion, agent, pid: process.pid });
        } else if (type === 'disconnect') {
          reject(connected ? hungUp(socketPath) : unreachable(socketPath, failure));
        } else if (type === welcomeType) {
          const greeting = readServerGreeting(data);
          if (greeting?.control === controlVersion) {
            greeted = true;
            resolve(greeting);
          } else reject(greeting ? otherVersion(greeting, agent) : hungUp(socketPath));
        }
      });
    });
    const late = sleep(clock, timeoutMs, answered.signal).then(() => null);
    const greeting = await Promise.race([welcome, late]);
    if (greeting === null) {
      throw new FogrunError(
        'deadline-missed',
        `whoever listens on ${printable(socketPath, 200)} did not greet within ${timeoutMs} ms`,
      );
    }
    return {
      client,
      greeting,
      hand: (next) => {
        listener = next;
      },
      disconnect: () => ipc.disconnect(peerId),
    };
  } catch (thrown) {
    greeted = true;
    ipc.disconnect(peerId);
    throw thrown;
  } finally {
    answered.abort();
    await reach.release();
  }
}

function unreachable(socketPath: string, thrown: unknown): FogrunError {
  const code = String((thrown as { code?: unknown })?.code ?? thrown);
  const path = printable(socketPath, 200);
  if (['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(code)) {
    return new FogrunError('control-absent', `nobody listens on ${path}`, { cause: thrown });
  }
  const mayNot = code === 'EACCES' || code === 'EPERM';
  return new FogrunError('control-refused', `${path} cannot be opened (${code})`, {
    cause: thrown,
    ...(mayNot ? { advice: 'Run it as the user that the pipeline runs as.' } : {}),
  });
}

const hungUp = (socketPath: string) =>
  new FogrunError(
    'control-refused',
    `whoever listens on ${printable(socketPath, 200)} closed the connection instead of greeting`,
    { advice: 'Perhaps too many are connected to it; try again.' },
  );

const otherVersion = ({ pipeline, pid, agent, control }: ServerGreeting, own: string) =>
  new FogrunError(
    'control-version',
    `pipeline ${printable(pipeline)} (pid ${pid}) is run by ${printable(agent)}, which speaks version ${control} ` +
      `of the control protocol; this is ${own}, which speaks version ${controlVersion}`,
  );
