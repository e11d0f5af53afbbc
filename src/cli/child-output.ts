/** What a child process says on its stdout and stderr, for the view of its parent. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { type ErrorCode, errorCodes } from '../contract/errors.ts';
import type { Level, LogEntry, Report } from '../contract/report.ts';

const levels: readonly string[] = ['debug', 'info', 'warn', 'error'] satisfies Level[];

/** A line of `--log json` as the entry it was made from; `null` when it is none. */
export function entryOf(line: string): LogEntry | null {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof fields !== 'object' || fields === null) return null;
  const { time: iso, level, pipeline, actor, ...report } = fields;
  const time = typeof iso === 'string' ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(time) || !levels.includes(level as string) || typeof report.type !== 'string') return null;
  if (typeof pipeline !== 'string' || typeof actor !== 'string') return null;
  return { time, level: level as Level, pipeline, actor, report: reportOf(report) };
}

/** A transition's cause stands in the line in three fields. */
function reportOf(report: Record<string, unknown>): Report {
  if (report.type !== 'transition') return report as unknown as Report;
  const { cause, code, advice, ...rest } = report;
  if (typeof cause !== 'string') return rest as unknown as Report;
  const known =
    typeof code === 'string' && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'internal';
  return { ...rest, cause: { code: known, message: cause, advice: String(advice) } } as unknown as Report;
}

/** Calls back with each line, without the sequences that colour it. */
export function onLines(stream: Readable, listener: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })
    .on('line', (line) => {
      const text = stripVTControlCharacters(line);
      if (text.trim() !== '') listener(text);
    })
    .on('error', () => {});
}
