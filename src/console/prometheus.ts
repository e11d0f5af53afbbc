/**
 * Prometheus' text format, version 0.0.4. No client library: those keep figures of their own process and count them up, and what
 * is told here are values that other processes have counted already.
 */
import { escapeControls } from '../domain/text.ts';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** Of a histogram: `_bucket`, `_sum` or `_count`. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One sentence. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

export const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Families without samples are left out. A series that comes twice is told once: else the reader would refuse all of them. */
export function exposition(families: readonly Family[]): string {
  const lines: string[] = [];
  for (const { name, type, help, samples } of families) {
    const told = new Set<string>();
    for (const { labels, value, suffix = '' } of samples) {
      const series = `${name}${suffix}${labelText(labels)}`;
      if (told.has(series)) continue;
      if (told.size === 0) {
        lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`);
        lines.push(`# TYPE ${name} ${type}`);
      }
      told.add(series);
      lines.push(`${series} ${numberText(value)}`);
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** What would steer a terminal is written as an escape first, so that it can be read in a browser or by `curl` as well. */
function escaped(value: string): string {
  return escapeControls(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}

export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}
