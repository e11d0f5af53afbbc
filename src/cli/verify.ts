/** `fogrun verify [EDGE]`: the proof that a cloud has every reading once, or what is wrong with what it has. */
import { resolve } from 'node:path';
import { FogrunError } from '../contract/errors.ts';
import { quoteList } from '../domain/text.ts';
import { systemClock } from '../runtime/clock.ts';
import { edgesIn, epochsIn, streamsIn } from '../store/cloud-names.ts';
import { verifyCloud } from '../store/verify.ts';
import { createVerifyFiles } from '../store/verify-files.ts';
import { count, rate, span } from '../terminal/figures.ts';
import { createProgress } from '../terminal/progress.ts';
import { edgeUnknown, openCloudRecords } from './cloud-state.ts';
import { certificateText } from './verify-text.ts';

export interface VerifyOptions {
  /** Where the states of pipelines are. */
  readonly state: string;
  /** Name of the cloud's pipeline. */
  readonly pipeline: string;
  readonly stream?: string | undefined;
  readonly json: boolean;
}

/** Exit code 0 when every reading is there once or stands in a gap, else 1. */
export async function verify(edge: string | undefined, options: VerifyOptions): Promise<number> {
  const { stream, json } = options;
  const dir = resolve(options.state, options.pipeline);
  const kv = await openCloudRecords(dir);
  const startMs = systemClock.monotonic();
  let readings = 0;
  const progress = createProgress({
    label: 'verifying',
    total: null,
    unit: 'readings',
    output: process.stderr,
    clock: systemClock,
  });
  try {
    const edges = edgesIn(kv);
    if (edge !== undefined && !edges.includes(edge)) throw edgeUnknown(edge, edges);
    if (stream !== undefined) assertStream(stream, edge === undefined ? edges : [edge]);
    const certificate = await verifyCloud({
      kv,
      files: createVerifyFiles(dir),
      edge,
      stream,
      progress(some) {
        readings += some;
        progress.add(some);
      },
    });
    progress.clear();
    const verifiedAt = new Date(systemClock.now()).toISOString();
    process.stdout.write(
      json ? `${JSON.stringify({ verifiedAt, ...certificate })}\n` : certificateText(certificate, verifiedAt),
    );
    const tookMs = systemClock.monotonic() - startMs;
    const pace = rate((readings * 1_000) / Math.max(1, tookMs));
    if (!json) process.stderr.write(`# looked at ${count(readings)} readings in ${span(tookMs)} (${pace})\n`);
    return certificate.complete && certificate.edges.length > 0 ? 0 : 1;
  } finally {
    progress.clear();
    await kv.close();
  }

  function assertStream(name: string, among: readonly string[]): void {
    const streams = new Set(
      among.flatMap((each) => epochsIn(kv, each).flatMap((epoch) => streamsIn(kv, each, epoch))),
    );
    if (streams.has(name)) return;
    const known = streams.size > 0 ? `there is ${quoteList([...streams], 'and')}` : 'nothing was stored';
    throw new FogrunError('control-unknown', `the cloud has no stream \`${name}\`: ${known}`);
  }
}
