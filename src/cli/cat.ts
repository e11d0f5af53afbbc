/** `fogrun cat [EDGE]`: an edge's readings as the cloud has them, in stream order; or which edges it has. */
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { FogrunError } from '../contract/errors.ts';
import type { Receipt } from '../contract/store.ts';
import { namePattern } from '../domain/segment.ts';
import { systemClock } from '../runtime/clock.ts';
import type { CloudReader } from '../store/cloud-reader.ts';
import { epochFolder } from '../store/cloud-records.ts';
import { readCloudStore } from '../store/open-cloud-store.ts';
import { counted, lostText } from '../terminal/figures.ts';
import { edgeUnknown, noCloudStore } from './cloud-state.ts';
import { createGapLines, tell } from './gap-lines.ts';

export interface CatOptions {
  /** Where the states of pipelines are. */
  readonly state: string;
  /** Name of the cloud's pipeline. */
  readonly pipeline: string;
  /** `readings` unless given. */
  readonly stream?: string | undefined;
  /** Only so many readings, the last ones. */
  readonly last?: string | undefined;
}

/** Readings go to stdout and nothing else; what a reader must know besides (gaps, epochs) goes to stderr. */
export async function cat(edge: string | undefined, options: CatOptions): Promise<number> {
  const last = lastOf(options.last);
  const stream = options.stream ?? 'readings';
  if (edge === undefined && last !== null) throw new FogrunError('usage', '--last N needs an EDGE');
  const dir = resolve(options.state, options.pipeline);
  const store = await readCloudStore({ dir, clock: systemClock }).catch((cause) => {
    if (cause instanceof FogrunError && cause.code === 'file-unreadable') return null;
    throw cause;
  });
  try {
    if (edge === undefined) return await listEdges(store, dir);
    const strays = await strayEpochs(dir, edge, store);
    const known = store?.edges() ?? [];
    if (strays.length === 0 && !known.includes(edge))
      throw store ? edgeUnknown(edge, known) : noCloudStore(dir);
    const output = createOutput();
    if (last !== null && store) {
      return (await printLast(store, edge, stream, last, output)) ? 0 : 1;
    }
    for (const epoch of strays) {
      tell(`epoch ${epoch}: from the files alone, the store has no receipts for them`);
      for (const file of await filesInOrder(join(dir, 'data', epochFolder({ edge, epoch, stream }))))
        await output.write(await readFile(file));
    }
    if (!store) return 0;
    const damage = { receipts: 0 };
    const receipts = store.receipts(edge, stream, ({ epoch, sequence }) => {
      damage.receipts += 1;
      tell(`segment ${sequence} of epoch ${epoch}: its receipt is damaged; \`fogrun verify\` tells more`);
    });
    const isWhole = await printStored(store, receipts, output);
    return isWhole && damage.receipts === 0 ? 0 : 1;
  } finally {
    await store?.close();
  }
}

function lastOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new FogrunError('usage', `--last takes how many readings, from 1 up, not \`${text}\``);
}

/** One line an edge, with what of it has receipts. */
async function listEdges(store: CloudReader | null, dir: string): Promise<number> {
  if (!store) throw noCloudStore(dir);
  const rows = store.edges().map((edge) => {
    let readings = 0;
    for (const { header } of store.receipts(edge, 'readings')) {
      if (header.type === 'readings') readings += header.count;
    }
    return { edge, readings, gaps: lostText(store.lost(edge)) };
  });
  const width = Math.max(0, ...rows.map(({ edge }) => edge.length));
  if (rows.length === 0) tell('no edge has sent anything');
  for (const { edge, readings, gaps } of rows) {
    const told = gaps === '' ? '' : `  gaps: ${gaps}`;
    process.stdout.write(`${edge.padEnd(width)}  ${counted(readings, 'reading')}${told}\n`);
  }
  return 0;
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

/** The last readings that have receipts, with the gaps among them. */
async function printLast(
  store: CloudReader,
  edge: string,
  stream: string,
  last: number,
  output: Output,
): Promise<boolean> {
  const some: Receipt[] = [];
  const readingsIn = ({ header }: Receipt) => (header.type === 'readings' ? header.count : 0);
  let held = 0;
  for (const receipt of store.receipts(edge, stream)) {
    some.push(receipt);
    held += readingsIn(receipt);
    while (held - readingsIn(some[0]!) >= last) held -= readingsIn(some.shift()!);
  }
  return printStored(store, some, output, Math.max(0, held - last));
}

/**
 * What is damaged is told and left out; the rest goes on.
 * @param skip readings of the first segment that are left out
 * @returns whether nothing was damaged
 */
async function printStored(
  store: CloudReader,
  receipts: Iterable<Receipt>,
  output: Output,
  skip = 0,
): Promise<boolean> {
  let isWhole = true;
  let left = skip;
  let epoch = '';
  const gaps = createGapLines();
  for (const receipt of receipts) {
    if (output.closed) return true;
    const isNew = epoch !== '' && epoch !== receipt.header.epoch;
    if (isNew || receipt.header.type === 'readings') gaps.flush();
    if (isNew) tell(`epoch ${receipt.header.epoch} begins`);
    epoch = receipt.header.epoch;
    const body = await store.body(receipt).catch((thrown) => {
      if (!(thrown instanceof FogrunError) || thrown.code !== 'store-corrupt') throw thrown;
      return thrown;
    });
    if (body instanceof FogrunError) {
      const { fromSeq, count } = receipt.header;
      gaps.flush();
      tell(`left out: seq ${fromSeq} to ${fromSeq + count - 1}: ${body.message}`);
      isWhole = false;
      left = 0;
    } else if (receipt.header.type === 'readings') {
      await output.write(afterLines(body, left));
      left = 0;
    } else gaps.add(JSON.parse(Buffer.from(body).toString('utf8')));
  }
  gaps.flush();
  return isWhole;
}

/** What follows the first `lines` lines. */
function afterLines(body: Uint8Array, lines: number): Uint8Array {
  let at = 0;
  for (let n = 0; n < lines; n++) at = body.indexOf(0x0a, at) + 1;
  return body.subarray(at);
}

/** Epochs that have files but no receipts: the store was made anew beside them. */
async function strayEpochs(dir: string, edge: string, store: CloudReader | null): Promise<string[]> {
  if (!namePattern.test(edge)) return [];
  const epochs = await readdir(join(dir, 'data', edge)).catch(() => []);
  const known = new Set(store?.epochs(edge));
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
  const there = await readdir(directory).catch(() => []);
  const named = there.flatMap((name) => {
    const match = /^(\d+)(?:-(\d+))?\.ndjson$/.exec(name);
    return match ? [{ name, second: Number(match[1]), number: Number(match[2] ?? 0) }] : [];
  });
  named.sort((a, b) => a.second - b.second || a.number - b.number);
  return named.map(({ name }) => join(directory, name));
}
