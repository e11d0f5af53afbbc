/** What actors tell people: one entry becomes one line in the terminal or in a log. */
import type { Forecast } from '../domain/message.ts';
import type { SegmentHeader } from '../domain/segment.ts';
import type { Problem } from './errors.ts';
import { statesStream } from './state-records.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** A state change; names of nested states are joined by dots. */
export interface TransitionReport {
  readonly type: 'transition';
  readonly from: string;
  readonly to: string;
  readonly event: string;
  readonly cause?: Problem;
  readonly attempt?: number;
  readonly retryInMs?: number;
}

/** Where segments of the edge have got to; `segment` is the sequence of the last one, `first` of the first if there are more. */
export interface SegmentReport {
  readonly type: 'segment';
  readonly what: 'sealed' | 'sent' | 'acknowledged' | 'deleted';
  readonly segment: number;
  readonly first?: number;
  /** In all of them. */
  readonly readings: number;
  /** What they cover; absent where that is nothing. */
  readonly fromSeq?: number;
  readonly toSeq?: number;
  readonly stream: string;
  /** Set when it stands for readings that will never come. */
  readonly gap?: true;
}

/** The report on a segment, from its header. */
export function segmentReport(what: SegmentReport['what'], header: SegmentHeader): SegmentReport {
  const { sequence: segment, stream, count } = header;
  const seqs = seqsOf([header]);
  if (header.type === 'gap')
    return { type: 'segment', what, segment, readings: 0, ...seqs, stream, gap: true };
  return { type: 'segment', what, segment, readings: count, ...seqs, stream };
}

/** From the first to the last reading, or number, of consecutive segments. */
function seqsOf(headers: readonly SegmentHeader[]): { fromSeq?: number; toSeq?: number } {
  const [first, last] = [headers[0]!, headers.at(-1)!];
  const toSeq = last.fromSeq + last.count - 1;
  return toSeq < first.fromSeq ? {} : { fromSeq: first.fromSeq, toSeq };
}

/** So many segments get a report each; more get one together, which also a person can follow. */
const segmentsApartMax = 64;

/** Reports on consecutive segments of one stream. */
export function segmentReports(
  what: SegmentReport['what'],
  headers: readonly SegmentHeader[],
): readonly SegmentReport[] {
  const [first, last] = [headers[0], headers.at(-1)];
  if (!first || !last || headers.length <= segmentsApartMax) {
    return headers.map((header) => segmentReport(what, header));
  }
  const readings = headers.reduce((sum, { type, count }) => sum + (type === 'gap' ? 0 : count), 0);
  const { sequence: segment, stream } = last;
  return [{ type: 'segment', what, segment, first: first.sequence, readings, ...seqsOf(headers), stream }];
}

export interface ForecastReport extends Forecast {
  readonly type: 'forecast';
  readonly segment: number;
}

/** Segments of an edge are on the cloud's disk; `segment` is the sequence of the last one, `first` of the first if there are more. */
export interface StoredReport {
  readonly type: 'stored';
  readonly edge: string;
  readonly stream: string;
  readonly segment: number;
  readonly first?: number;
  /** In all of them. */
  readonly readings: number;
  /** Set when it stands for readings that will never come. */
  readonly gap?: true;
  /** Where the first one will stand, below the store's directory. */
  readonly file: string;
}

/** A fact worth a line, such as an address that is listened on. */
export interface NoteReport {
  readonly type: 'note';
  readonly text: string;
  /** Whom its actor serves from now on, such as the name of an edge. */
  readonly about?: string;
}

/** Something went wrong that no transition shows. */
export interface ProblemReport extends Problem {
  readonly type: 'problem';
}

/** Something that is wrong for as long as it lasts, though the actor does its work: shown in red beside it. */
export interface AlarmReport {
  readonly type: 'alarm';
  /** One word; an actor can have an alarm about several things at once. */
  readonly about: string;
  /** `null`: over. */
  readonly text: string | null;
}

export type Report =
  | TransitionReport
  | SegmentReport
  | StoredReport
  | ForecastReport
  | NoteReport
  | ProblemReport
  | AlarmReport;

/** The level of a report whose sender named none. */
export function levelOf(report: Report): Level {
  if (report.type === 'problem') return 'error';
  if (report.type === 'alarm') return report.text === null ? 'info' : 'warn';
  // What an edge says of itself travels beside what people wait for.
  if ((report.type === 'segment' || report.type === 'stored') && report.stream === statesStream)
    return 'debug';
  if (report.type !== 'transition') return 'info';
  if (report.to === 'failed' || report.to.endsWith('.failed')) return 'error';
  return report.cause ? 'warn' : 'info';
}

/** A report with who said it and when. */
export interface LogEntry {
  /** Ms since 1970. */
  readonly time: number;
  readonly level: Level;
  readonly pipeline: string;
  readonly actor: string;
  readonly report: Report;
}

/** Takes a report; must not throw. `atMs`: when it was said, ms since 1970, if that was not now. */
export type Reporter = (report: Report, level?: Level, atMs?: number) => void;
