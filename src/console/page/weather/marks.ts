/** What happened to the actors while a curve was drawn, as marks on its time axis. */
import { printable } from '../../../domain/text.ts';
import { outagesOf, type Turn } from '../fleet/outages.ts';
import type { PastItem } from '../model/past.ts';
import { span } from '../shared/figures.ts';

export interface Mark {
  readonly timeMs: number;
  readonly how: 'lost' | 'regained' | 'paused';
  readonly actor: string;
  /** For people: `uploader: the cloud is gone`. */
  readonly text: string;
}

/**
 * The transitions among what happened, oldest first.
 * @param edge only those of the pipeline itself and of whoever serves that edge; `null` for all
 */
export function turnsOf(items: readonly PastItem[], edge: string | null): readonly Turn[] {
  const servedBy = new Map<string, string>();
  const turns: Turn[] = [];
  for (const { entry, timeMs, actor } of items) {
    if (!entry) continue;
    const { report } = entry;
    if (report.type === 'note' && report.about !== undefined) servedBy.set(actor, report.about);
    if (report.type !== 'transition') continue;
    const { from, to, cause } = report;
    turns.push({ timeMs, actor, from, to, cause: cause ? printable(cause.message, 120) : null });
  }
  if (edge === null) return turns;
  return turns.filter(({ actor }) => !actor.includes('/') || servedBy.get(actor) === edge);
}

/** @param turns oldest first */
export function marksOf(turns: readonly Turn[]): readonly Mark[] {
  const marks: Mark[] = [];
  for (const { actor, fromMs, toMs, cause, state, retries } of outagesOf(turns)) {
    const why = cause ?? state;
    marks.push({ timeMs: fromMs, how: 'lost', actor, text: `${actor}: ${why}` });
    if (toMs === null) continue;
    const attempts = retries > 1 ? `, ${retries} attempts` : '';
    const text = `${actor}: well again after ${span(toMs - fromMs)}${attempts}`;
    marks.push({ timeMs: toMs, how: 'regained', actor, text });
  }
  for (const { actor, from, to, timeMs } of turns) {
    if (to === 'paused') marks.push({ timeMs, how: 'paused', actor, text: `${actor}: paused` });
    else if (from === 'paused') marks.push({ timeMs, how: 'regained', actor, text: `${actor}: resumed` });
  }
  return marks.sort((a, b) => a.timeMs - b.timeMs);
}

export interface MarkGroup {
  /** 0 to 1, from the beginning of the axis to its end. */
  readonly share: number;
  /** The worst in it. */
  readonly how: Mark['how'];
  readonly marks: readonly Mark[];
}

const worse: Readonly<Record<Mark['how'], number>> = { lost: 2, paused: 1, regained: 0 };

/**
 * Marks that would lie on each other become one.
 * @param apart least distance of two groups, as a share of the axis
 */
export function groupMarks(
  marks: readonly Mark[],
  axis: { readonly fromMs: number; readonly toMs: number },
  apart: number,
): readonly MarkGroup[] {
  const groups: { share: number; how: Mark['how']; marks: Mark[] }[] = [];
  for (const mark of marks) {
    const share = (mark.timeMs - axis.fromMs) / (axis.toMs - axis.fromMs);
    if (share < 0 || share > 1) continue;
    const last = groups.at(-1);
    if (!last || share - last.share > apart) {
      groups.push({ share, how: mark.how, marks: [mark] });
      continue;
    }
    last.marks.push(mark);
    if (worse[mark.how] > worse[last.how]) last.how = mark.how;
  }
  return groups;
}
