/** A cloud's state on a real disk with segments that a test puts together, to be read and damaged. */
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { encodeGap, type Gap } from '../../src/domain/gap.ts';
import { numberLines } from '../../src/domain/reading.ts';
import { bodyHash, chainHash, noHash, type SegmentHeader } from '../../src/domain/segment.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { openLmdbKv } from '../../src/store/lmdb-kv.ts';
import { openCloudStore } from '../../src/store/open-cloud-store.ts';
import { dataDir } from '../../src/store/open-dir.ts';
import { verifyCloud } from '../../src/store/verify.ts';
import { createVerifyFiles } from '../../src/store/verify-files.ts';
import { seededRandom, temporaryDir } from './store-fixtures.ts';

export interface Sealed {
  readonly header: SegmentHeader;
  readonly body: Uint8Array;
}

/** Segments as an edge would make them, one after the other. */
export class Chain {
  readonly segments: Sealed[] = [];
  readonly epoch: string;
  readonly edge: string;
  readonly stream: string;
  #seq = 0;
  #value = 0;

  constructor(epoch = 'ab'.repeat(16), edge = 'shed', stream = 'readings') {
    this.epoch = epoch;
    this.edge = edge;
    this.stream = stream;
  }

  readings(count: number): this {
    const lines = Array.from(
      { length: count },
      () => `{"device":"d","sensor":"pressure","time":"2026-01-01T00:00:00Z","value":${++this.#value}}\n`,
    );
    const body = numberLines(Buffer.from(lines.join('')), count, this.#seq + 1);
    return this.#add('readings', count, Uint8Array.from(body));
  }

  gap(gap: Gap): this {
    return this.#add('gap', gap.fromSeq === undefined ? 0 : gap.toSeq! - gap.fromSeq + 1, encodeGap(gap));
  }

  /** A gap for the next `count` readings. */
  lost(count: number, reason: Gap['gap'] = 'discarded', text = 'too hot'): this {
    const fromSeq = this.#seq + 1;
    return this.gap({ gap: reason, fromSeq, toSeq: this.#seq + count, count, text });
  }

  #add(type: 'readings' | 'gap', count: number, body: Uint8Array): this {
    const unhashed = {
      edge: this.edge,
      epoch: this.epoch,
      stream: this.stream,
      sequence: this.segments.length + 1,
      type,
      fromSeq: this.#seq + 1,
      count,
      bytes: body.length,
      sealedAtMs: 1_000,
      bodyHash: bodyHash(body),
      previousHash: this.segments.at(-1)?.header.hash ?? noHash,
    };
    this.#seq += count;
    this.segments.push({ header: { ...unhashed, hash: chainHash(unhashed) }, body });
    return this;
  }
}

/** A state directory whose cloud has stored the chains and runs no more. */
export async function storedCloud(t: ExecutionContext, ...chains: readonly Chain[]) {
  const dir = join(await temporaryDir(t), 'cloud');
  const random = seededRandom('cloud');
  const files: string[] = [];
  const open = () =>
    openCloudStore({ dir, clock: systemClock, random, bytesMax: 2 ** 24, consumers: [], headroomBytes: 0 });
  const store = await open();
  const tokens = new Map<string, number>();
  for (const { edge, epoch, segments } of chains) {
    const life = `${edge}/${epoch}`;
    if (!tokens.has(life)) {
      const admission = await store.admit(edge, epoch, 0, []);
      if (!admission.admitted) throw new Error(admission.reason);
      tokens.set(life, admission.token);
    }
    for (const { header, body } of segments) {
      files.push((await store.put(tokens.get(life)!, header, body)).receipt.file);
    }
  }
  await store.filed();
  await store.close();
  return {
    dir,
    /** Of the segments, in the order they were stored. */
    files,
    path: (i: number) => join(dir, files[i]!),
    open,
    /** Changes the store's records behind its back. */
    async records(work: (kv: Awaited<ReturnType<typeof openLmdbKv>>) => Promise<unknown>) {
      const kv = await openLmdbKv({ path: dataDir(dir), clock: systemClock });
      await work(kv);
      await kv.close();
    },
    async verify(only: { edge?: string; stream?: string } = {}) {
      const kv = await openLmdbKv({ path: dataDir(dir), readOnly: true, clock: systemClock });
      try {
        return await verifyCloud({ kv, files: createVerifyFiles(dir), ...only });
      } finally {
        await kv.close();
      }
    },
  };
}

/** Three segments: seq 1 to 3, 4 to 7, 8 to 10. */
export const threeSegments = () => new Chain().readings(3).readings(4).readings(3);

/** Verifies after the damage, and finds exactly one flaw. */
export async function flawAfter(
  t: ExecutionContext,
  damage: (cloud: Awaited<ReturnType<typeof storedCloud>>) => Promise<unknown>,
) {
  const cloud = await storedCloud(t, threeSegments());
  t.true((await cloud.verify()).complete);
  await damage(cloud);
  const { complete, flaws, remarks } = await cloud.verify();
  t.false(complete);
  t.is(flaws.length, 1, JSON.stringify(flaws));
  return { cloud, flaw: flaws[0]!, remarks };
}
