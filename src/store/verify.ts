/** Proves that a cloud has every reading once, or finds out what is wrong: see certificate.ts. Changes nothing. */
import { FogrunError } from '../contract/errors.ts';
import type { KvReader } from '../contract/kv.ts';
import { countIn, joinSpans, missingFrom, type Spans, sharedSpans, spansText } from '../domain/spans.ts';
import {
  type Certificate,
  digestOf,
  type EdgeProof,
  type EpochProof,
  type Proof,
  type StreamProof,
} from './certificate.ts';
import { edgesIn, epochsIn, streamsIn } from './cloud-names.ts';
import { type CloudMeta, cloudFormat, keys } from './cloud-records.ts';
import { checkMeta } from './meta.ts';
import type { VerifyFiles } from './verify-files.ts';
import { Findings } from './verify-findings.ts';
import { FileNames, findForeignFiles, findForeignFolders } from './verify-strays.ts';
import { walkStream } from './verify-stream.ts';

export interface VerifyOptions {
  readonly kv: KvReader;
  readonly files: VerifyFiles;
  /** All when left out. */
  readonly edge?: string | undefined;
  readonly stream?: string | undefined;
  /** Told of the readings of each segment that was looked at. */
  readonly progress?: (readings: number) => void;
}

/** What the epochs of an edge so far hold of a stream. */
interface Earlier {
  stored: Spans;
  covered: Spans;
}

/** The owner of the store may go on meanwhile: what comes after the beginning is not looked at. */
export async function verifyCloud(options: VerifyOptions): Promise<Certificate> {
  const { kv, files } = options;
  const bytes = kv.get(keys.meta);
  if (!bytes) throw new FogrunError('store-corrupt', 'the store does not say what it is');
  const meta = checkMeta<CloudMeta>(bytes, 'cloud', cloudFormat);
  const findings = new Findings();
  const edges: EdgeProof[] = [];
  const epochsOf = new Map<string, ReadonlySet<string>>();
  for (const edge of options.edge === undefined ? edgesIn(kv) : [options.edge]) {
    const epochs = epochsIn(kv, edge);
    epochsOf.set(edge, new Set(epochs));
    edges.push({ edge, epochs: await walkEdge(options, findings, edge, epochs) });
  }
  await findForeignFolders({ files, findings }, epochsOf, options.edge === undefined);
  const { flaws, flawsLeftOut, remarks, remarksLeftOut, notFiled } = findings;
  const proof: Proof = {
    certificate: 1,
    cloud: meta.epoch,
    complete: flaws.length === 0,
    edges,
    flaws,
    flawsLeftOut,
  };
  return { ...proof, digest: digestOf(proof), remarks, remarksLeftOut, notFiled };
}

async function walkEdge(
  { kv, files, stream: only, progress }: VerifyOptions,
  findings: Findings,
  edge: string,
  epochs: readonly string[],
): Promise<EpochProof[]> {
  const earlier = new Map<string, Earlier>();
  const proofs: EpochProof[] = [];
  for (const epoch of epochs) {
    const names = new FileNames();
    const streams: StreamProof[] = [];
    for (const stream of streamsIn(kv, edge, epoch)) {
      if (only !== undefined && stream !== only) continue;
      const walked = await walkStream({
        kv,
        files,
        findings,
        edge,
        epoch,
        stream,
        seen({ header, file }) {
          names.add(file);
          progress?.(header.type === 'readings' ? header.count : 0);
        },
      });
      const before = earlier.get(stream) ?? { stored: [], covered: [] };
      streams.push(withEarlier(walked.proof, before.covered));
      const twice = sharedSpans(before.stored, walked.stored);
      if (twice.length > 0) {
        const message = `seq ${spansText(twice)} of ${stream} of ${edge} stand in epoch ${epoch} and in one before: two lives of the edge, as after a copied or restored disk`;
        findings.remark('seq-in-two-epochs', null, message);
      }
      earlier.set(stream, {
        stored: joinSpans(before.stored, walked.stored),
        covered: joinSpans(before.covered, walked.covered),
      });
    }
    proofs.push({ epoch, streams });
    if (only === undefined) await findForeignFiles({ kv, files, findings }, edge, epoch, names);
  }
  return proofs;
}

/** What a gap `epoch` says was acknowledged before is here, or it is not. */
function withEarlier(proof: StreamProof, covered: Spans): StreamProof {
  const gaps = proof.gaps.map((gap) => {
    if (gap.reason !== 'epoch' || gap.fromSeq === null || gap.toSeq === null) return gap;
    return { ...gap, notHere: missingFrom({ from: gap.fromSeq, to: gap.toSeq }, covered) };
  });
  return { ...proof, gaps };
}

/** Readings that gaps stand for and that are nowhere here. */
export function readingsInGaps({ gaps }: StreamProof): number {
  return gaps.reduce((sum, { notHere, count }) => sum + (notHere ? countIn(notHere) : count), 0);
}
