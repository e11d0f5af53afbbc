/** What happened as rows of one log: steps of statecharts and lines of the log alike. Pure. */
import type { Report } from '../../../contract/report.ts';
import type { PastItem } from '../model/past.ts';
import { guardNames } from '../statechart/history.ts';

/** One row before it is grouped. */
export interface EventRow {
  readonly item: PastItem;
  readonly timeMs: number;
  readonly pipeline: string;
  readonly actor: string;
  /** Who sent it, as in `StepFrame.source`; `null` for the runtime, or what nobody knows. */
  readonly source: string | null;
  readonly sort: 'step' | 'ignored' | 'began' | 'ended' | 'segment' | 'note' | 'alarm' | 'problem' | 'change';
  /** Name of the event, or what kind of word it is. */
  readonly event: string;
  readonly text: string;
  readonly isFailure: boolean;
  /** The same for rows that say the same; times, numbers of segments and the like left out. */
  readonly word: string;
}

const known = new WeakMap<PastItem, EventRow>();

export function rowOf(item: PastItem): EventRow {
  const before = known.get(item);
  if (before) return before;
  const part = item.frame ? ofFrame(item) : ofEntry(item);
  const { pipeline, actor, timeMs } = item;
  const { source, sort, event } = part;
  const row: EventRow = {
    ...{ item, timeMs, pipeline, actor, ...part },
    word: `${pipeline}\n${source}\n${actor}\n${sort}\n${event}\n${part.word}`,
  };
  known.set(item, row);
  return row;
}

type Part = Pick<EventRow, 'source' | 'sort' | 'event' | 'text' | 'isFailure' | 'word'>;

function ofFrame(item: Extract<PastItem, { entry: null }>): Part {
  const { frame } = item;
  if (frame.type === 'actor') {
    const event = frame.known ? 'seen' : 'began';
    return { source: null, sort: 'began', event, text: frame.state, isFailure: false, word: frame.state };
  }
  if (frame.type === 'end') {
    const isFailure = frame.how !== 'stopped';
    const text = frame.cause ? `${frame.cause.code}: ${frame.cause.message}` : frame.how;
    const event = isFailure ? frame.how : 'ended';
    return { source: null, sort: 'ended', event, text, isFailure, word: text };
  }
  const { source, event, from, to, cause, taken, refused } = frame;
  const moved = from === to ? to : `${from} → ${to}`;
  const guards = guardNames(refused).join(', ');
  const text =
    moved + (guards === '' ? '' : ` (not ${guards})`) + (cause ? `: ${cause.code}: ${cause.message}` : '');
  const failsNow = cause !== undefined && (from !== to || taken.length > 0);
  return {
    ...{ source, event: event.name, text, isFailure: failsNow || /(?:^|\.)failed$/.test(to) },
    sort: taken.length === 0 && refused.length === 0 && from === to ? 'ignored' : 'step',
    word: `${moved}\n${guards}\n${cause?.code ?? ''}`,
  };
}

function ofEntry({ entry }: Extract<PastItem, { frame: null }>): Part {
  const { report, level } = entry;
  const isFailure = level === 'error' || level === 'warn';
  return { source: null, isFailure, ...said(report) };
}

function said(report: Report): Pick<Part, 'sort' | 'event' | 'text' | 'word'> {
  switch (report.type) {
    case 'transition': {
      const { from, to, event, cause } = report;
      const text = `${from} → ${to}${cause ? `: ${cause.code}: ${cause.message}` : ''}`;
      return { sort: 'change', event, text, word: `${from} ${to} ${cause?.code ?? ''}` };
    }
    case 'segment': {
      const { what, stream, gap } = report;
      return { sort: 'segment', event: what, text: segmentText(report), word: `${stream} ${gap ?? ''}` };
    }
    case 'stored': {
      const { edge, stream, gap } = report;
      const text = `${edge} ${segmentText(report)}`;
      return { sort: 'segment', event: 'stored', text, word: `${edge} ${stream} ${gap ?? ''}` };
    }
    case 'forecast':
      return { sort: 'note', event: 'forecast', text: `of segment ${report.segment}`, word: '' };
    case 'note':
      return { sort: 'note', event: 'note', text: report.text, word: report.text };
    case 'problem': {
      const text = `${report.code}: ${report.message}`;
      return { sort: 'problem', event: 'problem', text, word: text };
    }
    case 'alarm': {
      const text = report.text === null ? `${report.about}: over` : `${report.about}: ${report.text}`;
      return { sort: 'alarm', event: 'alarm', text, word: text };
    }
  }
}

function segmentText(report: Extract<Report, { type: 'segment' | 'stored' }>): string {
  const { stream, segment, first, readings, gap } = report;
  const which = first === undefined ? `${segment}` : `${first} to ${segment}`;
  const held = gap ? 'a gap' : `${readings} reading${readings === 1 ? '' : 's'}`;
  return `${stream} ${which}, ${held}`;
}

/** What a search looks at, in small letters. */
export function searchedText({ pipeline, actor, source, event, text }: EventRow): string {
  return `${pipeline}/${actor} ${source ?? ''} ${event} ${text}`.toLowerCase();
}

/**
 * Rows of items, oldest first. The log tells of state changes too: where an actor's own frames are there, these say more. Of what was
 * before the first of them only the log still knows, though a new page hears of it later.
 */
export function rowsOf(items: readonly PastItem[]): EventRow[] {
  const framed = new Map<string, Map<string, number>>();
  const rows: EventRow[] = [];
  for (const item of items) {
    const row = rowOf(item);
    const known = framed.get(item.pipeline);
    if (item.frame) {
      if (!known) framed.set(item.pipeline, new Map([[item.actor, item.timeMs]]));
      else if (!known.has(item.actor)) known.set(item.actor, item.timeMs);
    } else if (row.sort === 'change' && row.timeMs >= (known?.get(item.actor) ?? Number.POSITIVE_INFINITY))
      continue;
    rows.push(row);
  }
  return rows;
}
