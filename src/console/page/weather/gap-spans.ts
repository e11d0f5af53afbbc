/** Gaps of an edge as spans of a chart, with what they are in words. */
import type { WeatherGap } from '../../../contract/weather.ts';
import { printable } from '../../../domain/text.ts';
import { counted } from '../shared/figures.ts';

export interface GapSpan {
  readonly fromMs: number;
  readonly toMs: number;
  /** `missed: 120 readings`. */
  readonly text: string;
}

/** @returns those that touch the axis, oldest first */
export function gapSpansOf(
  gaps: readonly WeatherGap[],
  edge: string,
  axis: { readonly fromMs: number; readonly toMs: number },
): readonly GapSpan[] {
  return gaps
    .filter((gap) => gap.edge === edge && gap.toMs >= axis.fromMs && gap.fromMs <= axis.toMs)
    .map(({ fromMs, toMs, reason, count }) => {
      const amount = count === null || count === 0 ? 'nobody knows how many' : counted(count, 'reading');
      return { fromMs, toMs, text: `${printable(reason, 40)}: ${amount}` };
    })
    .sort((a, b) => a.fromMs - b.fromMs);
}
