/** What tests of stores share: batches, a seeded chance, temporary directories. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Random } from '../../src/contract/clock.ts';
import type { Batch } from '../../src/contract/port.ts';
import type { EdgeStore } from '../../src/contract/store.ts';

export function batch(count: number, stream = 'readings', text = 'x'): Batch {
  const line = `{"device":"d","sensor":"pressure","time":"2026-01-01T00:00:00Z","value":1,"unit":"${text}"}\n`;
  return { stream, count, lines: Buffer.from(line.repeat(count)) };
}

/** The same numbers and bytes for the same seed. */
export function seededRandom(seed: string): Random {
  let n = 0;
  const block = () => createHash('sha256').update(`${seed}/${n++}`).digest();
  return {
    next: () => block().readUInt32BE() / 2 ** 32,
    bytes: (length) => Uint8Array.from(block().subarray(0, length)),
  };
}

export async function temporaryDir(t: Pick<ExecutionContext, 'teardown'>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'fogrun-store-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** The `seq` of every reading in a body. */
export function seqs(body: Uint8Array): number[] {
  return Array.from(
    Buffer.from(body)
      .toString()
      .matchAll(/^\{"seq":(\d+),/gm),
    (match) => Number(match[1]),
  );
}

/** Acknowledges everything sealed. */
export async function acknowledgeAll(store: EdgeStore, cursor: string, stream = 'readings'): Promise<void> {
  const { sealed, sealedHash } = store.head(cursor, stream);
  if (sealed > 0) await store.acknowledge(cursor, stream, sealed, sealedHash);
}
