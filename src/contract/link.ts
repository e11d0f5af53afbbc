/** The words of the link protocol as values; their bytes are specified in docs/link-protocol.md. */
import type { CloudMessage } from '../domain/message.ts';

export const linkProtocolVersion = 1;
/** Streams of one edge and epoch: as many as surely fit a greeting. */
export const streamsMax = 32;
/** Default port of a receiver. */
export const linkPort = 7070;

/** How the body of a segment may travel. */
export type Compression = 'none' | 'zstd';

/** Where an edge stands in one stream; hashes as lower-case hexadecimal. */
export interface HelloStream {
  readonly sealed: number;
  readonly sealedHash: string;
  readonly acknowledged: number;
  readonly acknowledgedHash: string;
}

/** The edge's greeting. */
export interface Hello {
  readonly protocol: number;
  readonly edge: string;
  readonly epoch: string;
  /** The fencing token the edge has committed; 0 for none. */
  readonly token: number;
  /** Epoch of the cloud it knows, or null. */
  readonly cloudEpoch: string | null;
  readonly streams: Readonly<Record<string, HelloStream>>;
  /** Program and version, for people. */
  readonly agent: string;
  readonly timeMs: number;
  /** Compressions the edge can do and wants; others than ours may be named. */
  readonly compression: readonly string[];
  /** The token of this edge, if it has one. Never to be logged. */
  readonly credential?: string;
}

/** The cloud's answer to a greeting it takes. */
export interface Welcome {
  readonly protocol: number;
  readonly cloudEpoch: string;
  /** The new fencing token, to be committed before the first segment. */
  readonly token: number;
  readonly marks: Readonly<Record<string, { sequence: number; hash: string; seq: number }>>;
  /** Segments and bytes the edge may have unacknowledged. */
  readonly windowSegments: number;
  readonly windowBytes: number;
  /** Longest frame the cloud takes from now on, in bytes. */
  readonly frameBytesMax: number;
  /** Both sides send something at least this often; three times this without a byte ends the link. */
  readonly heartbeatMs: number;
  readonly agent: string;
  readonly timeMs: number;
  /** What the edge may use from now on: chosen from its list, or `none`. */
  readonly compression: Compression;
}

/**
 * Why the cloud refuses:
 * - `version`, `busy`, `superseded`, `forked`, `denied`, `invalid`, `full`, `failed` end the connection
 * - a refusal with `stream` and `sequence` concerns one segment
 */
export interface Refusal {
  readonly code: 'version' | 'busy' | 'superseded' | 'forked' | 'denied' | 'invalid' | 'full' | 'failed';
  readonly reason: string;
  readonly retryAfterMs?: number;
  readonly stream?: string;
  readonly sequence?: number;
}

export interface Goodbye {
  readonly reason: string;
}

export type { CloudMessage };
