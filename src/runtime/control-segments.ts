/** Segments that an edge's store still holds: listed, read, given up. */
import { sleep } from '../contract/clock.ts';
import type { Discarded, SegmentInfo, SegmentRange } from '../contract/control.ts';
import { FogrunError } from '../contract/errors.ts';
import { openInfo } from '../contract/open-info.ts';
import type { EdgeStore } from '../contract/store.ts';
import { type EdgeWhere, whereInEdge } from '../contract/where.ts';
import { printable, quoteList } from '../domain/text.ts';
import type { ControlEnv } from './control.ts';
import { type ActEnv, actOn } from './control-act.ts';

type SegmentsEnv = Pick<ControlEnv, 'store' | 'cursor'> & ActEnv;

/** So many headers are read before others have their turn. */
const headersAtOnce = 512;

export async function listSegments(env: SegmentsEnv): Promise<readonly SegmentInfo[]> {
  const store = edgeStore(env);
  const found: SegmentInfo[] = [];
  for (const stream of store.streams()) {
    for (let from = 1; ; ) {
      const some = store.held(stream, from, headersAtOnce);
      found.push(...some);
      if (some.length < headersAtOnce) break;
      from = some.at(-1)!.sequence + 1;
      await sleep(env.clock, 0);
    }
    found.push(...openInfo(stream, store.openSegment(stream)));
  }
  return found;
}

export async function readSegment(env: SegmentsEnv, stream: string, sequence: number): Promise<Uint8Array> {
  const store = edgeStore(env);
  const streams = store.streams();
  if (!streams.includes(stream)) {
    const known = streams.length > 0 ? `it has ${quoteList(streams, 'and')}` : 'it has none yet';
    throw new FogrunError('control-unknown', `${env.plan.name} has no stream ${printable(stream)}: ${known}`);
  }
  const header = store.header(stream, sequence);
  if (header) return store.body(header);
  const { acknowledged, sealed } = store.head(env.cursor, stream);
  const held = acknowledged < sealed ? `${acknowledged + 1} to ${sealed} are held` : 'none is held';
  throw new FogrunError(
    'control-unknown',
    `${env.plan.name} holds no segment ${sequence} of ${stream}: ${held}`,
  );
}

/** What the store knows, and what was said of the segment since the pipeline started. */
export async function whereOf(env: SegmentsEnv, stream: string, seq: number): Promise<EdgeWhere> {
  const where = await whereInEdge(edgeStore(env), stream, seq);
  const { travels } = env.board;
  if (where.segment) return { ...where, ...travels.of(stream, where.segment.sequence) };
  return where.state === 'acknowledged' ? { ...where, ...travels.ofAcknowledged(stream, seq) } : where;
}

/** While it happens, nothing is sent. */
export async function discardSegments(
  env: SegmentsEnv,
  { stream, from, to, seqs }: SegmentRange,
  reason: string,
): Promise<Discarded> {
  const store = edgeStore(env);
  const uploader = env.actors.get(env.cursor);
  const pauses = uploader?.can('PAUSE') ?? false;
  if (pauses) await actOn(env, env.cursor, 'pause');
  try {
    return await store.discard(stream, from, to, reason, seqs);
  } finally {
    if (pauses) uploader?.send({ type: 'RESUME' });
  }
}

export function edgeStore({ plan, store }: Pick<ControlEnv, 'plan' | 'store'>): EdgeStore {
  if (store.edge) return store.edge;
  throw new FogrunError(
    'control-refused',
    `${plan.name} has no edge's store: nothing waits in it for a cloud`,
    {
      advice: store.cloud ? '`fogrun cat` shows what a cloud has stored.' : 'Name the pipeline of an edge.',
    },
  );
}
