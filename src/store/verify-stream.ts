/** Walks one stream of one epoch in a cloud: receipts in order, each with its bytes, against the chain and the mark. */
import type { KvReader } from '../contract/kv.ts';
import type { Mark, Receipt } from '../contract/store.ts';
import type { Gap } from '../domain/gap.ts';
import { chainHash, noHash, type SegmentHeader, type SegmentRef, sameHash } from '../domain/segment.ts';
import { SpanCollector, type Spans } from '../domain/spans.ts';
import type { Place, ProvenGap, StreamProof } from './certificate.ts';
import { pages } from './cloud-reader.ts';
import { decodeMark, decodeReceipt, keys, readReceipt, refOf } from './cloud-records.ts';
import { toHex } from './text.ts';
import type { FoundFile, VerifyFiles } from './verify-files.ts';
import type { Findings, NewFlaw } from './verify-findings.ts';
import { isWhole, judge, receiptAdvice } from './verify-judge.ts';

export interface StreamWalk extends Place {
  readonly kv: KvReader;
  readonly files: VerifyFiles;
  readonly findings: Findings;
  /** Called for each segment that was looked at. */
  readonly seen: (receipt: Receipt) => void;
}

export interface WalkedStream {
  readonly proof: StreamProof;
  /** Readings that are here. */
  readonly stored: Spans;
  /** Readings that are here, and gaps but those of earlier epochs. */
  readonly covered: Spans;
}

/** So many bodies are read at once. */
const ahead = 8;
/** A file may be longer than its receipt says, and is read in full all the same, to see what was put into it. */
const strangeBytesMax = 16 * 2 ** 20;

type Loaded =
  | { readonly ref: SegmentRef; readonly receipt: null }
  | {
      readonly ref: SegmentRef;
      readonly receipt: Receipt;
      readonly found: FoundFile;
      readonly isFiled: boolean;
    };

/** Segments up to the mark as it is now; what comes meanwhile is not looked at. */
export async function walkStream(walk: StreamWalk): Promise<WalkedStream> {
  const { kv, edge, epoch, stream } = walk;
  const bytes = kv.get(keys.mark(edge, epoch, stream));
  const mark = bytes && readMark(bytes);
  const state = new StreamState(walk);
  for await (const loaded of inTurn(load(walk, mark?.sequence ?? Number.MAX_SAFE_INTEGER - 1))) {
    if (loaded.receipt) state.take(loaded.receipt, loaded.found, loaded.isFiled);
    else state.unreadable(loaded.ref);
  }
  return state.finish(mark);
}

function readMark(bytes: Uint8Array): Mark | undefined {
  try {
    return decodeMark(bytes);
  } catch {
    return undefined;
  }
}

function* load(walk: StreamWalk, last: number): Iterable<Promise<Loaded>> {
  const prefix = ['receipt', walk.edge, walk.epoch, walk.stream];
  for (const { key, value } of pages(walk.kv, [...prefix, 0], [...prefix, last + 1])) {
    const ref = refOf(key, 1);
    let receipt: Receipt;
    try {
      receipt = decodeReceipt(ref, value);
    } catch {
      yield Promise.resolve({ ref, receipt: null });
      continue;
    }
    yield loadBody(walk, ref, receipt);
  }
}

async function loadBody({ kv, files }: StreamWalk, ref: SegmentRef, receipt: Receipt): Promise<Loaded> {
  const body = kv.get(keys.body(ref));
  if (body) return { ref, receipt, found: { bytes: body }, isFiled: false };
  const bytesMax = receipt.header.bytes + strangeBytesMax;
  const found = await files.read(receipt.file, bytesMax);
  if (found) return { ref, receipt, found, isFiled: true };
  // It may have been given another name since the receipt was read.
  const now = readReceipt(kv, ref) ?? receipt;
  return { ref, receipt: now, found: await files.read(now.file, bytesMax), isFiled: true };
}

/** A few at a time, in order. */
async function* inTurn<T>(work: Iterable<Promise<T>>): AsyncIterable<T> {
  const waiting: Promise<T>[] = [];
  for (const each of work) {
    // Heard of in its turn.
    each.catch(() => {});
    waiting.push(each);
    if (waiting.length >= ahead) yield await waiting.shift()!;
  }
  for (const each of waiting) yield await each;
}

class StreamState {
  readonly #walk: StreamWalk;
  readonly #stored = new SpanCollector();
  readonly #covered = new SpanCollector();
  readonly #gaps: ProvenGap[] = [];
  #gapsLeftOut = 0;
  #segments = 0;
  #readings = 0;
  #bytes = 0;
  /** Of the last segment that has a receipt. */
  #sequence = 0;
  #seq = 0;
  /** `null` when the segment before has no receipt that could be trusted. */
  #hash: Uint8Array | null = noHash;

  constructor(walk: StreamWalk) {
    this.#walk = walk;
  }

  /** A receipt that is no record. */
  unreadable({ sequence }: SegmentRef): void {
    const message = `the receipt of segment ${sequence} cannot be read`;
    this.#flaw({ kind: 'receipt-changed', sequence, message, advice: receiptAdvice });
    this.#distrust(sequence);
  }

  take(receipt: Receipt, found: FoundFile, isFiled: boolean): void {
    const { header } = receipt;
    const { sequence, fromSeq, count, hash } = header;
    this.#segments += 1;
    this.#walk.seen(receipt);
    if (!isFiled) this.#walk.findings.notFiled += 1;
    const isTrue = sameHash(chainHash(header), hash);
    if (!isTrue) {
      const message = `the receipt of segment ${sequence} does not match its own hash: it was changed`;
      this.#flaw({ kind: 'receipt-changed', sequence, file: receipt.file, message, advice: receiptAdvice });
      this.#distrust(sequence);
      return;
    }
    this.#place(header);
    if (found && 'bytes' in found && isWhole(header, found.bytes)) this.#count(header, found.bytes);
    else this.#flaw(judge(this.#walk, receipt, found, isFiled));
    this.#sequence = sequence;
    this.#seq = Math.max(this.#seq, fromSeq + count - 1);
    this.#hash = hash;
  }

  /** What follows it cannot be compared with it. */
  #distrust(sequence: number): void {
    this.#sequence = sequence;
    this.#hash = null;
  }

  finish(mark: Mark | undefined): WalkedStream {
    const { stream } = this.#walk;
    const { sequence, hash, seq } = mark ?? { sequence: this.#sequence, hash: this.#hash, seq: this.#seq };
    if (!mark) {
      const message = `the cloud does not know any more how far ${stream} has come: its mark is gone`;
      this.#flaw({ kind: 'mark-wrong', message, advice: receiptAdvice });
    } else if (this.#sequence < sequence) this.#receiptsMissing(this.#sequence + 1, sequence, seq);
    else if (this.#seq !== seq || (this.#hash && !sameHash(this.#hash, mark.hash))) {
      const message = `the last receipt is of segment ${this.#sequence} up to seq ${this.#seq}, the mark of ${stream} is another one (seq ${seq})`;
      this.#flaw({ kind: 'mark-wrong', message, advice: receiptAdvice });
    }
    if (mark) this.#lookBeyond(mark);
    const proof: StreamProof = {
      stream,
      fromSeq: 1,
      toSeq: seq,
      segments: this.#segments,
      readings: this.#readings,
      bytes: this.#bytes,
      gaps: this.#gaps,
      gapsLeftOut: this.#gapsLeftOut,
      lastSequence: sequence,
      lastHash: hash ? toHex(hash) : '',
    };
    return { proof, stored: this.#stored.spans(), covered: this.#covered.spans() };
  }

  /** A receipt behind the mark, and not one that came meanwhile. */
  #lookBeyond({ sequence }: Mark): void {
    const { kv, edge, epoch, stream } = this.#walk;
    const prefix = ['receipt', edge, epoch, stream];
    const range = { from: [...prefix, sequence + 1], to: [...prefix, Number.MAX_SAFE_INTEGER], limit: 1 };
    const [beyond] = kv.range(range);
    if (!beyond) return;
    const bytes = kv.get(keys.mark(edge, epoch, stream));
    const found = refOf(beyond.key, 1).sequence;
    if (bytes && (readMark(bytes)?.sequence ?? 0) >= found) return;
    const message = `there is a receipt of segment ${found}, but the mark of ${stream} stands at ${sequence}`;
    this.#flaw({ kind: 'mark-wrong', sequence: found, message, advice: receiptAdvice });
  }

  /** Whether it continues what came before. */
  #place(header: SegmentHeader): void {
    const { sequence, fromSeq, count } = header;
    if (sequence > this.#sequence + 1) {
      this.#receiptsMissing(this.#sequence + 1, sequence - 1, fromSeq - 1);
      return;
    }
    if (!this.#hash) return;
    const next = this.#seq + 1;
    if (!sameHash(this.#hash, header.previousHash)) {
      const message = `segment ${sequence} does not continue segment ${sequence - 1}: the chain is broken between them`;
      this.#flaw({ kind: 'chain-broken', sequence, message, advice: receiptAdvice });
    }
    if (fromSeq < next && (count > 0 || fromSeq < next - 1)) {
      const to = Math.min(this.#seq, fromSeq + Math.max(0, count - 1));
      const message = `segment ${sequence} begins with seq ${fromSeq}, but what came before goes up to ${this.#seq}`;
      this.#flaw({ kind: 'seq-twice', sequence, fromSeq, toSeq: to, message, advice: receiptAdvice });
    } else if (fromSeq > next) {
      const message = `segment ${sequence} begins with seq ${fromSeq}: neither a reading nor a gap stands for ${next} to ${fromSeq - 1}`;
      this.#flaw({
        kind: 'seq-missing',
        sequence,
        fromSeq: next,
        toSeq: fromSeq - 1,
        message,
        advice: receiptAdvice,
      });
    }
  }

  #receiptsMissing(from: number, to: number, toSeq: number): void {
    const what = from === to ? `segment ${from} is` : `segments ${from} to ${to} are`;
    const fromSeq = this.#seq + 1;
    const seqs = toSeq >= fromSeq ? ` (seq ${fromSeq} to ${toSeq})` : '';
    this.#flaw({
      kind: 'receipt-missing',
      sequence: from,
      fromSeq: toSeq >= fromSeq ? fromSeq : null,
      toSeq: toSeq >= fromSeq ? toSeq : null,
      message: `the receipt${from === to ? '' : 's'} of ${what} gone${seqs}`,
      advice: `${receiptAdvice} A foreign file below may hold them.`,
    });
  }

  #count(header: SegmentHeader, body: Uint8Array): void {
    const { type, fromSeq, count } = header;
    this.#bytes += body.length;
    const to = fromSeq + count - 1;
    if (type === 'readings') {
      this.#readings += count;
      this.#stored.add(fromSeq, to);
      this.#covered.add(fromSeq, to);
      return;
    }
    const gap = JSON.parse(Buffer.from(body).toString('utf8')) as Gap;
    if (gap.gap !== 'epoch') this.#covered.add(fromSeq, to);
    this.#addGap(gap, count > 0 ? { from: fromSeq, to } : null);
  }

  #addGap(gap: Gap, seqs: { from: number; to: number } | null): void {
    const [reason, text] = [String(gap.gap), String(gap.text ?? '')];
    const [fromTime, toTime] = [gap.fromTime ?? null, gap.toTime ?? null];
    const last = this.#gaps.at(-1);
    const isSame = last && last.reason === reason && last.text === text;
    const isNext = seqs
      ? last?.toSeq === seqs.from - 1 && last.fromTime === null && fromTime === null
      : false;
    if (isSame && isNext) {
      this.#gaps[this.#gaps.length - 1] = {
        ...last,
        toSeq: seqs!.to,
        count: last.count + gap.count,
        segments: last.segments + 1,
      };
      return;
    }
    if (!this.#walk.findings.roomForGap()) {
      this.#gapsLeftOut += 1;
      return;
    }
    const [fromSeq, toSeq] = [seqs?.from ?? null, seqs?.to ?? null];
    const count = Number(gap.count) || 0;
    this.#gaps.push({ reason, fromSeq, toSeq, fromTime, toTime, count, text, segments: 1, notHere: null });
  }

  #flaw(flaw: NewFlaw): void {
    const { edge, epoch, stream } = this.#walk;
    this.#walk.findings.flaw({ edge, epoch, stream }, flaw);
  }
}
