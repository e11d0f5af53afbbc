/** What tests of both sides ask: what the cloud holds, what a report says. */
import { CloudStoreReader } from '../../src/store/cloud-reader.ts';
import { MemoryFiles } from './memory-files.ts';
import { type MemoryDisk, MemoryKv } from './memory-kv.ts';
import type { Line } from './side.ts';
import type { CloudDisk, Edge } from './two-sides.ts';

export interface Stored {
  readonly epoch: string;
  readonly seq: number;
  readonly value: number;
}

/** Every reading of an edge that is on a cloud's disk, in stream order. */
export async function storedReadings(disk: CloudDisk, edge = 'e1', stream = 'readings'): Promise<Stored[]> {
  const reader = new CloudStoreReader(new MemoryKv(disk.kv), disk.files);
  const found: Stored[] = [];
  for (const receipt of reader.receipts(edge, stream)) {
    if (receipt.header.type === 'gap') continue;
    const body = Buffer.from(await reader.body(receipt)).toString('utf8');
    for (const line of body.split('\n')) {
      if (line !== '') found.push({ epoch: receipt.header.epoch, ...JSON.parse(line) });
    }
  }
  return found;
}

export async function storedValues(disk: CloudDisk, edge?: string): Promise<number[]> {
  return (await storedReadings(disk, edge)).map(({ value }) => value);
}

/** The gaps of an edge on a cloud's disk, in stream order. */
export async function storedGaps(disk: CloudDisk, edge = 'e1') {
  const reader = new CloudStoreReader(new MemoryKv(disk.kv), disk.files);
  const found = [];
  for (const { header, ...receipt } of reader.receipts(edge, 'readings')) {
    if (header.type !== 'gap') continue;
    const body = Buffer.from(await reader.body({ header, ...receipt })).toString('utf8');
    found.push({ epoch: header.epoch, sequence: header.sequence, ...JSON.parse(body) });
  }
  return found;
}

/** A copy of a disk, as an image or a backup would hold it. */
export function copyOf(disk: MemoryDisk): MemoryDisk {
  return disk.clone();
}

/** A copy of a cloud's disk: its store and its files at one moment. */
export function backupOf({ kv, files }: CloudDisk): CloudDisk {
  return { kv: copyOf(kv), files: new MemoryFiles(files.disk.clone()) };
}

export const moved =
  (actor: string, to: string) =>
  ({ actor: who, report }: Line): boolean =>
    who === actor && report.type === 'transition' && report.to === to;

export const segment =
  (what: string, sequence?: number) =>
  ({ report }: Line): boolean =>
    report.type === 'segment' &&
    report.what === what &&
    (sequence === undefined || report.segment === sequence);

/** The problems told by an actor's transitions, by code. */
export function causes(lines: readonly Line[], actor: string): string[] {
  return lines.flatMap(({ actor: who, report }) =>
    who === actor && report.type === 'transition' && report.cause ? [report.cause.code] : [],
  );
}

/** Whether an edge has nothing left: no backlog, no open segment. */
export function isDrained({ store }: Edge): boolean {
  return store.backlog('uploader').segments === 0 && store.openSegment('readings').count === 0;
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
