/** As much of the NATS protocol as a load and a check need: requests to JetStream, and cutting a stream into messages. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { nowMs, within } from '../time.ts';
import { dial } from './server.ts';

const answerDeadlineMs = 10_000;
const [answerSubscription, listenedSubscription] = [1, 2];
const lineEnd = Buffer.from('\r\n');

export interface Message {
  readonly subject: string;
  /** Number of the subscription that it came by; the subject is the stored one where it came out of a stream. */
  readonly subscription: number;
  /** Where it came with headers, they are told by this status, such as 404; else `null`. */
  readonly status: number | null;
  readonly payload: Buffer;
}

/** Cuts what a socket gives into messages; `control` gets every other line, such as PING. */
class Messages {
  readonly #control: (line: string) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(control: (line: string) => void) {
    this.#control = control;
  }

  *take(piece: Buffer): Generator<Message> {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(lineEnd, at);
      if (end < 0) break;
      const from = end + 2;
      const line = bytes.toString('latin1', at, end);
      const [word, subject, subscription, ...rest] = line.split(' ');
      if (word !== 'MSG' && word !== 'HMSG') {
        this.#control(line);
        at = from;
        continue;
      }
      const length = Number(rest.at(-1));
      if (from + length + 2 > bytes.length) break;
      const headed = word === 'HMSG' ? Number(rest.at(-2)) : 0;
      const status = headed > 0 ? statusOf(bytes.toString('latin1', from, from + headed)) : null;
      yield {
        subject: subject!,
        subscription: Number(subscription),
        status,
        payload: bytes.subarray(from + headed, from + length),
      };
      at = from + length + 2;
    }
    this.#rest = bytes.subarray(at);
  }
}

const statusOf = (headers: string) => Number(/^NATS\/1\.0 (\d+)/.exec(headers)?.[1] ?? 0) || null;

/** A connection that answers pings, and gives messages to whoever listens. */
export class NatsClient {
  readonly #socket: Socket;
  /** Subjects are the whole network's: without a name of its own, one client's answers would reach the others. */
  readonly #inbox = `_INBOX.${randomBytes(8).toString('hex')}`;
  readonly #asked = new Map<string, PromiseWithResolvers<Message>>();
  /** Reply subject of what is for `onMessage`. */
  readonly listened = `${this.#inbox}.listened`;
  /** Gets what comes to `listened`. */
  onMessage: (message: Message) => void = () => {};
  /** Rejects when the connection fails. */
  readonly failed = Promise.withResolvers<never>();
  #askedCount = 0;
  #failure: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const messages = new Messages((line) => this.#control(line));
    socket.on('data', (piece) => {
      for (const message of messages.take(piece)) this.#take(message);
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the NATS server closed the connection')));
    const options = { verbose: false, pedantic: false, headers: true, no_responders: true, lang: 'bench' };
    const connect = JSON.stringify({ ...options, version: '1' });
    const answers = `SUB ${this.#inbox}.answer.* ${answerSubscription}`;
    socket.write(`CONNECT ${connect}\r\n${answers}\r\nSUB ${this.listened} ${listenedSubscription}\r\n`);
  }

  static async connect(port: number): Promise<NatsClient> {
    return new NatsClient(await dial(port));
  }

  /** Bytes of the protocol, such as many PUBs. */
  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Sends a request whose answers go to the listener. */
  request(subject: string, body: unknown): void {
    this.#publish(subject, this.listened, body);
  }

  /** Asks and resolves to the JSON that is answered; rejects on an error in it, and when nobody is there to answer. */
  // biome-ignore lint/suspicious/noExplicitAny: the few members that are read are checked by their use
  async ask(subject: string, body: unknown): Promise<any> {
    if (this.#failure) throw this.#failure;
    const replyTo = `${this.#inbox}.answer.${++this.#askedCount}`;
    const answer = Promise.withResolvers<Message>();
    this.#asked.set(replyTo, answer);
    this.#publish(subject, replyTo, body);
    const { status, payload } = await within(answer.promise, answerDeadlineMs, () => `answer to ${subject}`);
    if (status !== null) throw new Error(`${subject} was answered with status ${status}`);
    const value = JSON.parse(payload.toString());
    if (value.error) throw new Error(`${subject}: ${value.error.description}`);
    return value;
  }

  /** Asks again until somebody answers without an error. */
  async askUntilAnswered(subject: string, body: unknown): Promise<void> {
    for (const until = nowMs() + answerDeadlineMs; ; ) {
      try {
        return await this.ask(subject, body);
      } catch (error) {
        if (this.#failure || nowMs() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await closed;
  }

  #publish(subject: string, replyTo: string, body: unknown): void {
    const payload = JSON.stringify(body);
    this.#socket.write(`PUB ${subject} ${replyTo} ${Buffer.byteLength(payload)}\r\n${payload}\r\n`);
  }

  #take(message: Message): void {
    if (message.subscription === listenedSubscription) this.onMessage(message);
    else this.#asked.get(message.subject)?.resolve(message);
    this.#asked.delete(message.subject);
  }

  #control(line: string): void {
    if (line === 'PING') this.#socket.write('PONG\r\n');
    else if (line.startsWith('-ERR')) this.#fail(new Error(`the NATS server says ${line}`));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
    this.failed.promise.catch(() => {});
    this.failed.reject(error);
  }
}
