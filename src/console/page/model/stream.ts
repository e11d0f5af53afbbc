/**
 * Brings the console's events to a model, and goes on where it was after each interruption. Reads the stream itself rather than by
 * `EventSource`, which tells neither why a connection failed nor when it is tried again, and forgets its place when it gives up.
 */
import type { ConsoleEvent, HelloEvent } from '../../wire.ts';
import type { ModelFeed } from './model.ts';
import { createSseReader } from './sse.ts';

/** A part of `fetch`; rejects with a `StreamRefused` for an answer that is no stream. */
export type OpenStream = (lastEventId: number | null, signal: AbortSignal) => AsyncIterable<string>;

/** The console answered, and said no; with 401 when one has to sign in, once or again. */
export class StreamRefused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the console answers ${status}`);
    this.status = status;
  }
}

export interface StreamParts {
  readonly open: OpenStream;
  /** Calls once after so long, unless what it returns is called before. */
  readonly after: (ms: number, call: () => void) => () => void;
  /** Calls once before the next frame of the screen, or soon where none is drawn. */
  readonly soon: (call: () => void) => void;
  /** Calls whenever it should not be waited for longer, until what it returns is called. */
  readonly whenWorthATry: (call: () => void) => () => void;
  /** A share from 0 to 1 of each wait, so that pages do not come back all at once. */
  readonly chance: () => number;
}

export interface RunningStream {
  /** Tries again now, if it waits. */
  hurry(): void;
  close(): void;
}

const waitsMs = [500, 1_000, 2_000, 4_000, 8_000];
/** The console says something at least this often, if only that it lives. */
const silenceMsMax = 20_000;

/**
 * @param onHello called before the model hears of it; a returned `false` ends the stream
 * @param onStranger called when the console wants whoever looks on to sign in; it is not asked again after that
 */
export function followConsole(
  feed: ModelFeed,
  { open, after, soon, whenWorthATry, chance }: StreamParts,
  onHello: (event: HelloEvent) => boolean = () => true,
  onStranger: () => void = () => {},
): RunningStream {
  let lastId: number | null = null;
  let life: string | null = null;
  let failures = 0;
  let waiting: ConsoleEvent[] = [];
  let isDue = false;
  let abort = new AbortController();
  let endWait: (() => void) | null = null;
  let isClosed = false;

  const flush = () => {
    isDue = false;
    if (waiting.length === 0 || isClosed) return;
    const events = waiting;
    waiting = [];
    feed.take(events);
  };
  const hear = (event: ConsoleEvent | HelloEvent) => {
    if (event.type !== 'hello') {
      lastId = event.id;
      waiting.push(event);
      if (!isDue) soon(flush);
      isDue = true;
      return;
    }
    flush();
    if (!onHello(event)) return close();
    const isOther = life !== null && life !== event.life;
    life = event.life;
    feed.hello(event);
    feed.connect({ state: 'live', retryAtMs: null, reason: null });
    failures = 0;
    if (isOther && lastId !== null) {
      // The place was one of another life: what follows it now is something else.
      lastId = null;
      abort.abort(again);
    }
  };
  const run = async () => {
    abort = new AbortController();
    const { signal } = abort;
    let endSilence = () => {};
    const listen = () => {
      endSilence();
      endSilence = after(silenceMsMax, () => abort.abort(new Error('it says nothing')));
    };
    let reason = 'the console ended the connection';
    let refusal: number | null = null;
    try {
      listen();
      const read = createSseReader((data) => {
        if (!signal.aborted) hear(JSON.parse(data));
      });
      for await (const piece of open(lastId, signal)) {
        listen();
        read(piece);
        if (signal.aborted) throw signal.reason;
      }
    } catch (thrown) {
      if (signal.reason === again && !isClosed) return void run();
      reason = reasonOf(signal.aborted ? signal.reason : thrown);
      refusal = thrown instanceof StreamRefused ? thrown.status : null;
    } finally {
      endSilence();
    }
    if (isClosed) return;
    flush();
    if (refusal === 401) {
      feed.connect({ state: 'lost', retryAtMs: null, reason: 'you are not signed in any more' });
      close();
      return onStranger();
    }
    const waitMs = waitsMs[Math.min(failures, waitsMs.length - 1)]! * (0.75 + chance() / 2);
    failures += 1;
    feed.connect({ state: 'lost', retryAtMs: feed.model.clockMs.peek() + waitMs, reason });
    endWait = after(waitMs, retry);
  };
  const retry = () => {
    endWait = null;
    if (isClosed) return;
    const { reason } = feed.model.connection.peek();
    feed.connect({ state: 'lost', retryAtMs: null, reason });
    void run();
  };
  const hurry = () => {
    if (!endWait) return;
    endWait();
    retry();
  };
  const endHurry = whenWorthATry(hurry);
  const close = () => {
    isClosed = true;
    endHurry();
    endWait?.();
    abort.abort(new Error('closed'));
  };
  void run();
  return { hurry, close };
}

const again = new Error('another life');

function reasonOf(thrown: unknown): string {
  if (thrown instanceof StreamRefused) return thrown.message;
  if (thrown instanceof TypeError) return 'nobody answers';
  return thrown instanceof Error ? thrown.message : String(thrown);
}
