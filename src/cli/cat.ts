/** `fogrun cat EDGE`: an edge's readings as the cloud has them, in stream order. */
import { once } from 'node:events';
import { resolve } from 'node:path';
import { FogrunError } from '../contract/errors.ts';
import { nearest } from '../domain/text.ts';
import { systemClock } from '../runtime/clock.ts';
import { readCloudStore } from '../store/open-cloud-store.ts';

export async function cat(edge: string, options: { state: string; pipeline: string }): Promise<number> {
  const dir = resolve(options.state, options.pipeline);
  const store = await readCloudStore({ dir, clock: systemClock }).catch((cause) => {
    if (!(cause instanceof FogrunError) || cause.code !== 'file-unreadable') throw cause;
    throw new FogrunError('file-unreadable', `there is no cloud's store in ${dir}`, {
      advice: 'Run it where the cloud runs, or say where its state is with --state or FOGRUN_STATE.',
      cause,
    });
  });
  try {
    const edges = store.edges();
    if (!edges.includes(edge)) {
      const close = nearest(edge, edges);
      const known =
        edges.length > 0
          ? `known: ${(close.length > 0 ? close : edges).join(', ')}`
          : 'none has sent anything';
      throw new FogrunError('edge-unknown', `the cloud has nothing from an edge \`${edge}\` (${known})`);
    }
    let closed = false;
    process.stdout.once('error', () => {
      closed = true;
    });
    for (const receipt of store.receipts(edge, 'readings')) {
      if (closed) break;
      if (receipt.header.type === 'gap') continue;
      const body = await store.body(receipt);
      if (!process.stdout.write(body) && !closed) await once(process.stdout, 'drain').catch(() => {});
    }
    return 0;
  } finally {
    await store.close();
  }
}
