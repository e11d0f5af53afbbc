/** The record that says what a store is. */
import { FogrunError } from '../contract/errors.ts';
import type { Kv } from '../contract/kv.ts';
import { decodeRecord, encodeRecord, safeText } from './text.ts';

export interface StoreMeta {
  readonly format: number;
  readonly role: 'edge' | 'cloud';
}

/**
 * The store's meta record, made from `fresh` in an empty store. Rejects with `store-version` when a newer fogrun
 * wrote it, with `store-corrupt` when it is missing beside other records, with `pipeline-invalid` when it is the other kind of store.
 * @param formatMax the newest format that this fogrun reads
 */
export async function loadMeta<Meta extends StoreMeta>(
  kv: Kv,
  fresh: Meta,
  formatMax = fresh.format,
): Promise<Meta> {
  const bytes = kv.get(['meta']);
  if (!bytes) {
    for (const { key } of kv.range({ from: [0], to: ['~~'], limit: 1 })) {
      const first = safeText(JSON.stringify(key));
      throw new FogrunError(
        'store-corrupt',
        `the store holds ${first} but not the record that says what it is`,
      );
    }
    await kv.transaction((writer) => writer.put(['meta'], encodeRecord(fresh)));
    return fresh;
  }
  return checkMeta<Meta>(bytes, fresh.role, formatMax);
}

/** What the record says. Throws as `loadMeta` rejects. */
export function checkMeta<Meta extends StoreMeta>(
  bytes: Uint8Array,
  role: Meta['role'],
  formatMax: number,
): Meta {
  const meta = decodeRecord<Meta>(bytes);
  if (!(meta.format <= formatMax)) {
    throw new FogrunError(
      'store-version',
      `the store has format ${meta.format}; this fogrun reads up to ${formatMax}`,
    );
  }
  if (meta.role !== role) {
    throw new FogrunError('pipeline-invalid', `the store is that of ${a(meta.role)}, not of ${a(role)}`, {
      advice: 'Give each pipeline a store path of its own.',
    });
  }
  return meta;
}

function a(role: string): string {
  return role === 'edge' ? 'an edge' : `a ${role}`;
}
