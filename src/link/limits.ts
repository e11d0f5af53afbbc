/** Sizes and deadlines of the link protocol: the numbers of docs/link-protocol.md. */

import type { Rate } from '../domain/token-bucket.ts';

/** Longest frame before the greeting is over, in bytes. */
export const greetingBytesMax = 16 * 1024;
/** Longest frame from the cloud to an edge after the greeting, in bytes. */
export const answerBytesMax = 1024 * 1024;
/** Bounds of what a WELCOME may set for frames from the edge, in bytes. */
export const frameBytesMaxRange = { min: 1024, max: 64 * 1024 * 1024 } as const;
/** Longest reason in REFUSE and GOODBYE, in UTF-16 code units. */
export const reasonLengthMax = 512;
/** Longest name of program and version. */
export const agentLengthMax = 128;
/** Heartbeat before a WELCOME sets one, in ms. */
export const firstHeartbeatMs = 5_000;
/** Bounds of what a WELCOME may set, in ms. */
export const heartbeatRangeMs = { min: 100, max: 300_000 } as const;
/** So many heartbeats without a byte end the link. */
export const silentBeats = 3;
/**
 * A compressed body may become so many times as long, and so many bytes more: more than readings ever do, and little
 * enough that a receiver's work is in proportion to what it receives.
 */
export const expansionMax = { times: 256, bytes: 4 * 1024 } as const;
/** Least window of an edge whatever it measures, in bytes; a quarter of it for the moments in which the way is drained. */
export const windowBytesMin = 16 * 1024 * 1024;
/** Bytes the cloud queues for an edge that does not read, before it gives up on it. */
export const unreadBytesMax = 4 * 1024 * 1024;

/** Deadlines of one link, in ms, and a rate. */
export interface LinkLimits {
  /** From the connection to WELCOME or REFUSE. */
  readonly handshakeMs: number;
  /** Window in which a frame that has begun must be complete or have grown at the least rate. */
  readonly frameMs: number;
  /** Least rate of a frame that takes longer than one window, in bytes a second. */
  readonly bytesPerSecondMin: number;
  /** From GOODBYE or REFUSE to the end of the connection. */
  readonly goodbyeMs: number;
  /** How long an edge may take nothing of what the cloud has for it. */
  readonly drainMs: number;
  /** Bytes that are taken from the other side; what comes faster is read more slowly. `null` for no bound. */
  readonly rate: Rate | null;
}

export const linkLimits: LinkLimits = {
  handshakeMs: 10_000,
  frameMs: 30_000,
  bytesPerSecondMin: 256,
  goodbyeMs: 3_000,
  drainMs: 60_000,
  rate: null,
};
