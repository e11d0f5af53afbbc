/** A source between real sockets and a port whose commits the test plays by hand. */
import net from 'node:net';
import type { ExecutionContext } from 'ava';
import type { ListenerCommand, ListenerEffects, ListenerEvent } from '../../src/contract/listening.ts';
import type { Batch, OutPort } from '../../src/contract/port.ts';
import type { Report } from '../../src/contract/report.ts';
import { createPort } from '../../src/runtime/port.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

/** Something that changes, and can be waited for. */
export function watched() {
  const looks = new Set<() => void>();
  return {
    changed() {
      for (const look of [...looks]) look();
    },
    until: (condition: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!condition()) return;
          looks.delete(look);
          resolve();
        };
        looks.add(look);
        look();
      }),
  };
}

/** A port, and the store behind it: commits what waits as soon as it may. */
export function fakeStore(credit = { itemsMax: 1_024, bytesMax: 8 * 2 ** 20 }) {
  const port = createPort<Batch>(credit, ({ lines }) => lines.length);
  const life = new AbortController();
  const change = watched();
  const batches: Batch[] = [];
  let open = true;
  let release = Promise.withResolvers<void>();
  const limits = { itemsMax: 4_096, bytesMax: 4 * 2 ** 20 };
  const consumed = port.in.consume(limits, life.signal, async (items) => {
    if (!open) await release.promise;
    batches.push(...items);
    change.changed();
  });
  return {
    out: port.out,
    batches,
    until: change.until,
    text: () => batches.map(({ lines }) => Buffer.from(lines).toString()).join(''),
    readings: () =>
      batches
        .flatMap(({ lines }) => Buffer.from(lines).toString().trimEnd().split('\n'))
        .map((line) => JSON.parse(line)),
    count: () => batches.reduce((sum, { count }) => sum + count, 0),
    /** Batches that wait for their commit. */
    waiting: () => port.in.pending,
    /** The disk takes nothing until `resume`. */
    hold() {
      open = false;
      release = Promise.withResolvers<void>();
    },
    resume() {
      open = true;
      release.resolve();
    },
    async stop() {
      release.resolve();
      life.abort();
      await consumed;
    },
  };
}

export type FakeStore = ReturnType<typeof fakeStore>;

/** What the effects of a source are made from. */
export interface SourceEnv {
  readonly output: OutPort<Batch>;
  readonly clock: VirtualClock;
  readonly report: (report: Report) => void;
  readonly retryInMs: (attempt: number) => number;
}

/** Runs a source's task until the test ends. */
export async function runSource<Config>(
  t: ExecutionContext,
  config: Config,
  make: (env: SourceEnv) => ListenerEffects<Config>,
  store: FakeStore = fakeStore(),
) {
  const clock = createVirtualClock();
  const notes: string[] = [];
  const change = watched();
  const life = new AbortController();
  const listening = Promise.withResolvers<ListenerEvent>();
  let command: (event: ListenerCommand) => void = () => {};
  const effects = make({
    output: store.out,
    clock,
    retryInMs: () => 1_000,
    report: (report) => {
      if (report.type === 'note') notes.push(report.text);
      change.changed();
    },
  });
  const ended = effects.listener({
    input: config,
    signal: life.signal,
    emit: (event) => listening.resolve(event),
    receive: (listener) => {
      command = listener;
    },
  });
  ended.catch(listening.reject);
  t.teardown(async () => {
    store.resume();
    life.abort();
    await ended.catch(() => {});
    await store.stop();
  });
  const { port } = await listening.promise;
  return {
    ...{ clock, notes, store, port, ended },
    until: change.until,
    close: () => command({ type: 'CLOSE' }),
    abort: () => life.abort(),
  };
}

/** A sender's socket. */
export function dial(t: ExecutionContext, port: number) {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const change = watched();
  const seen = { text: '', ended: false, closed: false, drained: true };
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    seen.text += bytes.toString();
    change.changed();
  });
  socket.on('end', () => {
    seen.ended = true;
    change.changed();
  });
  socket.on('close', () => {
    seen.closed = true;
    change.changed();
  });
  return {
    socket,
    seen,
    until: change.until,
    send: (text: string | Uint8Array) => socket.write(text),
    end: (text: string = '') => socket.end(text),
    lines: () =>
      seen.text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    last: () => JSON.parse(seen.text.trimEnd().split('\n').at(-1) || 'null'),
  };
}

export const reading = (value: number): string => `{"device":"d","sensor":"s","value":${value}}\n`;
