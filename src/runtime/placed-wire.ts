/** How a pipeline's process and one that actors are placed in talk: JSON objects with bytes, over a link of short messages. */
import type { Problem } from '../contract/errors.ts';
import type { Level, Report } from '../contract/report.ts';
import type { StoreState } from '../contract/store.ts';
import type { Condition, Request } from './condition.ts';
import type { IpcMessage } from './ipc-wire.ts';
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
      readonly actor: string;
      readonly kind: string;
      readonly config: unknown;
      /** Whether something takes what it emits. */
      readonly emits: boolean;
      readonly position?: string;
      /** What its last life left. */
      readonly memory?: string;
      readonly store: StoreState | null;
      readonly paused: boolean;
    }
  | { readonly type: 'event'; readonly actor: string; readonly event: { readonly type: string } }
  | { readonly type: 'stop' | 'restart'; readonly actor: string; readonly deadlineMs: number }
  /** Every item up to this number was dealt with; `position` is what the store now has of that source. */
  | { readonly type: 'accepted'; readonly actor: string; readonly number: number; readonly position?: string }
  | { readonly type: 'store'; readonly state: StoreState }
  | { readonly type: 'ping' }
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
  | { readonly type: 'pong' }
  | { readonly type: 'failed'; readonly cause: Problem };

/** The end of a link that messages are sent by. */
export interface WireLink {
  /** `false` when the other side is gone. */
  send(message: object): boolean;
  /** Bytes sent that still wait in this process. */
  readonly pendingBytes: number;
  /** Calls back once, when none wait any more; never when the other side is gone. */
  drained(callback: () => void): void;
}

/** Bytes in one message: as base64, with what stands around them, they stay below the link's limit. */
const sliceBytes = 40 * 1024;
/** Longest JSON text in bytes that goes as it is. */
const textBytesMax = 60 * 1024;
/** Beyond so much what is sent waits here, so that the link does not take a slow reader for a dead one. */
const pendingBytesMax = 2 * 2 ** 20;
/** Longest body that is put together. */
const bodyBytesMax = 64 * 2 ** 20;

interface Slice {
  /** A message; without one it is told by the slices after it. */
  readonly m?: object;
  /** Base64. */
  readonly b?: string;
  /** The slices put together are a message of their own, as JSON text. */
  readonly x?: true;
}

/** Sends in order, in slices; what the link cannot take yet waits. */
export class WireSender<Message extends { readonly type: string }> {
  readonly #link: WireLink;
  #waiting: Slice[] = [];
  #isWaiting = false;

  constructor(link: WireLink) {
    this.#link = link;
  }

  send(message: Message, body?: Uint8Array): void {
    if (body !== undefined && body.length > 0) {
      this.#slice(body, { m: message });
      return;
    }
    const text = Buffer.from(JSON.stringify(message));
    if (text.length <= textBytesMax) this.#put({ m: message });
    else this.#slice(text, { x: true });
  }

  #slice(bytes: Uint8Array, last: Slice): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let start = 0;
    for (; buffer.length - start > sliceBytes; start += sliceBytes) {
      this.#put({ b: buffer.toString('base64', start, start + sliceBytes) });
    }
    this.#put({ ...last, b: buffer.toString('base64', start) });
  }

  #put(slice: Slice): void {
    if (this.#isWaiting) this.#waiting.push(slice);
    else this.#emit(slice);
  }

  #emit(slice: Slice): void {
    if (!this.#link.send(slice) || this.#link.pendingBytes < pendingBytesMax) return;
    this.#isWaiting = true;
    this.#link.drained(() => {
      this.#isWaiting = false;
      const all = this.#waiting;
      this.#waiting = [];
      for (const [i, one] of all.entries()) {
        this.#emit(one);
        if (!this.#isWaiting) continue;
        this.#waiting = all.slice(i + 1);
        return;
      }
    });
  }
}

/** Puts slices together again; throws what ends the link when they make no sense. */
export class WireReceiver<Message extends { readonly type: string }> {
  readonly #deliver: (message: Message, body: Uint8Array) => void;
  #slices: Buffer[] = [];
  #bytes = 0;

  constructor(deliver: (message: Message, body: Uint8Array) => void) {
    this.#deliver = deliver;
  }

  take({ m, b, x }: IpcMessage & Slice): void {
    if (b !== undefined) {
      const bytes = Buffer.from(b, 'base64');
      this.#slices.push(bytes);
      this.#bytes += bytes.length;
      if (this.#bytes > bodyBytesMax) throw new Error(`a body longer than ${bodyBytesMax} bytes`);
    }
    if (m === undefined && x === undefined) return;
    const body = this.#slices.length === 1 ? this.#slices[0]! : Buffer.concat(this.#slices);
    this.#slices = [];
    this.#bytes = 0;
    if (x) this.#deliver(JSON.parse(body.toString()) as Message, new Uint8Array());
    else this.#deliver(m as Message, body);
  }
}
