/** Which rows somebody wants to see, as it stands in the page's address. Pure. */
import { type EventRow, searchedText } from './rows.ts';

export interface EventFilter {
  /** Empty: all. */
  readonly pipeline: string;
  /** A part of its name, such as `receiver/`. */
  readonly actor: string;
  /** A part of the event's name. */
  readonly event: string;
  readonly text: string;
  readonly failuresOnly: boolean;
  /** Rows that say the same are one. */
  readonly isGrouped: boolean;
  readonly form: 'table' | 'sequence';
  /** A moment, ms since 1970; `null` for what comes. */
  readonly atMs: number | null;
}

export function filterOf(query: URLSearchParams): EventFilter {
  const at = query.get('at');
  return {
    pipeline: query.get('pipeline') ?? '',
    actor: query.get('actor') ?? '',
    event: query.get('event') ?? '',
    text: query.get('text') ?? '',
    failuresOnly: query.get('only') === 'failures',
    isGrouped: query.get('group') !== 'off',
    form: query.get('as') === 'sequence' ? 'sequence' : 'table',
    atMs: at !== null && /^\d{1,16}$/.test(at) ? Number(at) : null,
  };
}

/** What is as it is without saying so is left out. */
export function queryOf(filter: Partial<EventFilter>): Readonly<Record<string, string | number | null>> {
  const { failuresOnly, isGrouped, form, atMs } = filter;
  const words = (['pipeline', 'actor', 'event', 'text'] as const)
    .filter((key) => filter[key] !== undefined)
    .map((key) => [key, filter[key] || null] as const);
  return {
    ...Object.fromEntries(words),
    ...(failuresOnly !== undefined && { only: failuresOnly ? 'failures' : null }),
    ...(isGrouped !== undefined && { group: isGrouped ? null : 'off' }),
    ...(form !== undefined && { as: form === 'sequence' ? 'sequence' : null }),
    ...(atMs !== undefined && { at: atMs }),
  };
}

/** @returns whether a row passes */
export function passes(filter: EventFilter): (row: EventRow) => boolean {
  const { pipeline, failuresOnly } = filter;
  const actor = filter.actor.toLowerCase();
  const event = filter.event.toLowerCase();
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return (row) =>
    (!failuresOnly || row.isFailure) &&
    (pipeline === '' || row.pipeline === pipeline) &&
    (actor === '' ||
      row.actor.toLowerCase().includes(actor) ||
      (row.source?.toLowerCase().includes(actor) ?? false)) &&
    (event === '' || row.event.toLowerCase().includes(event)) &&
    (words.length === 0 || includesAll(searchedText(row), words));
}

function includesAll(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word));
}
