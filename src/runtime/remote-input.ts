/** The port of an actor that takes received segments in another process: given there, and kept here until dealt with. */
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { ConsumeLimits, InPort, ReceivedSegment } from '../contract/port.ts';
import type { FromPlaced, ToPlaced } from './placed-wire.ts';

/** What travels of a segment beside its body. */
type Head = Omit<ReceivedSegment, 'body' | 'stored'>;

/** The end in the pipeline's process, for one life of the other. What that life did not deal with stays in the port. */
export class InputGiver {
  readonly #actor: string;
  readonly #port: InPort<ReceivedSegment>;
  readonly #send: (message: ToPlaced, body?: Uint8Array) => void;
  readonly #consumers = new Map<number, AbortController>();
  /** Items given so far. */
  #count = 0;
  #handling: { readonly number: number; readonly work: PromiseWithResolvers<void> } | undefined;

  constructor(
    actor: string,
    port: InPort<ReceivedSegment>,
    send: (message: ToPlaced, body?: Uint8Array) => void,
  ) {
    this.#actor = actor;
    this.#port = port;
    this.#send = send;
  }

  hear(message: FromPlaced & { type: 'consume' | 'leave' | 'handled' }): void {
    const { number } = message;
    if (message.type === 'consume') this.#consume(number, message.limits);
    else if (message.type === 'leave') this.#consumers.get(number)?.abort();
    else if (this.#handling?.number === number) {
      const { work } = this.#handling;
      this.#handling = undefined;
      if (message.cause) work.reject(asError(message.cause));
      else work.resolve();
    }
  }

  /** The process is gone. */
  end(): void {
    for (const abort of this.#consumers.values()) abort.abort();
    this.#handling?.work.reject(new FogrunError('process-ended', 'the process that dealt with it is gone'));
  }

  #consume(number: number, limits: ConsumeLimits): void {
    const abort = new AbortController();
    this.#consumers.set(number, abort);
    const left = () => {
      this.#consumers.delete(number);
      this.#send({ type: 'left', actor: this.#actor, number });
    };
    // Why a batch was not dealt with is known where that happened.
    this.#port.consume(limits, abort.signal, (items) => this.#give(number, items)).then(left, left);
  }

  #give(to: number, items: readonly ReceivedSegment[]): Promise<void> {
    const actor = this.#actor;
    for (const [i, { body, stored, ref, ...rest }] of items.entries()) {
      // It may be a whole header, hashes and all.
      const { edge, epoch, stream, sequence } = ref;
      const item: Head = { ...rest, ref: { edge, epoch, stream, sequence } };
      const number = ++this.#count;
      this.#send({ type: 'given', actor, to, number, item, last: i === items.length - 1 }, body);
      stored.then(
        () => this.#send({ type: 'stored', actor, number }),
        (thrown) => this.#send({ type: 'stored', actor, number, cause: toProblem(thrown) }),
      );
    }
    const work = Promise.withResolvers<void>();
    this.#handling = { number: this.#count, work };
    return work.promise;
  }
}

interface Consumer {
  readonly handle: (items: readonly ReceivedSegment[]) => Promise<void>;
  readonly done: PromiseWithResolvers<void>;
}

/** The end in the process that the actor is placed in. */
export class InputTaker implements InPort<ReceivedSegment> {
  readonly #actor: string;
  readonly #send: (message: FromPlaced) => void;
  readonly #consumers = new Map<number, Consumer>();
  readonly #unstored = new Map<number, PromiseWithResolvers<void>>();
  #count = 0;
  #items: ReceivedSegment[] = [];

  constructor(actor: string, send: (message: FromPlaced) => void) {
    this.#actor = actor;
    this.#send = send;
  }

  /** Those that were given; what waits in the pipeline's process is not known here. */
  get pending(): number {
    return this.#items.length;
  }

  consume(
    { itemsMax, bytesMax }: ConsumeLimits,
    signal: AbortSignal,
    handle: (items: readonly ReceivedSegment[]) => Promise<void>,
  ): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const number = ++this.#count;
    const done = Promise.withResolvers<void>();
    const actor = this.#actor;
    this.#consumers.set(number, { handle, done });
    this.#send({ type: 'consume', actor, number, limits: { itemsMax, bytesMax } });
    signal.addEventListener('abort', () => this.#send({ type: 'leave', actor, number }), { once: true });
    return done.promise;
  }

  hear(message: ToPlaced & { type: 'given' | 'stored' | 'left' }, body: Uint8Array): void {
    const { number } = message;
    if (message.type === 'given') this.#take(message, body);
    else if (message.type === 'stored') {
      const stored = this.#unstored.get(number);
      this.#unstored.delete(number);
      if (message.cause) stored?.reject(asError(message.cause));
      else stored?.resolve();
    } else {
      this.#consumers.get(number)?.done.resolve();
      this.#consumers.delete(number);
    }
  }

  #take({ to, number, item, last }: ToPlaced & { type: 'given' }, body: Uint8Array): void {
    const stored = Promise.withResolvers<void>();
    stored.promise.catch(() => {});
    this.#unstored.set(number, stored);
    this.#items.push({ ...(item as Head), body, stored: stored.promise });
    if (!last) return;
    const items = this.#items;
    this.#items = [];
    const { handle, done } = this.#consumers.get(to)!;
    const handled = { type: 'handled', actor: this.#actor, number } as const;
    handle(items).then(
      () => this.#send(handled),
      (thrown) => {
        this.#send({ ...handled, cause: toProblem(thrown) });
        done.reject(thrown);
      },
    );
  }
}

/** What went wrong in the other process, to be thrown in this one. */
export function asError({ code, message, advice }: Problem): FogrunError {
  return new FogrunError(code, message, { advice });
}
