/**
 * Ports: runtime-owned channels between two actors, with credit. What a sender hands over stays in the
 * port until the receiving actor has dealt with it; an actor that restarts finds it there again.
 */
import type { Gap } from '../domain/gap.ts';
import type { CloudMessage } from '../domain/message.ts';
import type { SegmentRef } from '../domain/segment.ts';

/** Encoded readings on their way into a store. */
export interface Batch {
  readonly stream: string;
  /** NDJSON, each line one reading without `seq`, each ended by `\n`. */
  readonly lines: Uint8Array;
  /** Number of lines; 0 when there is only a gap. */
  readonly count: number;
  /** The times in its lines were taken from this machine's wall clock, just now. */
  readonly stamped?: true;
  /** What was not measured before these lines. */
  readonly missed?: Omit<Gap, 'fromSeq' | 'toSeq'>;
  /** How far their source has come with them: kept in the same commit, so that it never reads anything twice. */
  readonly position?: SourcePosition;
  /** Its source measures on whether or not there is room: a store that drops the newest may turn it away. */
  readonly cannotWait?: true;
}

/** Where a source that can go back stands, such as an offset in a file. */
export interface SourcePosition {
  /** The actor's name. */
  readonly source: string;
  /** The source's own words, up to 4 KiB. */
  readonly value: string;
}

/** A segment that waits in the store for its uploader. */
export interface SealedNotice {
  readonly stream: string;
  readonly sequence: number;
}

/** The cloud's word, quoting the hash, that every segment up to this one is on its disk. */
export interface Acknowledgement {
  readonly stream: string;
  readonly sequence: number;
  readonly hash: Uint8Array;
  /** What the cloud sent along, such as a forecast. */
  readonly messages: readonly CloudMessage[];
}

/** A segment that the cloud has checked; `body` is NDJSON with `seq`. */
export interface ReceivedSegment {
  readonly ref: SegmentRef;
  readonly fromSeq: number;
  readonly count: number;
  readonly body: Uint8Array;
  /** Set when it stands for readings that will never come. */
  readonly gap?: true;
  /** Resolves when it is on the cloud's disk, rejects when it will not be. */
  readonly stored: Promise<unknown>;
}

/** A word from the cloud on its way to one edge. */
export interface AddressedMessage {
  readonly edge: string;
  readonly epoch: string;
  readonly message: CloudMessage;
}

/** What each type of port carries. */
export interface PortItems {
  readings: Batch;
  segments: SealedNotice;
  acknowledgements: Acknowledgement;
  received: ReceivedSegment;
  messages: AddressedMessage;
}

export type PortType = keyof PortItems;

export interface OutPort<T> {
  /**
   * Resolves when the receiver has dealt with the item. Waits for credit first.
   * Rejects only when `signal` aborts while the item still waits for credit: then it was not taken.
   */
  send(item: T, signal?: AbortSignal): Promise<void>;
  /** True when `send` would have to wait for credit. */
  readonly blocked: boolean;
  /** Somebody waits for what was sent so far: the receiver gathers no more before it deals with that. */
  flush(): void;
}

/** What one call of a handler gets at most, and how long it may be put off. */
export interface ConsumeLimits {
  readonly itemsMax: number;
  readonly bytesMax: number;
  /**
   * Called when the first item waits; more gather until it resolves. `enough` aborts when that must not last longer:
   * a limit is reached, the port has no credit left, a sender waits (`flush`), or the pipeline drains.
   */
  readonly gather?: (enough: AbortSignal) => Promise<void>;
}

/** Items that a handler could not deal with yet. */
export interface Staying<T> {
  readonly items: readonly T[];
  /** They are handed out again when this resolves, or along with an item that comes before. */
  readonly until: Promise<unknown>;
}

export interface InPort<T> {
  /**
   * Calls `handle` with what waits (in order, at least one item, up to the limits) until `signal` aborts.
   * Items count as accepted when `handle` resolves, but for those that it says stay; they keep their places at the head. When it rejects they stay at the head of the port and the
   * rejection is passed on. One `handle` runs at a time, also across restarts of the actor.
   */
  consume(
    limits: ConsumeLimits,
    signal: AbortSignal,
    // biome-ignore lint/suspicious/noConfusingVoidType: most handlers have nothing to say.
    handle: (items: readonly T[]) => Promise<Staying<T> | void>,
  ): Promise<void>;
  /** Number of items that wait or are being handled. */
  readonly pending: number;
}
