/**
 * The verdict on a world that has come to its end: every reading that was accepted is in the cloud once, or still on the
 * edge's disk, or stands in a gap that says why.
 */
import type { Files } from '../contract/files.ts';
import type { KvReader } from '../contract/kv.ts';
import type { Receipt } from '../contract/store.ts';
import type { Gap } from '../domain/gap.ts';
import { noHash, sameHash } from '../domain/segment.ts';
import { CloudStoreReader } from '../store/cloud-reader.ts';
import { edgeReaderOver } from '../store/edge-reader.ts';
import { SimFiles } from './files.ts';
import { SimKv } from './kv.ts';
import { type Ledger, linesOf, readNumbered } from './ledger.ts';
import type { SimProcess } from './process.ts';
import type { SimBalance } from './run.ts';
import { entriesIn, find, type Sorted } from './sorted.ts';
import type { Telling } from './telling.ts';
import type { World } from './world.ts';

/** What became of each `seq` of one stream of one disk. */
interface Fates {
  readonly ledger: Ledger;
  readonly stream: string;
  /** How often it is in the cloud, by `seq` - 1. */
  readonly stored: Uint8Array;
  /** By `seq` - 1; 0 for none, else the place of its reason in `reasons`. */
  readonly gaps: Uint8Array;
  readonly held: Uint8Array;
  /** Set when a cloud has or had it, or a gap for it, also on a disk that was exchanged since. */
  readonly ever: Uint8Array;
}

/** Every gap's reason, as it was met. */
type Reasons = string[];

export async function judge(world: World): Promise<SimBalance[]> {
  const reasons: Reasons = [''];
  const fates = new Map<string, Fates[]>();
  for (const { ledger } of world.ledgers) {
    const all = ledger.streams.map((stream) => {
      const count = ledger.last(stream);
      const bytes = () => new Uint8Array(count);
      return { ledger, stream, stored: bytes(), gaps: bytes(), held: bytes(), ever: bytes() };
    });
    fates.set(idOf(world, ledger), all);
  }
  const every = [...fates.values()].flat();
  const missed = new Map<string, number>();
  for (const process of world.processes) {
    if (process.role === 'cloud') await readCloud(process, every, reasons, missed, world);
    if (process.role === 'edge') await readEdge(process, every, world);
  }
  for (const store of storesOfClouds(world)) noteEver(store, every);
  judgeSources(world);
  await judgeMissed(world, missed);
  // A copy that never ran has nothing to tell.
  const told = world.ledgers.filter(({ ledger, gone }) => !gone || ledger.streams.length > 0);
  const inOrder = told.toSorted((a, b) => (a.process < b.process ? -1 : Number(a.process > b.process)));
  return inOrder.map(({ process, ledger, gone }) => {
    const own = fates.get(idOf(world, ledger))!;
    return weigh({ process, gone, own, reasons, missed: missed.get(ledger.edge) ?? 0, world });
  });
}

const idOf = (world: World, ledger: Ledger) =>
  String(world.ledgers.findIndex((entry) => entry.ledger === ledger));

async function readCloud(
  process: SimProcess,
  fates: readonly Fates[],
  reasons: Reasons,
  missed: Map<string, number>,
  { clock, telling }: World,
): Promise<void> {
  const kv = new SimKv(process.disk, { clock });
  const reader = new CloudStoreReader(kv, new SimFiles(process.disk, clock));
  for (const edge of reader.edges()) {
    const streams = new Set(fates.filter(({ ledger }) => ledger.edge === edge).map(({ stream }) => stream));
    for (const stream of [...streams, 'readings'].filter((name, at, all) => all.indexOf(name) === at)) {
      let before: Receipt | undefined;
      for (const receipt of reader.receipts(edge, stream)) {
        const follows = before?.header.epoch === receipt.header.epoch ? before : undefined;
        checkChain(process.name, receipt, follows, telling);
        before = receipt;
        const body = await reader.body(receipt).catch((thrown: Error) => {
          telling.violate('unaltered', process.name, thrown.message);
          return null;
        });
        if (!body) continue;
        const { epoch, type } = receipt.header;
        const concerned = fates.filter(
          ({ ledger, ...one }) =>
            one.stream === stream && ledger.edge === edge && ledger.epochs.includes(epoch),
        );
        if (type === 'gap') noteGap(receipt, body, concerned, reasons, missed);
        else noteStored(process.name, receipt, body, concerned, telling);
      }
    }
  }
}

/** What a source has acknowledged to its sender must have been accepted. */
function judgeSources({ processes, feedings, telling, pastsOf }: World): void {
  for (const [at, { name, ledger }] of processes.entries()) {
    const acknowledged = feedings[at]?.acknowledged ?? 0;
    // A disk that is put back has forgotten some.
    if (!ledger || pastsOf(ledger.edge) > 0 || acknowledged === 0) continue;
    const accepted = ledger.streams.reduce((sum, stream) => sum + ledger.last(stream), 0);
    if (acknowledged <= accepted) continue;
    const text = `its sources acknowledged ${acknowledged} readings, and ${accepted} were accepted`;
    telling.violate('balance', name, text);
  }
}

/** What was never measured is told to the cloud, to the last reading. */
async function judgeMissed(
  { clock, processes, telling, pastsOf, mayDrop }: World,
  missed: ReadonlyMap<string, number>,
): Promise<void> {
  for (const { name, ledger, disk } of processes) {
    const kv = new SimKv(disk, { clock });
    if (!ledger || mayDrop || pastsOf(ledger.edge) > 0 || kv.get(['meta']) === undefined) continue;
    const reader = edgeReaderOver(kv);
    let told = missed.get(ledger.edge) ?? 0;
    for (const stream of reader.streams()) {
      for (const { sequence, type, count } of reader.held(stream)) {
        const header = type === 'gap' && count === 0 ? reader.header(stream, sequence) : undefined;
        if (header)
          told += (JSON.parse(Buffer.from(await reader.body(header)).toString('utf8')) as Gap).count;
      }
    }
    const { sure, unsure } = ledger.missed;
    if (told >= sure && told <= sure + unsure) continue;
    const text = `its sources missed ${sure} readings, and the gaps on its disk and in the cloud tell of ${told}`;
    telling.violate('gaps', name, text);
  }
}

function storesOfClouds({ processes, pastClouds }: World): readonly Sorted[] {
  return [...pastClouds, ...processes.flatMap(({ role, disk }) => (role === 'cloud' ? [disk.store] : []))];
}

function noteEver(store: Sorted, fates: readonly Fates[]): void {
  const kv: KvReader = { get: (key) => find(store, key)?.value, range: (range) => entriesIn(store, range) };
  const reader = new CloudStoreReader(kv, { read: async () => undefined } as unknown as Files);
  for (const { ledger, stream, ever } of fates) {
    for (const { header } of reader.receipts(ledger.edge, stream)) {
      if (!ledger.epochs.includes(header.epoch)) continue;
      ever.fill(1, header.fromSeq - 1, header.fromSeq - 1 + header.count);
    }
  }
}

function checkChain(cloud: string, receipt: Receipt, before: Receipt | undefined, telling: Telling): void {
  const { edge, stream, sequence, fromSeq, previousHash } = receipt.header;
  const what = `segment ${sequence} of ${stream} of ${edge}`;
  const last = before ? before.header.sequence : 0;
  const lastSeq = before ? before.header.fromSeq + before.header.count - 1 : 0;
  if (sequence !== last + 1) telling.violate('order', cloud, `${what} stands after segment ${last}`);
  else if (!sameHash(previousHash, before?.header.hash ?? noHash)) {
    telling.violate('order', cloud, `${what} does not continue the segment before it`);
  }
  if (fromSeq !== lastSeq + 1) {
    telling.violate(
      'gaps',
      cloud,
      `${what} begins at seq ${fromSeq} after ${lastSeq}, without a gap between`,
    );
  }
}

function noteStored(
  cloud: string,
  { header }: Receipt,
  body: Uint8Array,
  concerned: readonly Fates[],
  telling: Telling,
): void {
  let seq = header.fromSeq;
  for (const line of linesOf(body)) {
    const read = readNumbered(line);
    const owners = concerned.filter(
      ({ ledger, stream }) => read?.seq === seq && ledger.sum(stream, seq) === read.sum,
    );
    if (owners.length === 0) {
      const what = `segment ${header.sequence} of ${header.stream} of ${header.edge}`;
      telling.violate('unaltered', cloud, `${what} holds what was not accepted as seq ${seq}`);
      return;
    }
    for (const { stored } of owners) stored[seq - 1] = Math.min(255, stored[seq - 1]! + 1);
    seq += 1;
  }
}

function noteGap(
  { header }: Receipt,
  body: Uint8Array,
  concerned: readonly Fates[],
  reasons: Reasons,
  missed: Map<string, number>,
): void {
  const { gap, count } = JSON.parse(Buffer.from(body).toString('utf8')) as Gap;
  if (header.count === 0) {
    missed.set(header.edge, (missed.get(header.edge) ?? 0) + count);
    return;
  }
  if (!reasons.includes(gap)) reasons.push(gap);
  const reason = reasons.indexOf(gap);
  for (const { gaps } of concerned) gaps.fill(reason, header.fromSeq - 1, header.fromSeq - 1 + header.count);
}

/** Marks what is still on the edge's disk. */
async function readEdge(process: SimProcess, fates: readonly Fates[], { clock }: World): Promise<void> {
  const kv = new SimKv(process.disk, { clock });
  // A disk on which no store was ever begun.
  if (kv.get(['meta']) === undefined) return;
  const reader = edgeReaderOver(kv);
  for (const { stream, held } of fates.filter(({ ledger }) => ledger === process.ledger)) {
    const open = reader.openSegment(stream);
    const segments = reader.held(stream).filter(({ type }) => type === 'readings');
    for (const { fromSeq, count } of [...segments, open]) held.fill(1, fromSeq - 1, fromSeq - 1 + count);
  }
}

interface Weighing {
  readonly process: string;
  readonly gone: boolean;
  readonly own: readonly Fates[];
  readonly reasons: Reasons;
  readonly missed: number;
  readonly world: World;
}

function weigh({ process, gone, own, reasons, missed, world }: Weighing): SimBalance {
  const { telling } = world;
  let [accepted, stored, held, goneWithDisk] = [0, 0, 0, 0];
  const gaps: Record<string, number> = {};
  const mayFork = world.pastsOf(own[0]?.ledger.edge ?? '') > 0;
  const { isOff } = world.process(process);
  for (const fate of own) {
    const lost: number[] = [];
    const twice: number[] = [];
    const untrue: number[] = [];
    const sound: number[] = [];
    accepted += fate.stored.length;
    for (let i = 0; i < fate.stored.length; i++) {
      const times = fate.stored[i]!;
      if (times > 0) {
        stored += 1;
        if (times > 1) twice.push(i + 1);
      } else if (fate.held[i]) held += 1;
      else if (fate.gaps[i]) {
        const reason = reasons[fate.gaps[i]!]!;
        gaps[reason] = (gaps[reason] ?? 0) + 1;
        if (reason === 'epoch' && !fate.ever[i]) untrue.push(i + 1);
        if (reason === 'corrupt' && !fate.ledger.mayBeDamaged(fate.stream, i + 1)) sound.push(i + 1);
      } else if (isOff && fate.ever[i]) {
        // A cloud had it and lost it, and this edge has not met a cloud since.
        goneWithDisk += 1;
      } else lost.push(i + 1);
    }
    const reasonsNow = ['corrupt', ...(mayFork ? ['epoch'] : []), ...(world.mayDrop ? ['dropped'] : [])];
    for (const reason of Object.keys(gaps).filter((one) => !reasonsNow.includes(one))) {
      const text = `${gaps[reason]} accepted readings became gaps of the reason ${reason}, for which there was no reason`;
      if (!gone) telling.violate('gaps', process, text);
    }
    if (gone) goneWithDisk += lost.length;
    else if (lost.length > 0) {
      telling.violate(
        'balance',
        process,
        `${lost.length} readings of ${fate.stream} that were accepted are nowhere, and no gap stands for them: seq ${rangesOf(lost)}`,
      );
    }
    if (untrue.length > 0 && !gone) {
      telling.violate(
        'gaps',
        process,
        `a gap says of seq ${rangesOf(untrue)} of ${fate.stream} that a cloud had acknowledged them, and none ever had them`,
      );
    }
    if (sound.length > 0 && !gone) {
      const text = `a gap says of seq ${rangesOf(sound)} of ${fate.stream} that they were damaged, and they were not`;
      telling.violate('gaps', process, text);
    }
    if (twice.length > 0 && !mayFork) {
      telling.violate('once', process, `stored more than once: seq ${rangesOf(twice)} of ${fate.stream}`);
    }
  }
  return { process, accepted, stored, held, gaps, missed, ...(goneWithDisk > 0 && { goneWithDisk }) };
}

/** Such as `3, 7 to 9`; the first few. */
function rangesOf(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  const told = ranges.slice(0, 5).map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`));
  return ranges.length > told.length ? `${told.join(', ')} and more` : told.join(', ');
}
