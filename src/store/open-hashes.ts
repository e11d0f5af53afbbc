/** The segments that still take readings, as they are found when a store is opened. */
import { createHash } from 'node:crypto';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Kv, KvWriter } from '../contract/kv.ts';
import { bodyHash } from '../domain/segment.ts';
import { counted } from '../domain/text.ts';
import type { Changes, OpenHashes } from './edge-changes.ts';
import { countLost } from './edge-lost.ts';
import { damagedHeads, describeMended, mendHeads } from './edge-mend.ts';
import { addGivenUp, chargedUpTo } from './edge-rechain.ts';
import { type EdgeState, keepFormat, keys, type StreamRecord } from './edge-records.ts';
import { examine, type Found, runsOf } from './edge-sums.ts';
import { addLetter } from './letter-changes.ts';
import { encodeRecord, toHex } from './text.ts';

/** Whatever makes a difference between them is damage. */
function isWhole(found: readonly Found[], record: StreamRecord): boolean {
  const bytes = found.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
  return bytes === record.openBytes && found.every((each) => each.is !== 'damaged');
}

/** So many headers of each stream are looked at: those that are sent and acknowledged next. */
const headsMax = 4_096;

/** What is damaged of what the store is about to work with is made good, so that no start ends like the one before. */
export async function mendOnOpening(
  kv: Kv,
  { state, bodies, sent }: Pick<Changes, 'state' | 'bodies' | 'sent'>,
  nowMs: number,
): Promise<{ readonly hashes: OpenHashes; readonly damage: Problem | undefined }> {
  const told: string[] = [];
  const hashes: OpenHashes = new Map();
  const damaged = damagedHeads(state, kv, nowMs, headsMax);
  if (damaged.length > 0) {
    const changes = { state, bodies, hashes, sent, cursors: [] };
    told.push(describeMended(await kv.transaction((writer) => mendHeads(changes, writer, damaged))));
  }
  told.push(...(await openHashes(kv, state, hashes, nowMs)));
  const damage = told.length > 0 ? toProblem(new FogrunError('segment-corrupt', told.join('; '))) : undefined;
  return { hashes, damage };
}

/**
 * Their running hashes, made anew from what is on disk. Of a segment that is damaged, the sound values are sealed, a gap takes
 * the place of the others, and a dead letter keeps what is left of them.
 */
async function openHashes(
  kv: Kv,
  state: EdgeState,
  hashes: OpenHashes,
  nowMs: number,
): Promise<readonly string[]> {
  const told: string[] = [];
  for (const [name, record] of state.streams) {
    if (record.nextSeq === record.openFrom) continue;
    const found = examine(kv, name, record.openFrom, record.nextSeq);
    if (isWhole(found, record)) {
      const hash = createHash('sha256');
      for (const { value } of found) hash.update(value!);
      hashes.set(name, hash);
    } else {
      told.push(await kv.transaction((writer) => quarantineOpen(state, writer, name, found, nowMs)));
    }
  }
  return told;
}

function quarantineOpen(
  state: EdgeState,
  writer: KvWriter,
  name: string,
  found: readonly Found[],
  nowMs: number,
): string {
  const record = state.streams.get(name)!;
  const { openFrom: fromSeq, sealed } = record;
  const count = record.nextSeq - fromSeq;
  const kept = runsOf(found);
  const damaged = found.filter((each) => each.is !== 'sound');
  const last = damaged.at(-1)!;
  const lost = damaged.reduce((sum, each) => sum + each.count, 0);
  const values = damaged.flatMap(({ fromSeq: from, value }) => (value ? [{ fromSeq: from, value }] : []));
  const text = `${counted(lost, 'reading')} of ${count} that no segment was sealed over came back from the disk of the edge otherwise than they were written`;
  const { id } = addLetter(
    state,
    writer,
    {
      ...{ reason: 'corrupt', text, stream: name, epoch: state.meta.epoch, sequence: sealed + 1 },
      ...{ fromSeq: damaged[0]!.fromSeq, toSeq: last.fromSeq + last.count - 1, count: lost, refusals: 0 },
      ...{ sinceMs: nowMs, atMs: nowMs },
      bodyHash: toHex(bodyHash(Buffer.concat(values.map(({ value }) => value)))),
    },
    values,
  );
  for (const { fromSeq: from } of values) writer.remove(keys.batch(name, from));
  // As if nothing were open, so that each part is charged by itself.
  state.streams.set(name, { ...record, charged: chargedUpTo(writer, name, record, sealed) });
  const gap = `These came back damaged from the disk of the edge, which keeps what is left as its dead letter ${id}.`;
  const segment = { fromSeq, count, sealedAtMs: Math.max(0, Math.floor(nowMs)) };
  addGivenUp(state, writer, name, segment, { gap: 'corrupt', text: gap, kept, letter: id });
  writer.put(keys.stream(name), encodeRecord(state.streams.get(name)));
  countLost(state, writer, name, 'corrupt', lost);
  keepFormat(state, writer);
  return `of ${counted(count, 'reading')} of ${name} that were accepted and not sealed, ${lost} came back damaged: a gap stands for them, and dead letter ${id} keeps what is left; ${count - lost} go on`;
}
