/** The cloud's store as a consumer in another process sees it: a few questions, asked by message. */
import { toProblem } from '../contract/errors.ts';
import type {
  CloudStore,
  ConsumerStore,
  Mean,
  Receipt,
  SensorMean,
  UnfinishedSegment,
} from '../contract/store.ts';
import type { SegmentHeader, SegmentRef } from '../domain/segment.ts';
import type { FromPlaced, ToPlaced } from './placed-wire.ts';
import { asError } from './remote-input.ts';

export type StoreQuestion =
  /** Answered with a page of headers without their hashes; a page that begins at 0 looks anew. */
  | { readonly ask: 'unfinished'; readonly consumer: string; readonly from: number }
  /** The body of the one at that place in what `unfinished` found last. */
  | { readonly ask: 'body'; readonly place: number }
  | {
      readonly ask: 'finish';
      readonly consumer: string;
      readonly ref: SegmentRef;
      readonly means: readonly SensorMean[];
    }
  | { readonly ask: 'means'; readonly edge: string; readonly sensor: string; readonly sinceMs: number };

type Header = UnfinishedSegment['header'];
type Asked = FromPlaced & { type: 'ask' };

const pageLength = 500;

/** Answers in the pipeline's process, for one life of the other. */
export class StoreAnswers {
  readonly #store: CloudStore;
  readonly #send: (message: ToPlaced, body?: Uint8Array) => void;
  #unfinished: readonly Receipt[] = [];

  constructor(store: CloudStore, send: (message: ToPlaced, body?: Uint8Array) => void) {
    this.#store = store;
    this.#send = send;
  }

  hear({ actor, number, question }: Asked): void {
    this.#answer(question).then(
      ({ value, body }) => this.#send({ type: 'answer', actor, number, value }, body),
      (thrown) => this.#send({ type: 'answer', actor, number, cause: toProblem(thrown) }),
    );
  }

  async #answer(question: StoreQuestion): Promise<{ value?: unknown; body?: Uint8Array }> {
    switch (question.ask) {
      case 'unfinished': {
        const { from, consumer } = question;
        if (from === 0) this.#unfinished = [...this.#store.unfinished(consumer)];
        return { value: this.#unfinished.slice(from, from + pageLength).map(({ header }) => plain(header)) };
      }
      case 'body': {
        const receipt = this.#unfinished[question.place];
        if (!receipt) throw new Error('a body was asked for that nobody knows of');
        return { body: await this.#store.body(receipt) };
      }
      case 'finish':
        await this.#store.finish(question.consumer, question.ref, question.means);
        return {};
      case 'means':
        return { value: this.#store.means(question.edge, question.sensor, question.sinceMs) };
    }
  }
}

function plain({ hash: _, previousHash: __, bodyHash: ___, ...header }: SegmentHeader): Header {
  return header;
}

/** Asks in the process that the consumer is placed in. */
export class StoreQuestions implements ConsumerStore {
  readonly #actor: string;
  readonly #send: (message: FromPlaced) => void;
  readonly #asked = new Map<number, PromiseWithResolvers<{ value: unknown; body: Uint8Array }>>();
  readonly #places = new WeakMap<object, number>();
  #count = 0;

  constructor(actor: string, send: (message: FromPlaced) => void) {
    this.#actor = actor;
    this.#send = send;
  }

  hear({ number, value, cause }: ToPlaced & { type: 'answer' }, body: Uint8Array): void {
    const asked = this.#asked.get(number);
    this.#asked.delete(number);
    if (cause) asked?.reject(asError(cause));
    else asked?.resolve({ value, body });
  }

  async *unfinished(consumer: string): AsyncIterable<UnfinishedSegment> {
    for (let from = 0; ; from += pageLength) {
      const { value } = await this.#ask({ ask: 'unfinished', consumer, from });
      const page = value as readonly Header[];
      for (const [i, header] of page.entries()) {
        const segment = { header };
        this.#places.set(segment, from + i);
        yield segment;
      }
      if (page.length < pageLength) return;
    }
  }

  async body(segment: UnfinishedSegment): Promise<Uint8Array> {
    return (await this.#ask({ ask: 'body', place: this.#places.get(segment) ?? -1 })).body;
  }

  async finish(consumer: string, ref: SegmentRef, means: readonly SensorMean[]): Promise<void> {
    const { edge, epoch, stream, sequence } = ref;
    await this.#ask({ ask: 'finish', consumer, ref: { edge, epoch, stream, sequence }, means });
  }

  async means(edge: string, sensor: string, sinceMs: number): Promise<readonly Mean[]> {
    return (await this.#ask({ ask: 'means', edge, sensor, sinceMs })).value as readonly Mean[];
  }

  #ask(question: StoreQuestion): Promise<{ value: unknown; body: Uint8Array }> {
    const number = ++this.#count;
    const asked = Promise.withResolvers<{ value: unknown; body: Uint8Array }>();
    this.#asked.set(number, asked);
    this.#send({ type: 'ask', actor: this.#actor, number, question });
    return asked.promise;
  }
}
