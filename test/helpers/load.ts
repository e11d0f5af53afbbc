/** Numbered readings at a rate, into a log file or over TCP with acks, and whether all of them arrived. */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { filedReadings, shipped, type Tidy } from './fogrun.ts';

const tickMs = 10;
const lineText = (value: number) => `{"device":"d","sensor":"s","value":${value}}\n`;

export interface Load {
  /** The last number that was written or sent. */
  sent(): number;
  /** The last number that the source was told to be accepted; for a file, what was written. */
  told(): number;
  /** No more new numbers; resolves when there is nothing left to tell. */
  stop(): Promise<void>;
}

/** Hands `step` so many numbers as are due, every few ms, until it is ended. */
async function pace(perSecond: number, signal: AbortSignal, step: (count: number) => unknown): Promise<void> {
  let due = 0;
  let last = performance.now();
  while (!signal.aborted) {
    await wait(tickMs);
    const now = performance.now();
    due += ((now - last) / 1_000) * perSecond;
    last = now;
    const count = Math.floor(due);
    due -= count;
    if (count > 0) await step(count);
  }
}

const linesOf = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => lineText(first + i)).join('');

/** Appends numbered lines to a file. */
export function writeLoad(t: Tidy, file: string, perSecond: number): Load {
  const ended = new AbortController();
  let sent = 0;
  const done = pace(perSecond, ended.signal, async (count) => {
    await appendFile(file, linesOf(sent + 1, count));
    sent += count;
  });
  const stop = () => {
    ended.abort();
    return done;
  };
  t.teardown(stop);
  return { sent: () => sent, told: () => sent, stop };
}

export interface TcpLoad extends Load {
  /** First numbers of connections that went on after what was told: only from there something may come again. */
  readonly starts: readonly number[];
}

/** Sends numbered lines to a TCP source with acks; after a lost connection it goes on behind what it was told. */
export function sendLoad(t: ExecutionContext, port: number, perSecond: number): TcpLoad {
  const ended = new AbortController();
  const starts: number[] = [];
  let told = 0;
  let last = 0;
  let made = 0;
  let socket: Socket | null = null;
  let wake = () => {};
  const push = () => {
    // What is behind is sent in bounded pieces, so that a slow store is not answered with endless memory.
    while (socket?.writable && last < made && socket.writableLength < 65_536) {
      const count = Math.min(made - last, 500);
      socket.write(linesOf(last + 1, count));
      last += count;
    }
  };
  const open = () => {
    if (closed) return;
    const base = told;
    const own = connect({ host: '127.0.0.1', port });
    let text = '';
    own.on('connect', () => {
      socket = own;
      last = base;
      starts.push(base + 1);
      push();
    });
    own.on('drain', push);
    own.on('data', (bytes) => {
      const lines = (text + bytes.toString()).split('\n');
      text = lines.pop()!;
      for (const line of lines) {
        const ack = JSON.parse(line);
        if (ack.accepted === undefined) continue;
        if (ack.refused > 0) t.fail(`refused: ${line}`);
        told = base + ack.line;
        wake();
      }
    });
    own.on('error', () => {});
    own.on('close', () => {
      if (socket === own) socket = null;
      setTimeout(open, 20);
    });
  };
  let closed = false;
  const done = pace(perSecond, ended.signal, (count) => {
    made += count;
    push();
  });
  t.teardown(() => {
    closed = true;
    ended.abort();
    socket?.destroy();
  });
  open();
  return {
    starts,
    sent: () => made,
    told: () => told,
    async stop() {
      ended.abort();
      await done;
      for (const late = performance.now() + 60_000; told < made && performance.now() < late; ) {
        const some = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await Promise.race([some, wait(200)]);
        push();
      }
      if (told < made) t.fail(`${made} lines were sent, only ${told} were told to be accepted`);
      closed = true;
      socket?.destroy();
    },
  };
}

/** The shipped TCP pipeline, but that senders are told what was accepted. */
export async function withAcks(directory: string, change = (text: string) => text): Promise<string> {
  const text = await readFile(shipped('ingest.yaml'), 'utf8');
  const file = join(directory, 'ingest.yaml');
  await writeFile(file, change(text.replace('kind: tcp-source', 'kind: tcp-source\n    acks: true')));
  return file;
}

/** The shipped cloud with short heartbeats, so that a dead link is noticed soon. */
export async function withHeartbeat(directory: string, heartbeat = '500ms'): Promise<string> {
  const text = await readFile(shipped('cloud.yaml'), 'utf8');
  const file = join(directory, 'cloud.yaml');
  await writeFile(
    file,
    text.replace('kind: cloud-receiver', `kind: cloud-receiver\n    heartbeat: ${heartbeat}`),
  );
  return file;
}

interface Numbered {
  readonly seq: number;
  readonly value: number;
}

/** What the cloud has filed of an edge, epoch by epoch; nothing yet is none. */
export async function filedNumbers(state: string, edge: string): Promise<Numbered[][]> {
  const epochs = await filedReadings(state, edge).catch(() => new Map<string, Numbered[]>());
  return [...(epochs as Map<string, Numbered[]>).values()];
}

/** Waits until the number is in a file: acknowledged is not filed yet. */
export async function filedUpTo(state: string, edge: string, value: number): Promise<Numbered[][]> {
  for (const late = performance.now() + 60_000; ; await wait(200)) {
    const epochs = await filedNumbers(state, edge);
    const found = epochs.some((readings) => readings.findLast((reading) => reading.value === value));
    if (found || performance.now() > late) return epochs;
  }
}

/** What is wrong with numbers of which each should be there once, in order, under `seq` from 1: a few words each. */
export function faultsIn(
  readings: readonly Numbered[],
  last: number,
  starts: readonly number[] = [],
): string[] {
  const faults: string[] = [];
  const mayComeAgain = new Set(starts);
  let before = 0;
  let highest = 0;
  for (const [i, { seq, value }] of readings.entries()) {
    if (seq !== i + 1) faults.push(`seq ${seq} stands where ${i + 1} should`);
    const follows = value === before + 1 || (value <= highest && mayComeAgain.has(value));
    if (!follows) faults.push(`${value} follows ${before}`);
    before = value;
    highest = Math.max(highest, value);
    if (faults.length > 9) break;
  }
  if (highest < last) faults.push(`${highest} is the last one, ${last} were accepted`);
  return faults;
}
