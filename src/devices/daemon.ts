/**
 * One connection to a brick daemon, through the vendor's bindings but without their traps. What they leave
 * open is closed here: no reconnecting of their own, a deadline for connecting and for every answer, no
 * exception out of a socket event, odd bytes noticed, pending requests ended with the connection, no timer left.
 */
import IPConnection, { type Connection } from 'tinkerforge/lib/IPConnection.js';
import type { Clock } from '../contract/clock.ts';
import type { DeviceTarget } from '../contract/device.ts';
import { FogrunError } from '../contract/errors.ts';
import { formatDuration } from '../domain/quantities.ts';
import { createPacketReader, type PacketHeader, protocolFunction } from './packet.ts';
import { printable } from './text.ts';

export interface DeviceEnvironment {
  readonly clock: Clock;
  /** Aborting ends the attempt, or the connection that came of it. */
  readonly signal: AbortSignal;
}

/** Arguments of the enumerate callback. */
export type EnumerateListener = (
  uid: string,
  connectedUid: string,
  position: string,
  hardware: number[],
  firmware: number[],
  identifier: number,
  /** 0 available, 1 connected, 2 disconnected. */
  change: number,
) => void;

export interface Daemon {
  /** `host:port`, safe for messages. */
  readonly where: string;
  /** For the device classes of the bindings. */
  readonly connection: Connection;
  /** Whether it has answered something as a brick daemon does. */
  readonly proven: boolean;
  /** Bytes that came and are no packet. */
  readonly strayBytes: number;
  /** The error that stands for a connection closed by the other side; changes with what is being tried. */
  whenClosed: () => FogrunError;
  /**
   * Starts one request and waits for its answer. Rejects with `device-silent` after the target's `timeoutMs`, with
   * `device-error` when the device answers with one, and at once with the cause when the connection ends.
   * @param what names the request in messages
   */
  ask(
    what: string,
    start: (answer: (...values: unknown[]) => void, failure: (code: number) => void) => void,
  ): Promise<unknown[]>;
  onEnumerate(listener: EnumerateListener): void;
  /** Called once when the connection has ended, soon if it has already. */
  onEnd(listener: (cause: FogrunError) => void): void;
  /** Ends the connection; everything pending rejects with `cause`. The first cause counts. */
  end(cause: FogrunError): void;
}

/** Codes that the bindings hand to an error callback. */
const notConnected = 12;
const timedOut = 31;
const failureTexts: Readonly<Record<number, string>> = {
  41: 'it calls a parameter invalid',
  42: 'it does not know the function',
  43: 'it reports an unknown error',
  71: 'the secret holds characters outside ASCII',
  81: 'it is of another type than before',
  82: 'another device took its place',
  83: 'the answer has the wrong length',
};

/**
 * Connects. Rejects with `device-unreachable`; what goes wrong later ends the connection.
 */
export async function openDaemon(
  target: Omit<DeviceTarget, 'uid'>,
  { clock, signal }: DeviceEnvironment,
): Promise<Daemon> {
  const where = printable(`${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`);
  const connection = new IPConnection();
  const pending = new Set<(cause: FogrunError) => void>();
  const endListeners: ((cause: FogrunError) => void)[] = [];
  const enumerateListeners: EnumerateListener[] = [];
  let ended: FogrunError | undefined;
  let socketError: NodeJS.ErrnoException | undefined;
  // Until something answers as a daemon does, an answer to nothing counts against it; later it is merely late.
  let proven = false;
  let strayBytes = 0;

  const dropTimers = () => {
    clearInterval(connection.disconnectProbeIID);
    for (const device of Object.values(connection.devices)) {
      for (const response of device.expectedResponses) clearTimeout(response.timeout);
      device.expectedResponses = [];
    }
  };
  const end = (cause: FogrunError) => {
    if (ended) return;
    ended = cause;
    signal.removeEventListener('abort', giveUp);
    dropTimers();
    connection.socket?.socket.destroy();
    for (const fail of pending) fail(cause);
    for (const listener of endListeners) listener(cause);
  };
  const giveUp = () => end(new FogrunError('device-unreachable', `the connection to ${where} was given up`));
  const foreign = (what: string) => end(new FogrunError('device-foreign', `${where} ${what}`));
  /** The bindings run inside socket events: an exception there would end the process. */
  const guarded = (run: () => void) => {
    try {
      run();
    } catch (thrown) {
      foreign(`sent something the bindings cannot read (${printable(String(thrown))})`);
    }
  };

  const isExpected = (header: PacketHeader) => {
    if (header.sequence === 0) return header.functionId === protocolFunction.enumerateCallback;
    const device = connection.devices[header.uid];
    return !!device?.expectedResponses.some(
      (response) => response.FID === header.functionId && response.SEQ === header.sequence,
    );
  };
  const reader = createPacketReader((header) => {
    if (isExpected(header)) proven = true;
    return proven || header.sequence === 0;
  });
  connection.handleIncomingData = (bytes) => {
    if (ended) return;
    guarded(() => {
      connection.resetDisconnectProbe();
      const readable = reader.push(bytes, (packet) => {
        guarded(() => connection.handlePacket(packet));
        return !ended;
      });
      strayBytes = reader.pendingBytes;
      if (!readable) foreign(proven ? 'sent a broken packet' : foreignText(bytes));
    });
  };
  connection.handleConnectionError = (error) => {
    socketError ??= error;
  };
  const handleClose = connection.handleConnectionClose;
  connection.handleConnectionClose = () => {
    guarded(() => handleClose.call(connection));
    dropTimers();
    end(daemon.whenClosed());
  };
  connection.on(IPConnection.CALLBACK_ENUMERATE, (...values: Parameters<EnumerateListener>) => {
    for (const listener of enumerateListeners) guarded(() => listener(...values));
  });

  const ask: Daemon['ask'] = (what, start) =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      const settle = (finish: () => void) => {
        if (!pending.delete(fail)) return;
        clock.clearTimeout(timer);
        finish();
      };
      const fail = (cause: FogrunError) => settle(() => reject(cause));
      const silent = () =>
        fail(
          new FogrunError(
            'device-silent',
            `${what} at ${where}: no answer within ${formatDuration(target.timeoutMs)}`,
          ),
        );
      pending.add(fail);
      const timer = clock.setTimeout(silent, target.timeoutMs);
      try {
        start(
          (...values) => settle(() => resolve(values)),
          (code) => {
            if (code === timedOut) return silent();
            if (code === notConnected) return fail(daemon.whenClosed());
            const text = failureTexts[code] ?? `the bindings report code ${code}`;
            fail(new FogrunError('device-error', `${what} at ${where} failed: ${text}`));
          },
        );
      } catch (thrown) {
        fail(
          new FogrunError('device-error', `${what} at ${where} failed: ${printable(String(thrown))}`, {
            cause: thrown,
          }),
        );
      }
    });

  const daemon: Daemon = {
    where,
    connection,
    get proven() {
      return proven;
    },
    get strayBytes() {
      return strayBytes;
    },
    whenClosed: () => unreachable(where, socketError),
    ask,
    onEnumerate: (listener) => enumerateListeners.push(listener),
    onEnd: (listener) => {
      if (ended) {
        const cause = ended;
        queueMicrotask(() => listener(cause));
      } else endListeners.push(listener);
    },
    end,
  };

  connection.setAutoReconnect(false);
  connection.setTimeout(target.timeoutMs);
  await new Promise<void>((resolve, reject) => {
    const timer = clock.setTimeout(
      () =>
        end(
          new FogrunError(
            'device-unreachable',
            `no connection to ${where} within ${formatDuration(target.timeoutMs)}`,
          ),
        ),
      target.timeoutMs,
    );
    endListeners.push((cause) => {
      clock.clearTimeout(timer);
      reject(cause);
    });
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    connection.on(IPConnection.CALLBACK_CONNECTED, () => {
      clock.clearTimeout(timer);
      resolve();
    });
    try {
      connection.connect(target.host, target.port, () => end(unreachable(where, socketError)));
    } catch (thrown) {
      end(unreachable(where, thrown));
    }
  });
  daemon.whenClosed = () =>
    proven
      ? new FogrunError('device-unreachable', `the connection to ${where} ended`)
      : new FogrunError('device-foreign', `${where} closed the connection without an answer`);
  return daemon;
}

function unreachable(where: string, cause: unknown): FogrunError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'there is no such host',
    EAI_AGAIN: 'the name cannot be resolved now',
    ETIMEDOUT: 'no answer',
    EHOSTUNREACH: 'there is no route to the host',
    ENETUNREACH: 'there is no route to the network',
  };
  const reason = code === undefined ? 'the connection ended' : (reasons[code] ?? code);
  return new FogrunError('device-unreachable', `no connection to ${where}: ${reason}`, { cause });
}

function foreignText(bytes: Buffer): string {
  const start = bytes.subarray(0, 16).toString('latin1');
  if (start.startsWith('HTTP/')) return 'answers like a web server';
  return `does not speak the TinkerForge protocol; it sent \`${printable(start)}\``;
}
