/** Keeps what waits for an uploader within what it may keep, whether or not there is a link. */
import type { UploaderConfig } from '../../machines/uploader.ts';
import { type Clock, sleep } from '../contract/clock.ts';
import type { EdgeStore } from '../contract/store.ts';

/** Looked at so often, and when so much was sealed that it may be due. */
const everyMs = 1_000;

/** Until `signal` aborts. */
export async function keepRetention(
  { store, cursor, clock }: { store: EdgeStore; cursor: string; clock: Clock },
  { age, bytes }: UploaderConfig['retention'],
  signal: AbortSignal,
): Promise<void> {
  if (age === undefined && bytes === undefined) return;
  const retention = { ageMaxMs: age, bytesMax: bytes };
  while (!signal.aborted) {
    if (store.status().state !== 'failed') await store.policies.retain(cursor, retention);
    await sleep(clock, everyMs, signal);
  }
}
