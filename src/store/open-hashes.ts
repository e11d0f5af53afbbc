/** The running hashes of segments that still take readings. */
import { createHash } from 'node:crypto';
import { FogrunError } from '../contract/errors.ts';
import type { Kv } from '../contract/kv.ts';
import type { OpenHashes } from './edge-changes.ts';
import { type EdgeState, keys } from './edge-records.ts';

/** Made anew from what is on disk. Throws `store-corrupt` when that is not as long as its record says. */
export function openHashes(kv: Kv, state: EdgeState): OpenHashes {
  const hashes: OpenHashes = new Map();
  for (const [name, record] of state.streams) {
    if (record.nextSeq === record.openFrom) continue;
    const hash = createHash('sha256');
    let bytes = 0;
    const range = { from: keys.batch(name, record.openFrom), to: keys.batch(name, record.nextSeq) };
    for (const { value } of kv.range(range)) {
      hash.update(value);
      bytes += value.length;
    }
    if (bytes !== record.openBytes) {
      throw new FogrunError(
        'store-corrupt',
        `the open segment of stream ${name} has ${bytes} of ${record.openBytes} bytes`,
      );
    }
    hashes.set(name, hash);
  }
  return hashes;
}
