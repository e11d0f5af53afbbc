/** Reads a recording back, checked before anybody shows it: a bug report comes from anywhere. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { PassThrough, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FogrunError } from '../contract/errors.ts';
import { formatSize } from '../domain/quantities.ts';
import { printable } from '../domain/text.ts';
import type { RecordingHeader } from './wire.ts';

export interface RecordingSummary {
  readonly header: RecordingHeader;
  readonly events: number;
  /** Before compression. */
  readonly bytes: number;
  /** When its last event was; that of its beginning when it has none. */
  readonly endedMs: number;
  readonly pipelines: readonly string[];
  /** Lines that were no events and are left out: the last one of a recorder that was killed, say. */
  readonly damaged: number;
  /** It is compressed, and cut off or damaged somewhere: what comes after that is not known. */
  readonly isBroken: boolean;
}

/** What was made of a damaged file is lost by so much at most: a stream forgets what it has when it fails, so it has one piece. */
const gunzipOptions = { chunkSize: 4 * 2 ** 10, readableHighWaterMark: 1 };

/** A page keeps all of it in memory. */
export const recordingBytesMax = 512 * 2 ** 20;
const lineLengthMax = 16 * 2 ** 20;
const eventTypes = new Set(['reset', 'pipeline', 'status', 'entries', 'frames']);

/** Each sound line as it stands, the header first. Compressed files (gzip) are told by their first bytes. */
export async function* recordingLines(path: string): AsyncGenerator<string> {
  let isFirst = true;
  for await (const { text, problem } of checkedLines(path)) {
    if (isFirst && problem !== null) throw unreadable(path, problem);
    isFirst = false;
    if (problem === null) yield text;
  }
  if (isFirst) throw unreadable(path, 'it is empty');
}

/**
 * Looks through a whole recording.
 * @throws FogrunError `recording-unreadable`, `file-unreadable`
 */
export async function summarise(
  path: string,
  bytesMax: number = recordingBytesMax,
): Promise<RecordingSummary> {
  let header: RecordingHeader | null = null;
  let [events, bytes, damaged, endedMs] = [0, 0, 0, 0];
  const pipelines = new Set<string>();
  let isBroken = false;
  for await (const { text, value, problem } of checkedLines(path)) {
    bytes += text.length;
    if (bytes > bytesMax) throw unreadable(path, `it holds more than ${formatSize(bytesMax)}`);
    if (header === null) {
      if (problem !== null) throw unreadable(path, problem);
      header = value as RecordingHeader;
      endedMs = header.startedMs;
    } else if (problem === brokenOff) isBroken = true;
    else if (problem !== null) damaged += 1;
    else {
      const event = value as { timeMs: number; type: string; pipeline?: string };
      events += 1;
      endedMs = Math.max(endedMs, event.timeMs);
      if (typeof event.pipeline === 'string') pipelines.add(event.pipeline);
    }
  }
  if (header === null) throw unreadable(path, 'it is empty');
  return { header, events, bytes, endedMs, pipelines: [...pipelines].sort(), damaged, isBroken };
}

const brokenOff = 'the rest cannot be read';

interface CheckedLine {
  readonly text: string;
  readonly value: unknown;
  /** `null` for a sound one. */
  readonly problem: string | null;
}

async function* checkedLines(path: string): AsyncGenerator<CheckedLine> {
  const input = await contentsOf(path);
  let isFirst = true;
  try {
    for await (const text of linesOf(input)) {
      yield checked(text, isFirst);
      isFirst = false;
    }
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    // A compressed file whose end a killed recorder left out, or with a damaged byte: what came before is sound.
    const isPartly = code === 'Z_BUF_ERROR' || code === 'Z_DATA_ERROR';
    if (isPartly && !isFirst) yield { text: '', value: null, problem: brokenOff };
    else if (thrown instanceof FogrunError) throw thrown;
    else throw unreadable(path, `it cannot be read: ${code ?? (thrown as Error).message}`, thrown);
  } finally {
    input.destroy();
  }
}

/** A line that is too long is an empty one. */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  let pending = '';
  let isTooLong = false;
  input.setEncoding('utf8');
  for await (const chunk of input as AsyncIterable<string>) {
    pending += chunk;
    // A long line comes in thousands of pieces: it is looked at once.
    const lines = chunk.includes('\n') ? pending.split('\n') : [pending];
    pending = lines.pop()!;
    for (const line of lines) {
      yield isTooLong ? '' : line;
      isTooLong = false;
    }
    if (pending.length <= lineLengthMax) continue;
    pending = '';
    isTooLong = true;
  }
  if (pending !== '' || isTooLong) yield pending;
}

function checked(text: string, isFirst: boolean): CheckedLine {
  const wrong = (problem: string) => ({ text, value: null, problem });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return wrong('its first line is no JSON');
  }
  if (typeof value !== 'object' || value === null) return wrong('its first line is no object');
  if (!isFirst) return isEvent(value) ? { text, value, problem: null } : wrong('a line is no event');
  const { recording, version, startedMs } = value as Partial<Record<keyof RecordingHeader, unknown>>;
  if (typeof recording === 'number' && recording > 1) {
    return wrong(`it has format ${recording}, of a newer fogrun (${printable(String(version), 40)})`);
  }
  const isHeader = recording === 1 && typeof version === 'string' && Number.isFinite(startedMs);
  return isHeader ? { text, value, problem: null } : wrong('its first line is no header of a recording');
}

function isEvent(value: object): boolean {
  const { type, id, timeMs } = value as { type?: unknown; id?: unknown; timeMs?: unknown };
  return eventTypes.has(type as string) && Number.isSafeInteger(id) && Number.isFinite(timeMs);
}

async function contentsOf(path: string): Promise<Readable> {
  const first = Buffer.alloc(2);
  try {
    const file = await open(path);
    try {
      await file.read(first, 0, 2, 0);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    throw new FogrunError('file-unreadable', `${printable(path, 200)} cannot be read: ${code ?? message}`);
  }
  const file = createReadStream(path);
  const out = first[0] === 0x1f && first[1] === 0x8b ? createGunzip(gunzipOptions) : new PassThrough();
  file.once('error', (error) => out.destroy(error));
  out.once('close', () => file.destroy());
  return file.pipe(out);
}

function unreadable(path: string, why: string, cause?: unknown): FogrunError {
  return new FogrunError('recording-unreadable', `${printable(path, 200)} is no recording to show: ${why}`, {
    cause,
  });
}
