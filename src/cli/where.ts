/** `fogrun where [EDGE] SEQ`: where one reading is, as the states on this machine know it. */
import { join, resolve } from 'node:path';
import { FogrunError, toProblem } from '../contract/errors.ts';
import { type EdgeWhere, whereInEdge } from '../contract/where.ts';
import { namePattern } from '../domain/segment.ts';
import { nearest, printable, quoteList } from '../domain/text.ts';
import { systemClock } from '../runtime/clock.ts';
import { findRunning, pipelinesIn } from '../runtime/ipc-control.ts';
import { edgesIn } from '../store/cloud-names.ts';
import { type CloudWhere, whereInCloud } from '../store/cloud-where.ts';
import { readEdgeStore } from '../store/edge-reader.ts';
import { readIdentity } from '../store/identity.ts';
import { createVerifyFiles } from '../store/verify-files.ts';
import { openCloudRecords } from './cloud-state.ts';
import { tell } from './gap-lines.ts';
import { agent } from './version.ts';
import { whereText } from './where-text.ts';

export interface WhereOptions {
  /** Where the states of pipelines are. */
  readonly state: string;
  /** Name of the cloud's pipeline; any when left out. */
  readonly pipeline?: string | undefined;
  readonly stream?: string | undefined;
  readonly json: boolean;
}

/** What an edge's pipeline says. */
export interface EdgeAnswer extends EdgeWhere {
  readonly pipeline: string;
  readonly running: boolean;
}

export interface CloudAnswer extends CloudWhere {
  readonly pipeline: string;
}

/** The states on this machine. */
interface Homes {
  readonly root: string;
  /** Name of the edge by pipeline. */
  readonly edges: ReadonlyMap<string, string | undefined>;
  /** Edges that each cloud knows, by pipeline. */
  readonly clouds: ReadonlyMap<string, readonly string[]>;
}

/** Exit code 0 when the reading, or a gap for it, is somewhere; 1 when nobody here has heard of it. */
export async function where(words: readonly string[], options: WhereOptions): Promise<number> {
  const seq = seqOf(words.at(-1)!);
  const stream = options.stream ?? 'readings';
  if (!namePattern.test(stream)) throw new FogrunError('usage', '--stream takes the name of a stream');
  const homes = await lookAround(options);
  const edge = words.length > 1 ? words[0]! : onlyEdge(homes);
  const edges: EdgeAnswer[] = [];
  for (const [pipeline, name] of homes.edges) {
    if (name === edge) edges.push(await askEdge(homes.root, pipeline, stream, seq));
  }
  const clouds: CloudAnswer[] = [];
  for (const [pipeline, known] of homes.clouds) {
    if (known.includes(edge)) clouds.push(await askCloud(homes.root, pipeline, { edge, stream, seq }));
  }
  if (edges.length + clouds.length === 0) throw unknownEdge(homes, edge);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ edge, stream, seq, edges, clouds })}\n`
      : whereText({ edge, stream, seq, edges, clouds }),
  );
  const isKnown =
    edges.some(({ state }) => state !== 'never') || clouds.some(({ places }) => places.length > 0);
  return isKnown ? 0 : 1;
}

function seqOf(word: string): number {
  if (/^\d{1,15}$/.test(word) && Number(word) > 0) return Number(word);
  throw new FogrunError(
    'usage',
    `expected: fogrun where [EDGE] SEQ, with the number of a reading, not \`${printable(word)}\``,
  );
}

async function lookAround({ state, pipeline: only }: WhereOptions): Promise<Homes> {
  const root = resolve(state);
  const edges = new Map<string, string | undefined>();
  const clouds = new Map<string, readonly string[]>();
  for (const pipeline of await pipelinesIn(root)) {
    const dir = join(root, pipeline);
    const edge = await readIdentity(dir, 'edge').catch(() => undefined);
    if (edge) edges.set(pipeline, edge.name);
    const cloud = await readIdentity(dir, 'cloud').catch(() => undefined);
    if (!cloud || (only !== undefined && only !== pipeline)) continue;
    try {
      const kv = await openCloudRecords(dir);
      try {
        clouds.set(pipeline, edgesIn(kv));
      } finally {
        await kv.close();
      }
    } catch (thrown) {
      tell(`${pipeline} cannot be read: ${toProblem(thrown).message}`);
    }
  }
  return { root, edges, clouds };
}

async function askEdge(root: string, pipeline: string, stream: string, seq: number): Promise<EdgeAnswer> {
  const { running, problems } = await findRunning(root, { clock: systemClock, agent }, [pipeline]);
  const control = running[0];
  let problem = problems[0]?.problem;
  try {
    if (control) return { pipeline, running: true, ...(await control.where(stream, seq)) };
  } catch (thrown) {
    problem = toProblem(thrown);
  } finally {
    await control?.close();
  }
  if (problem) tell(`${pipeline} runs and cannot be asked (${problem.message}): read from its store instead`);
  const store = await readEdgeStore({ dir: join(root, pipeline), clock: systemClock, isIdle: !problem });
  try {
    return { pipeline, running: problem !== undefined, ...(await whereInEdge(store, stream, seq)) };
  } finally {
    await store.close();
  }
}

async function askCloud(
  root: string,
  pipeline: string,
  reading: { edge: string; stream: string; seq: number },
): Promise<CloudAnswer> {
  const dir = join(root, pipeline);
  const kv = await openCloudRecords(dir);
  try {
    return { pipeline, ...(await whereInCloud(kv, createVerifyFiles(dir), reading)) };
  } finally {
    await kv.close();
  }
}

function allEdges({ edges, clouds }: Homes): string[] {
  const names = [...edges.values(), ...[...clouds.values()].flat()];
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

function onlyEdge(homes: Homes): string {
  const names = allEdges(homes);
  if (names.length === 1) return names[0]!;
  if (names.length === 0) throw unknownEdge(homes);
  throw new FogrunError(
    'control-ambiguous',
    `${quoteList(names, 'and')} are known here: which one is meant?`,
    {
      advice: 'Write fogrun where EDGE SEQ.',
    },
  );
}

function unknownEdge(homes: Homes, edge?: string): FogrunError {
  const names = allEdges(homes);
  const place = printable(homes.root, 200);
  if (names.length === 0) {
    return new FogrunError(
      'edge-unknown',
      `no state in ${place} is of an edge, or of a cloud that has heard of one`,
      {
        advice:
          'Run it where a pipeline was started, or say where its state is with --state DIR or FOGRUN_STATE.',
      },
    );
  }
  const near = nearest(edge ?? '', names);
  return new FogrunError(
    'edge-unknown',
    `no state in ${place} knows an edge \`${printable(edge ?? '')}\`, there is ${quoteList(near.length > 0 ? near : names, 'and')}`,
  );
}
