/** `fogrun cat EDGE`: an edge's readings as the cloud has them, in stream order. */
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { FogrunError } from '../contract/errors.ts';
import { namePattern } from '../domain/segment.ts';
import { nearest } from '../domain/text.ts';
import { systemClock } from '../runtime/clock.ts';
import type { CloudReader } from '../store/cloud-reader.ts';
import { readCloudStore } from '../store/open-cloud-store.ts';
import { createGapLines, tell } from './gap-lines.ts';

export interface CatOptions {
  /** Where the states of pipelines are. */
  readonly state: string;
  /** Name of the cloud's pipeline. */
  readonly pipeline: string;
}

/** Readings go to stdout and nothing else; what a reader must know besides (gaps, epochs) goes to stderr. */
export async function cat(edge: string, options: CatOptions): Promise<number> {
  const dir = resolve(options.state, options.pipeline);
  const store = await readCloudStore({ dir, clock: systemClock }).catch((cause) => {
    if (cause instanceof FogrunError && cause.code === 'file-unreadable') return null;
    throw cause;
  });
  try {
    const strays = await strayEpochs(dir, edge, store);
    const known = store?.edges() ?? [];
    if (strays.length === 0 && !known.includes(edge)) throw unknown(edge, dir, store === null, known);
    const output = createOutput();
    for (const epoch of strays) {
      tell(`epoch ${epoch}: from the files alone, the store has no receipts for them`);
      for (const file of await filesInOrder(join(dir, 'data', edge, epoch)))
        await output.write(await readFile(file));
    }
    if (store) await printStored(store, edge, output);
    return 0;
  } finally {
    await store?.close();
  }
}

interface Output {
  readonly closed: boolean;
  write(bytes: Uint8Array): Promise<void>;
}

function createOutput(): Output {
  let closed = false;
  // Whoever reads only the first lines, as `head` does, has had enough.
  process.stdout.once('error', () => {
    closed = true;
  });
  return {
    get closed() {
      return closed;
    },
    async write(bytes) {
      if (!closed && !process.stdout.write(bytes)) await once(process.stdout, 'drain').catch(() => {});
    },
  };
}

async function printStored(store: CloudReader, edge: string, output: Output): Promise<void> {
  let epoch = '';
  const gaps = createGapLines();
  for (const receipt of store.receipts(edge, 'readings')) {
    if (output.closed) return;
    const isNew = epoch !== '' && epoch !== receipt.header.epoch;
    if (isNew || receipt.header.type === 'readings') gaps.flush();
    if (isNew) tell(`epoch ${receipt.header.epoch} begins`);
    epoch = receipt.header.epoch;
    const body = await store.body(receipt);
    if (receipt.header.type === 'readings') await output.write(body);
    else gaps.add(JSON.parse(Buffer.from(body).toString('utf8')));
  }
  gaps.flush();
}

/** Epochs that have files but no receipts: the store was made anew beside them. */
async function strayEpochs(dir: string, edge: string, store: CloudReader | null): Promise<string[]> {
  if (!namePattern.test(edge)) return [];
  const epochs = await readdir(join(dir, 'data', edge)).catch(() => []);
  const known = new Set<string>();
  for (const receipt of store?.receipts(edge, 'readings') ?? []) known.add(receipt.header.epoch);
  const strays = epochs.filter((epoch) => !known.has(epoch));
  const begun = await Promise.all(
    strays.map(async (epoch) => {
      const [first] = await filesInOrder(join(dir, 'data', edge, epoch));
      return { epoch, second: Number.parseInt(basename(first ?? '0'), 10) };
    }),
  );
  return begun.sort((a, b) => a.second - b.second).map(({ epoch }) => epoch);
}

/** `<unix-second>[-n].ndjson`, as numbers. */
async function filesInOrder(directory: string): Promise<string[]> {
  const named = (await readdir(directory)).flatMap((name) => {
    const match = /^(\d+)(?:-(\d+))?\.ndjson$/.exec(name);
    return match ? [{ name, second: Number(match[1]), number: Number(match[2] ?? 0) }] : [];
  });
  named.sort((a, b) => a.second - b.second || a.number - b.number);
  return named.map(({ name }) => join(directory, name));
}

function unknown(edge: string, dir: string, noStore: boolean, edges: readonly string[]): FogrunError {
  if (noStore) {
    return new FogrunError('file-unreadable', `there is no cloud's store in ${dir}`, {
      advice: 'Run it where the cloud runs, or say where its state is with --state or FOGRUN_STATE.',
    });
  }
  const close = nearest(edge, edges);
  const known =
    edges.length > 0 ? `known: ${(close.length > 0 ? close : edges).join(', ')}` : 'none has sent anything';
  return new FogrunError('edge-unknown', `the cloud has nothing from an edge \`${edge}\` (${known})`);
}
