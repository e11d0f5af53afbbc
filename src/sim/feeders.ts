/** Who feeds readings into simulated sources: a sender of lines over the network, and a program that writes a log. */
import { type Clock, type Random, sleep } from '../contract/clock.ts';
import type { Connection, Transport } from '../contract/transport.ts';
import { type RetryPolicy, retryDelayMs } from '../domain/backoff.ts';
import type { SimSourceFiles } from './source-files.ts';

export interface FeederOptions {
  /** Of the feeder's own machine. */
  readonly clock: Clock;
  /** Device and sensor of its readings; values count up from 1, so that each is known. */
  readonly device: string;
  readonly sensor: string;
  readonly everyMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** The reading of a number, as a line. */
function lineOf({ device, sensor, clock }: FeederOptions, number: number): string {
  const time = new Date(clock.now()).toISOString();
  return `${JSON.stringify({ device, sensor, time, value: number, unit: '1' })}\n`;
}

export interface LineFeederOptions extends FeederOptions {
  readonly transport: Transport;
  readonly host: string;
  readonly port: number;
  readonly random: Random;
  /** Whether the source tells what it accepted; then what it did not is sent again. */
  readonly acks: boolean;
}

export interface LineFeeder {
  /** Numbers made so far: 1 to this. */
  readonly made: number;
  /** Numbers that the source said to be accepted: 1 to this; always 0 without acks. */
  readonly acknowledged: number;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
}

const dialTimeoutMs = 5_000;
/** Silence of a source that owes an answer. */
const answerWithinMs = 30_000;
const retry: RetryPolicy = { every: 500, factor: 2, max: 10_000, jitter: 0.5 };
/** What was made and cannot be sent: a sender is no store. */
const keptMax = 100_000;

/** Makes readings at a steady pace and sends them over one connection after the other. */
export function startLineFeeder(options: LineFeederOptions): LineFeeder {
  const { clock, signal, acks } = options;
  let made = 0;
  let acknowledged = 0;
  /** Not known to be accepted, oldest first; without acks, not sent. */
  const kept: { readonly number: number; readonly line: string }[] = [];
  let wake = () => {};

  async function make(): Promise<void> {
    while (!signal.aborted) {
      await sleep(clock, options.everyMs, signal);
      if (signal.aborted || kept.length >= keptMax) continue;
      made += 1;
      kept.push({ number: made, line: lineOf(options, made) });
      wake();
    }
  }

  async function deliver(): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt++) {
      const { host, port } = options;
      const connection = await options.transport
        .dial({ host, port, timeoutMs: dialTimeoutMs, signal })
        .catch(() => null);
      if (connection) {
        const before = acknowledged;
        await converse(connection);
        if (acknowledged > before) attempt = 0;
      }
      if (!signal.aborted) await sleep(clock, retryDelayMs(retry, attempt, options.random.next()), signal);
    }
  }

  /** Resolves when the connection is over. */
  async function converse(connection: Connection): Promise<void> {
    let open = true;
    let sent = 0;
    let blocked = false;
    let heard = '';
    let heardMs = clock.monotonic();
    const first = acknowledged;
    const hear = (bytes: Uint8Array) => {
      heardMs = clock.monotonic();
      const lines = `${heard}${Buffer.from(bytes)}`.split('\n');
      heard = lines.pop()!;
      for (const text of lines) {
        const { accepted, line } = JSON.parse(text) as { accepted?: number; line: number };
        // Other lines tell of refusals.
        if (accepted === undefined || !acks) continue;
        acknowledged = Math.max(acknowledged, first + line);
        while (kept.length > 0 && kept[0]!.number <= acknowledged) {
          kept.shift();
          sent -= 1;
        }
      }
    };
    connection.listen({
      onData: hear,
      onDrain() {
        blocked = false;
        wake();
      },
      onClose() {
        open = false;
        wake();
      },
    });
    while (open && !signal.aborted) {
      while (open && !blocked && sent < kept.length) {
        blocked = !connection.write(Buffer.from(kept[sent]!.line));
        sent += 1;
      }
      if (!acks) sent -= kept.splice(0, sent).length;
      const awake = new AbortController();
      wake = () => awake.abort();
      await sleep(clock, answerWithinMs, AbortSignal.any([signal, awake.signal]));
      if (acks && sent > 0 && clock.monotonic() - heardMs > answerWithinMs) break;
      if (sent === 0) heardMs = clock.monotonic();
    }
    wake = () => {};
    if (open) connection.destroy();
  }

  const ended = Promise.all([make(), deliver()]).then(() => {});
  return {
    get made() {
      return made;
    },
    get acknowledged() {
      return acknowledged;
    },
    ended,
  };
}

export interface LogFeederOptions extends FeederOptions {
  readonly files: SimSourceFiles;
  readonly path: string;
  /** Lines after which the log is renamed and begun anew; never, unless given. */
  readonly rotateAfter?: number;
}

export interface LogFeeder {
  /** Numbers written so far: 1 to this. */
  readonly written: number;
  readonly ended: Promise<void>;
}

/** Writes a log that grows by a reading at a time, a line now and then in two pieces, as programs do. */
export function startLogFeeder(options: LogFeederOptions): LogFeeder {
  const { clock, files, path, signal, rotateAfter = Number.POSITIVE_INFINITY } = options;
  let written = 0;
  const write = (text: string) => files.append(path, Buffer.from(text));

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await sleep(clock, options.everyMs, signal);
      if (signal.aborted) return;
      const line = lineOf(options, written + 1);
      const inPieces = (written + 1) % 7 === 0;
      if (inPieces) {
        write(line.slice(0, 10));
        await sleep(clock, options.everyMs / 4, signal);
        write(line.slice(10));
      } else write(line);
      written += 1;
      if (written % rotateAfter === 0) files.rename(path, `${path}.1`);
    }
  }

  return {
    get written() {
      return written;
    },
    ended: run(),
  };
}
