/** How a pipeline's process and one that actors are placed in talk: JSON objects with bytes, over a link of short messages. */
import type { Problem } from '../contract/errors.ts';
import type { InspectFrame } from '../contract/inspect.ts';
import type { Level, Report } from '../contract/report.ts';
import type { StoreState } from '../contract/store.ts';
import type { Condition, Request } from './condition.ts';
import type { IpcMessage } from './ipc-wire.ts';
import type { StoreQuestion } from './remote-cloud.ts';
import type { SupervisedEnd } from './supervisor.ts';

/** How an actor is and what can be asked of it. */
export interface PlacedCondition {
  readonly condition: Condition;
  readonly can: readonly Request[];
  readonly knows: readonly Request[];
  /** Lives after its first in this life of the process. */
  readonly restarts: number;
}

/** What the pipeline's process says to the other. */
export type ToPlaced =
  /** First: the kinds whose effects it shall load before it says `ready`. */
  | { readonly type: 'load'; readonly kinds: readonly string[] }
  | {
      readonly type: 'start';
      /** What both sides call it: no other actor, nor an earlier one of its name, is called so in this process. */
      readonly actor: string;
      readonly name: string;
      readonly kind: string;
      readonly config: unknown;
      /** Whether something feeds it, and whether something takes what it emits. */
      readonly accepts: boolean;
      readonly emits: boolean;
      /** Whose store the pipeline has, if any. */
      readonly role: 'edge' | 'cloud' | null;
      readonly position?: string;
      /** What its last life left. */
      readonly memory?: string;
      readonly store: StoreState;
      readonly paused: boolean;
    }
  | { readonly type: 'event'; readonly actor: string; readonly event: { readonly type: string } }
  | { readonly type: 'stop' | 'restart'; readonly actor: string; readonly deadlineMs: number }
  /** Nobody wants to hear of it any more. */
  | { readonly type: 'forget'; readonly actor: string }
  /** Every item up to this number was dealt with; `position` is what the store now has of that source. */
  | { readonly type: 'accepted'; readonly actor: string; readonly number: number; readonly position?: string }
  | { readonly type: 'store'; readonly state: StoreState }
  /** A received segment for the consumer `to`, numbered from 1; its bytes come as the body. Up to `last` they go together. */
  | {
      readonly type: 'given';
      readonly actor: string;
      readonly to: number;
      readonly number: number;
      readonly item: object;
      readonly last: boolean;
    }
  /** That segment is on the disk, or will not be. */
  | { readonly type: 'stored'; readonly actor: string; readonly number: number; readonly cause?: Problem }
  /** The consumer of that number gets nothing more. */
  | { readonly type: 'left'; readonly actor: string; readonly number: number }
  | {
      readonly type: 'answer';
      readonly actor: string;
      readonly number: number;
      readonly value?: unknown;
      readonly cause?: Problem;
    }
  | { readonly type: 'ping' }
  /** Somebody inspects its actors, or nobody does. */
  | { readonly type: 'inspect'; readonly on: boolean }
  /** The frames sent before were taken: there may be more. */
  | { readonly type: 'taken' }
  | { readonly type: 'end' };

/** What it answers. */
export type FromPlaced =
  | { readonly type: 'ready' }
  | {
      readonly type: 'report';
      readonly actor: string;
      readonly report: Report;
      readonly level?: Level;
      readonly atMs: number;
      /** With a state change: how it is since. */
      readonly now?: PlacedCondition;
    }
  | { readonly type: 'condition'; readonly actor: string; readonly now: PlacedCondition }
  | { readonly type: 'settled'; readonly actor: string }
  | { readonly type: 'ended'; readonly actor: string; readonly end: SupervisedEnd }
  /** An item of its out port, numbered from 1 in the life of the process; its bytes come as the body. */
  | {
      readonly type: 'item';
      readonly actor: string;
      readonly number: number;
      readonly item: object;
      /** What this life would leave to the next one, if that is new. */
      readonly memory?: string;
      /** Somebody waits for what was sent so far. */
      readonly flush?: true;
    }
  | { readonly type: 'flush'; readonly actor: string }
  /** A consumer takes received segments, from now until it leaves. */
  | {
      readonly type: 'consume';
      readonly actor: string;
      readonly number: number;
      readonly limits: { readonly itemsMax: number; readonly bytesMax: number };
    }
  | { readonly type: 'leave'; readonly actor: string; readonly number: number }
  /** What was given up to that number is dealt with, or could not be. */
  | { readonly type: 'handled'; readonly actor: string; readonly number: number; readonly cause?: Problem }
  | {
      readonly type: 'ask';
      readonly actor: string;
      readonly number: number;
      readonly question: StoreQuestion;
    }
  | { readonly type: 'pong' }
  /** What its statecharts did, by the names of its actors. Nothing more of it until it was taken. */
  | { readonly type: 'frames'; readonly frames: readonly InspectFrame[] }
  | { readonly type: 'failed'; readonly cause: Problem };

/** The end of a link that messages are sent by, each shorter than 64 KiB. */
export interface WireLink {
  /** `false` when the other side is gone. */
  send(message: object): boolean;
  /**
   * Bytes go a way of their own, in order as well: as text in messages they would cost both sides several times as much.
   * Nobody may change them afterwards.
   */
  sendBytes(bytes: Uint8Array): void;
}

/** Takes what comes over a link. */
export interface Hears {
  message(message: IpcMessage): void;
  bytes(chunk: Uint8Array): void;
}

/** Longest JSON text that goes as it is, in bytes. */
const textBytesMax = 60 * 1024;
/** Characters of a longer one in a message: each may become six bytes. */
const sliceLength = 8 * 1024;
/** Longest text and longest body that are put together. */
const textLengthMax = 16 * 2 ** 20;
const bodyBytesMax = 64 * 2 ** 20;

/** A message, or a slice of its text. */
interface Frame {
  readonly m?: object;
  /** So many bytes belong to it. */
  readonly n?: number;
  readonly s?: string;
  /** It was the last slice. */
  readonly x?: true;
}

export class WireSender<Message extends { readonly type: string }> {
  readonly #link: WireLink;

  constructor(link: WireLink) {
    this.#link = link;
  }

  send(message: Message, body?: Uint8Array): void {
    if (body !== undefined && body.length > 0) {
      this.#put({ m: message, n: body.length });
      this.#link.sendBytes(body);
      return;
    }
    const text = JSON.stringify(message);
    if (Buffer.byteLength(text) <= textBytesMax) {
      this.#put({ m: message });
      return;
    }
    for (let start = 0; start < text.length; start += sliceLength) {
      const slice = { s: text.slice(start, start + sliceLength) };
      this.#put(start + sliceLength < text.length ? slice : { ...slice, x: true });
    }
  }

  #put(frame: Frame): void {
    this.#link.send(frame);
  }
}

/** Puts messages and their bytes together again, in order; throws what ends the link when they make no sense. */
export class WireReceiver<Message extends { readonly type: string }> {
  readonly #deliver: (message: Message, body: Uint8Array) => void;
  #text = '';
  readonly #messages: { message: Message; bytes: number }[] = [];
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(deliver: (message: Message, body: Uint8Array) => void) {
    this.#deliver = deliver;
  }

  take({ m, n = 0, s, x }: IpcMessage & Frame): void {
    if (n > bodyBytesMax) throw new Error(`a body of ${n} bytes`);
    let message = m;
    if (s !== undefined) {
      this.#text += s;
      if (this.#text.length > textLengthMax) throw new Error('a message that is too long');
      if (!x) return;
      message = JSON.parse(this.#text);
      this.#text = '';
    }
    this.#messages.push({ message: message as Message, bytes: n });
    this.#advance();
  }

  takeBytes(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#advance();
  }

  #advance(): void {
    for (let head = this.#messages[0]; head && head.bytes <= this.#bytes; head = this.#messages[0]) {
      this.#messages.shift();
      this.#deliver(head.message, this.#body(head.bytes));
    }
  }

  /** The next so many bytes, which are there; copied only when they came in several chunks. */
  #body(bytes: number): Uint8Array {
    this.#bytes -= bytes;
    const parts: Uint8Array[] = [];
    for (let missing = bytes; missing > 0; ) {
      const first = this.#chunks[0]!;
      if (first.length <= missing) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(missing);
      parts.push(first.subarray(0, missing));
      missing -= Math.min(missing, first.length);
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts, bytes);
  }
}
