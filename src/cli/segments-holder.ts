/** Who holds an edge's segments: the running pipeline, asked through its control socket, or the store, opened here. */
import { join, resolve } from 'node:path';
import type {
  AuditEntry,
  Discarded,
  LetterInfo,
  Requeued,
  SegmentInfo,
  SegmentRange,
} from '../contract/control.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import { openInfo } from '../contract/open-info.ts';
import type { EdgeStore } from '../contract/store.ts';
import { namePattern, type SegmentHeader } from '../domain/segment.ts';
import { nearest, printable, quoteList } from '../domain/text.ts';
import { createAudit } from '../runtime/audit.ts';
import { systemClock, systemRandom } from '../runtime/clock.ts';
import { detailOf, nameLetters } from '../runtime/control-letters.ts';
import { findRunning, pipelinesIn, type RemoteControl } from '../runtime/ipc-control.ts';
import { type EdgeReader, readEdgeStore } from '../store/edge-reader.ts';
import { readIdentity } from '../store/identity.ts';
import { openEdgeStore } from '../store/open-edge-store.ts';
import { asker } from './control-cli.ts';
import { tell } from './gap-lines.ts';
import { agent } from './version.ts';

export interface Holder {
  readonly pipeline: string;
  readonly isRunning: boolean;
  /** Oldest first per stream, the open one last. */
  segments(): Promise<readonly SegmentInfo[]>;
  /** Rejects with `control-unknown` when it is not held any more, with `segment-discarded`, `segment-corrupt`. */
  body(segment: SegmentInfo): Promise<Uint8Array>;
  discard(range: SegmentRange, reason: string): Promise<Discarded>;
  readonly letters: {
    list(): Promise<readonly LetterInfo[]>;
    body(id: number): Promise<Uint8Array>;
    requeue(ids: readonly number[]): Promise<Requeued>;
    discard(ids: readonly number[]): Promise<Requeued>;
  };
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
  const { running, problems } = await findRunning(state, { clock: systemClock, agent }, [pipeline]);
  if (running[0]) return controlHolder(running[0]);
  const problem = problems[0]?.problem;
  if (role === undefined) throw problem ? asError(problem) : await absent(state, pipeline);
  if (problem) {
    tell(`${pipeline} runs and cannot be asked (${problem.message}): read from its store instead`);
  }
  return storeHolder(pipeline, dir, await readEdgeStore({ dir, clock: systemClock, isIdle: !problem }));
}

const asError = ({ code, message, advice }: Problem) => new FogrunError(code, message, { advice });

function controlHolder(control: RemoteControl): Holder {
  return {
    pipeline: control.pipeline,
    isRunning: true,
    segments: () => control.segments(),
    body: ({ stream, sequence }) => control.segmentBody(stream, sequence),
    discard: (range, reason) => control.discard(range, asker(), reason),
    letters: {
      list: () => control.letters.list(),
      body: (id) => control.letters.body(id),
      requeue: (ids) => control.letters.requeue(ids, asker()),
      discard: (ids) => control.letters.discard(ids, asker()),
    },
    close: () => control.close(),
  };
}

async function roleOf(dir: string): Promise<'edge' | 'cloud' | undefined> {
  for (const role of ['edge', 'cloud'] as const) if (await readIdentity(dir, role)) return role;
  return undefined;
}

function storeHolder(pipeline: string, dir: string, reader: EdgeReader): Holder {
  /** One process has one way into LMDB's files. */
  const change = async <T>(
    action: AuditEntry['action'],
    target: string,
    work: (store: EdgeStore) => Promise<{ value: T; detail: string }>,
  ): Promise<T> => {
    await reader.close();
    return audited(dir, action, `${pipeline} ${target}`, () => inStore(dir, work));
  };
  const changeLetters = (action: 'requeue' | 'discard') => (ids: readonly number[]) =>
    change(action, nameLetters(ids), async ({ letters }) => {
      const value = await letters[action](ids);
      return { value, detail: detailOf(value) };
    });
  return {
    pipeline,
    isRunning: false,
    segments: async () =>
      reader
        .streams()
        .flatMap((stream) => [...reader.held(stream), ...openInfo(stream, reader.openSegment(stream))]),
    async body({ stream, sequence }) {
      const header: SegmentHeader | undefined = reader.header(stream, sequence);
      if (header) return reader.body(header);
      throw new FogrunError('control-unknown', `segment ${sequence} of ${stream} is not held any more`);
    },
    discard({ stream, from, to, seqs }, reason) {
      return change('discard', `${stream} ${from} to ${to}`, async (store) => {
        const value = await store.discard(stream, from, to, reason, seqs);
        const { segments, readings, bytes } = value;
        return { value, detail: `${segments} segments, ${readings} readings, ${bytes} bytes` };
      });
    },
    letters: {
      list: async () => reader.letters.list(),
      body: (id) => reader.letters.body(id),
      requeue: changeLetters('requeue'),
      discard: changeLetters('discard'),
    },
    close: () => reader.close(),
  };
}

/** Opens the store as its owner for as long as the work takes. */
async function inStore<T>(dir: string, work: (store: EdgeStore) => Promise<T>): Promise<T> {
  // It takes nothing from outside, so its quota and who reads it do not matter.
  const store = await openEdgeStore({
    dir,
    clock: systemClock,
    random: systemRandom,
    edge: '',
    cursors: [],
    bytesMax: Number.MAX_SAFE_INTEGER,
  });
  // The next start of the pipeline finds nothing wrong any more, so nobody else would hear of it.
  if (store.recovered) tell(`${store.recovered.code}: ${store.recovered.message}`);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** As a running pipeline does it: whatever came of it is in the audit log. */
async function audited<T>(
  directory: string,
  action: AuditEntry['action'],
  target: string,
  work: () => Promise<{ value: T; detail: string }>,
): Promise<T> {
  const audit = createAudit({
    directory,
    failed: (reason) => tell(`this is not in the audit log: ${reason}`),
  });
  const write = (outcome: AuditEntry['outcome'], detail: string) => {
    const by = { ...asker(), pid: process.pid };
    audit.write({ timeMs: systemClock.now(), by, action, target, outcome, detail });
    return audit.settled();
  };
  try {
    const { value, detail } = await work();
    await write('done', detail);
    return value;
  } catch (thrown) {
    const { code, message } = toProblem(thrown);
    await write(code, message);
    throw thrown;
  }
}

async function edgesIn(state: string): Promise<string[]> {
  const names = await pipelinesIn(resolve(state));
  const roles = await Promise.all(
    names.map((name) => roleOf(join(resolve(state), name)).catch(() => undefined)),
  );
  return names.filter((_, i) => roles[i] === 'edge');
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
