/** What was done to a body that does not match its hash, as far as its lines tell. */
import { createHash } from 'node:crypto';
import { bodyHash, type SegmentHeader, sameHash } from '../domain/segment.ts';
import type { FlawKind } from './certificate.ts';

export interface BodyFlaw {
  readonly kind: FlawKind;
  /** From 1; `null` when it could be any. */
  readonly line: number | null;
  readonly fromSeq: number | null;
  readonly toSeq: number | null;
  /** Goes after the name of what is flawed. */
  readonly message: string;
  /** How it can be mended, when that is certain. */
  readonly mending: string | null;
}

const newline = 0x0a;

interface Line {
  readonly start: number;
  /** Behind its newline. */
  readonly end: number;
  readonly seq: number | null;
}

/** @param effort bytes that may be hashed in search of one changed byte; what was used is taken off */
export function explainBody(header: SegmentHeader, body: Uint8Array, effort: { bytes: number }): BodyFlaw {
  if (header.type === 'gap') {
    return {
      ...whole(header, 'file-changed'),
      message: 'is a gap that does not match its hash',
      mending: null,
    };
  }
  const { fromSeq, count } = header;
  const toSeq = fromSeq + count - 1;
  const lines = linesOf(body, count);
  const at = lines.findIndex(({ seq }, i) => seq !== fromSeq + i);
  const first = at < 0 ? Math.min(lines.length, count) : at;
  const expected = fromSeq + first;
  const here = lines[first];
  if (!here && first < count) {
    const fits = body.length === header.bytes;
    const lost = { kind: 'line-missing', line: first + 1, fromSeq: expected, toSeq } as const;
    return {
      ...lost,
      message: `ends before line ${first + 1}: ${span(expected, toSeq)} missing${fits ? ', and others are longer' : ''}`,
      mending: null,
    };
  }
  if (here) {
    const back =
      first === count ? lines.length : lines.findIndex(({ seq }, i) => i > first && seq === expected);
    if (back > first) return inserted(header, body, lines, first, back);
    if (here.seq !== null && here.seq > expected && here.seq <= toSeq) {
      const gone = { kind: 'line-missing', line: first + 1, fromSeq: expected, toSeq: here.seq - 1 } as const;
      return {
        ...gone,
        message: `has seq ${here.seq} in line ${first + 1} where ${span(expected, here.seq - 1, 'should be')}`,
        mending: null,
      };
    }
    const message =
      here.seq === null
        ? `has something else in line ${first + 1} than a reading with seq ${expected}`
        : `has seq ${here.seq} in line ${first + 1} where ${expected} should be`;
    const found = changedByte(header, body, effort);
    const changed = { kind: 'file-changed', line: first + 1, fromSeq: expected, toSeq: expected } as const;
    return { ...changed, message, mending: found?.mending ?? null };
  }
  return changedWithin(header, body, lines, effort);
}

function inserted(
  header: SegmentHeader,
  body: Uint8Array,
  lines: readonly Line[],
  first: number,
  back: number,
): BodyFlaw {
  const [from, to] = [lines[first]!.start, lines[back]?.start ?? body.length];
  const rest = Buffer.concat([body.subarray(0, from), body.subarray(to)]);
  const isAll = sameHash(bodyHash(rest), header.bodyHash);
  const what = back - first === 1 ? `line ${first + 1}` : `lines ${first + 1} to ${back}`;
  const message = `has ${what} that the edge never sent${isAll ? '' : ', and does not match its hash without'}`;
  return {
    kind: 'line-inserted',
    line: first + 1,
    fromSeq: null,
    toSeq: null,
    message,
    mending: isAll ? `Delete ${what}: without it the file is as it was received.` : null,
  };
}

/** All numbers are right: a value, or what is between. */
function changedWithin(
  header: SegmentHeader,
  body: Uint8Array,
  lines: readonly Line[],
  effort: { bytes: number },
): BodyFlaw {
  const found = changedByte(header, body, effort);
  const broken = lines.findIndex(({ start, end }) => !isJson(body.subarray(start, end)));
  const line = found ? lines.findIndex(({ end }) => end > found.at) : broken;
  if (line < 0) {
    const { fromSeq, count } = header;
    const where = `one of the readings with seq ${fromSeq} to ${fromSeq + count - 1}`;
    const message = `does not match its hash: ${where} was changed`;
    return { ...whole(header, 'file-changed'), message, mending: null };
  }
  const seq = header.fromSeq + line;
  const message = `was changed in line ${line + 1}, the reading with seq ${seq}${found ? `: byte ${found.at}` : ''}`;
  return {
    kind: 'file-changed',
    line: line + 1,
    fromSeq: seq,
    toSeq: seq,
    message,
    mending: found?.mending ?? null,
  };
}

function whole({ fromSeq, count }: SegmentHeader, kind: FlawKind) {
  return { kind, line: null, fromSeq, toSeq: fromSeq + count - 1 };
}

/**
 * The one byte that was changed, if it was one: the hash tells when it is right again. Tries every bit, then every
 * printable character.
 */
function changedByte(
  header: SegmentHeader,
  body: Uint8Array,
  effort: { bytes: number },
): { at: number; mending: string } | null {
  if (body.length !== header.bytes) return null;
  for (const values of [oneBitOff, printableBytes]) {
    const cost = values(0).length * (body.length / 2 + 200) * body.length;
    if (cost > effort.bytes) return null;
    effort.bytes -= cost;
    const before = createHash('sha256');
    const tail = Buffer.from(body);
    for (let at = 0; at < tail.length; at++) {
      const own = tail[at]!;
      for (const value of values(own)) {
        tail[at] = value;
        if (!sameHash(before.copy().update(tail.subarray(at)).digest(), header.bodyHash)) continue;
        const was = JSON.stringify(String.fromCharCode(value));
        const mending = `Byte ${at} (from 0) is ${JSON.stringify(String.fromCharCode(own))} and was ${was}: with it the file is as it was received.`;
        return { at, mending };
      }
      tail[at] = own;
      before.update(tail.subarray(at, at + 1));
    }
  }
  return null;
}

const oneBitOff = (own: number) => [1, 2, 4, 8, 16, 32, 64, 128].map((bit) => own ^ bit);
const printables = Array.from({ length: 95 }, (_, i) => i + 0x20);
const printableBytes = () => printables;

/** Lines as they stand, one more than `countMax` and the rest as one. */
function linesOf(body: Uint8Array, countMax: number): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < body.length; ) {
    const found = body.indexOf(newline, start);
    const isWhole = found >= 0;
    const end = isWhole ? found + 1 : body.length;
    lines.push({ start, end, seq: isWhole ? seqOf(body, start) : null });
    start = end;
    // What a stranger has put behind it may be long.
    if (lines.length > 2 * countMax + 1_000) break;
  }
  return lines;
}

/** The seq that the line at `start` begins with. */
export function seqOf(body: Uint8Array, start = 0): number | null {
  const text = Buffer.from(body.buffer, body.byteOffset + start, Math.min(40, body.length - start));
  const match = /^\{"seq":(\d{1,16})[,}]/.exec(text.toString('latin1'));
  return match ? Number(match[1]) : null;
}

function isJson(line: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(line).toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

function span(from: number, to: number, verb?: string): string {
  const what = from === to ? `seq ${from}` : `seq ${from} to ${to}`;
  return verb ? `${what} ${verb}` : `${what} ${from === to ? 'is' : 'are'}`;
}
