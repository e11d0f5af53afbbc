/** Lines on stdout: JSON for machines, text for people, or text for the journal. */
import { styleText } from 'node:util';
import type { Clock } from '../contract/clock.ts';
import {
  type Level,
  type LogEntry,
  levelOf,
  type Report,
  type Reporter,
  type SegmentReport,
  type StoredReport,
} from '../contract/report.ts';
import { statesStream } from '../contract/state-records.ts';
import { formatDuration } from '../domain/quantities.ts';
import { counted, escapeControls } from '../domain/text.ts';

export interface Log {
  /** A reporter that signs with that actor's name. */
  reporter(pipeline: string, actor: string): Reporter;
}

/** `journal` is text without time and colour, each line with its level in front, as systemd takes it. */
export type LogFormat = 'text' | 'json' | 'journal';

export interface LogOptions {
  readonly format: LogFormat;
  /** What is less severe is left out; everything is told unless given. */
  readonly levelMin?: Level;
  readonly colour: boolean;
  readonly clock: Clock;
  readonly write: (line: string) => void;
}

/** An entry as one line, without its end. */
export function renderEntry(
  entry: LogEntry,
  { format, colour }: Pick<LogOptions, 'format' | 'colour'>,
): string {
  return renderers[format](entry, colour);
}

export function createLog(options: LogOptions): Log {
  const rankMin = severity[options.levelMin ?? 'debug'];
  return {
    reporter: (pipeline, actor) => (report, given, atMs) => {
      const level = given ?? levelOf(report);
      if (severity[level] < rankMin) return;
      const entry = { time: atMs ?? options.clock.now(), level, pipeline, actor, report };
      options.write(`${renderEntry(entry, options)}\n`);
    },
  };
}

const severity: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** JSON leaves DEL, C1 controls and line separators as they are; a terminal that shows the line would obey them. */
function stringify(line: object): string {
  return JSON.stringify(line).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function jsonLine({ time, level, pipeline, actor, report }: LogEntry): string {
  const { type, ...rest } = report;
  const head = { time: new Date(time).toISOString(), level, pipeline, actor, type };
  if (report.type !== 'transition' || !report.cause) return stringify({ ...head, ...rest });
  const { code, message, advice } = report.cause;
  return stringify({ ...head, ...rest, cause: message, code, advice });
}

type Style = Parameters<typeof styleText>[0];

function textLine({ time, level, pipeline, actor, report }: LogEntry, colour: boolean): string {
  const paint = (style: Style, text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const clock = new Date(time).toISOString().slice(11, 24);
  const tone: Style = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : 'green';
  const said = escapeControls(sentence(report));
  const text =
    report.type === 'alarm' && report.text !== null
      ? paint('red', said)
      : said.replace(/^\S+ → \S+/, (states) => paint(tone, states));
  return `${paint('gray', clock)}  ${paint('cyan', nameOf(pipeline, actor))} ${text}`;
}

function nameOf(pipeline: string, actor: string): string {
  return escapeControls(`${pipeline}/${actor}`).padEnd(30);
}

/** Levels of syslog(3), as sd-daemon(3) has them at the beginning of a line. */
export const journalPrefix: Readonly<Record<Level, string>> = {
  debug: '<7>',
  info: '<6>',
  warn: '<4>',
  error: '<3>',
};

/** The journal keeps the time itself. */
function journalLine({ level, pipeline, actor, report }: LogEntry): string {
  return `${journalPrefix[level]}${nameOf(pipeline, actor)} ${escapeControls(sentence(report))}`;
}

const renderers = { text: textLine, json: jsonLine, journal: journalLine } as const;

/** What a report says, as one line of text that is not yet escaped. */
export function sentence(report: Report): string {
  switch (report.type) {
    case 'transition': {
      const parts = [`${report.from} → ${report.to}`];
      if (report.cause) parts.push(`${report.cause.code}: ${report.cause.message}`);
      if (report.attempt) parts.push(`attempt ${report.attempt}`);
      if (report.retryInMs) parts.push(`retry in ${formatDuration(report.retryInMs)}`);
      if (report.cause && report.to === 'failed') parts.push(report.cause.advice);
      return parts.join(' · ');
    }
    case 'segment':
      return `${which(report)} ${report.what} · ${report.gap ? 'gap' : counted(report.readings, 'reading')}`;
    case 'stored':
      return `${which(report)} of ${report.edge} stored · ${
        report.gap ? 'a gap' : counted(report.readings, 'reading')
      } · ${report.file}`;
    case 'forecast':
      return `forecast for segment ${report.segment} · ${report.text}`;
    case 'note':
      return report.text;
    case 'alarm':
      return report.text === null ? `alarm over: ${report.about}` : `alarm: ${report.text}`;
    case 'problem':
      return `${report.code}: ${report.message} · ${report.advice}`;
  }
}

function which({ first, segment, stream }: SegmentReport | StoredReport): string {
  const of = stream === statesStream ? ` of ${stream}` : '';
  return `${first === undefined ? `segment ${segment}` : `segments ${first} to ${segment}`}${of}`;
}
