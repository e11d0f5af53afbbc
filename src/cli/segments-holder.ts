/** Who holds an edge's segments: the running pipeline, asked through its control socket, or the store, opened here. */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Discarded, SegmentInfo, SegmentRange } from '../contract/control.ts';
import { FogrunError } from '../contract/errors.ts';
import { namePattern, type SegmentHeader } from '../domain/segment.ts';
import { nearest, printable, quoteList } from '../domain/text.ts';
import { systemClock, systemRandom } from '../runtime/clock.ts';
import { type EdgeReader, readEdgeStore } from '../store/edge-reader.ts';
import { readIdentity } from '../store/identity.ts';
import { openEdgeStore } from '../store/open-edge-store.ts';

export interface Holder {
  readonly pipeline: string;
  readonly isRunning: boolean;
  /** Oldest first per stream. */
  segments(): Promise<readonly SegmentInfo[]>;
  /** Rejects with `control-unknown` when it is not held any more, with `segment-discarded`, `store-corrupt`. */
  body(segment: SegmentInfo): Promise<Uint8Array>;
  discard(range: SegmentRange, reason: string): Promise<Discarded>;
  close(): Promise<void>;
}

/** @param name of the pipeline; may be left out when there is just one edge's store */
export async function holderOf(state: string, name: string | undefined): Promise<Holder> {
  const pipeline = name ?? (await onlyEdge(state));
  const dir = join(resolve(state), pipeline);
  const role = namePattern.test(pipeline) ? await roleOf(dir) : undefined;
  if (role === 'cloud') {
    const message = `${pipeline} is a cloud's pipeline: segments wait with the edges, and it keeps what it was sent`;
    throw new FogrunError('control-refused', message, {
      advice: '`fogrun cat EDGE` prints what a cloud has of an edge.',
    });
  }
  if (role === undefined) throw await absent(state, pipeline);
  return storeHolder(pipeline, dir, await readEdgeStore({ dir, clock: systemClock }));
}

async function roleOf(dir: string): Promise<'edge' | 'cloud' | undefined> {
  for (const role of ['edge', 'cloud'] as const) if (await readIdentity(dir, role)) return role;
  return undefined;
}

function storeHolder(pipeline: string, dir: string, reader: EdgeReader): Holder {
  return {
    pipeline,
    isRunning: false,
    segments: async () => reader.streams().flatMap((stream) => reader.held(stream)),
    async body({ stream, sequence }) {
      const header: SegmentHeader | undefined = reader.header(stream, sequence);
      if (header) return reader.body(header);
      throw new FogrunError('control-unknown', `segment ${sequence} of ${stream} is not held any more`);
    },
    async discard({ stream, from, to }, reason) {
      // One process has one way into LMDB's files.
      await reader.close();
      // It takes no readings, so its quota and who reads it do not matter.
      const store = await openEdgeStore({
        dir,
        clock: systemClock,
        random: systemRandom,
        edge: '',
        cursors: [],
        bytesMax: Number.MAX_SAFE_INTEGER,
      });
      try {
        return await store.discard(stream, from, to, reason);
      } finally {
        await store.close();
      }
    },
    close: () => reader.close(),
  };
}

async function edgesIn(state: string): Promise<string[]> {
  const names = (await readdir(resolve(state)).catch(() => [])).filter((name) => namePattern.test(name));
  const roles = await Promise.all(
    names.map((name) => roleOf(join(resolve(state), name)).catch(() => undefined)),
  );
  return names.filter((_, i) => roles[i] === 'edge').sort();
}

async function onlyEdge(state: string): Promise<string> {
  const edges = await edgesIn(state);
  if (edges.length === 1) return edges[0]!;
  const where = printable(resolve(state), 200);
  if (edges.length === 0) throw new FogrunError('store-absent', `there is no edge's store in ${where}`);
  throw new FogrunError('control-ambiguous', `${where} has the stores of ${quoteList(edges, 'and')}`, {
    advice: 'Name the pipeline.',
  });
}

async function absent(state: string, pipeline: string): Promise<FogrunError> {
  const edges = await edgesIn(state);
  const near = nearest(pipeline, edges);
  const there =
    edges.length === 0 ? 'nor of any other' : `there is ${quoteList(near.length > 0 ? near : edges, 'and')}`;
  return new FogrunError(
    'store-absent',
    `no edge's store of a pipeline \`${printable(pipeline)}\` is in ${printable(resolve(state), 200)}, ${there}`,
  );
}
