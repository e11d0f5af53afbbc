/** What `fogrun verify` finds out: the proof that every reading is in the cloud once, or what is wrong with it. */
import { createHash } from 'node:crypto';
import type { Spans } from '../domain/spans.ts';

/** What can be wrong with what a cloud has stored. */
export type FlawKind =
  | 'file-missing'
  | 'file-changed'
  | 'file-exchanged'
  | 'line-inserted'
  | 'line-missing'
  | 'body-changed'
  | 'receipt-missing'
  | 'receipt-changed'
  | 'mark-wrong'
  | 'chain-broken'
  | 'seq-twice'
  | 'seq-missing';

/** Where in a cloud: a stream of an epoch of an edge. */
export interface Place {
  readonly edge: string;
  readonly epoch: string;
  readonly stream: string;
}

export interface Flaw extends Place {
  readonly kind: FlawKind;
  /** Of the segment. */
  readonly sequence: number | null;
  /** Readings concerned. */
  readonly fromSeq: number | null;
  readonly toSeq: number | null;
  /** Below the state's directory. */
  readonly file: string | null;
  /** From 1. */
  readonly line: number | null;
  readonly message: string;
  readonly advice: string;
}

/** Something that is not part of the proof and that somebody should know. */
export interface Remark {
  readonly kind: 'foreign-file' | 'foreign-directory' | 'unfinished-file' | 'seq-in-two-epochs';
  readonly path: string | null;
  readonly message: string;
}

/** Gaps that follow one another and say the same stand as one. */
export interface ProvenGap {
  readonly reason: string;
  /** `null` where the readings never had a seq. */
  readonly fromSeq: number | null;
  readonly toSeq: number | null;
  readonly fromTime: string | null;
  readonly toTime: string | null;
  readonly count: number;
  readonly text: string;
  readonly segments: number;
  /** Of a gap `epoch`: what earlier epochs here do not have either. */
  readonly notHere: Spans | null;
}

export interface StreamProof {
  readonly stream: string;
  /** Every seq between them is a reading once, or in a gap; `toSeq` 0 when there was none. */
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly segments: number;
  readonly readings: number;
  readonly bytes: number;
  readonly gaps: readonly ProvenGap[];
  /** Further gaps, which are counted only. */
  readonly gapsLeftOut: number;
  /** Sequence and hash of the last segment: it stands for all before. */
  readonly lastSequence: number;
  readonly lastHash: string;
}

export interface EpochProof {
  readonly epoch: string;
  readonly streams: readonly StreamProof[];
}

export interface EdgeProof {
  readonly edge: string;
  readonly epochs: readonly EpochProof[];
}

/** Nothing in it changes unless what is stored does. */
export interface Proof {
  readonly certificate: 1;
  /** Epoch of the cloud. */
  readonly cloud: string;
  readonly complete: boolean;
  readonly edges: readonly EdgeProof[];
  readonly flaws: readonly Flaw[];
  /** Further flaws, which are counted only. */
  readonly flawsLeftOut: number;
}

export interface Certificate extends Proof {
  /** SHA-256 of the proof as JSON, in this order of its members. */
  readonly digest: string;
  readonly remarks: readonly Remark[];
  readonly remarksLeftOut: number;
  /** Segments whose bytes are in the cloud's store still, and not yet in a file. */
  readonly notFiled: number;
}

export function digestOf(proof: Proof): string {
  const { certificate, cloud, complete, edges, flaws, flawsLeftOut } = proof;
  const text = JSON.stringify({ certificate, cloud, complete, edges, flaws, flawsLeftOut });
  return createHash('sha256').update(text).digest('hex');
}
