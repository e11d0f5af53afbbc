/** Sets of whole numbers, kept as spans: as small as what they hold is contiguous. */

/** Both ends included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Ordered, apart from one another. */
export type Spans = readonly Span[];

/** Collects spans that come mostly in order. */
export class SpanCollector {
  readonly #spans: { from: number; to: number }[] = [];

  add(from: number, to: number): void {
    if (to < from) return;
    const last = this.#spans.at(-1);
    if (last && from >= last.from && from <= last.to + 1) last.to = Math.max(last.to, to);
    else this.#spans.push({ from, to });
  }

  spans(): Spans {
    return joinSpans(this.#spans);
  }
}

/** The numbers of all of them. */
export function joinSpans(...sets: readonly Spans[]): Spans {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of sets.flat().sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && from <= last.to + 1) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

/** The numbers of `a` that are in `b` too. */
export function sharedSpans(a: Spans, b: Spans): Spans {
  const shared: Span[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [from, to] = [Math.max(a[i]!.from, b[j]!.from), Math.min(a[i]!.to, b[j]!.to)];
    if (from <= to) shared.push({ from, to });
    if (a[i]!.to < b[j]!.to) i++;
    else j++;
  }
  return shared;
}

/** The numbers of the span that are not in `spans`. */
export function missingFrom({ from, to }: Span, spans: Spans): Spans {
  const missing: Span[] = [];
  let next = from;
  for (const span of spans) {
    if (span.to < next) continue;
    if (span.from > to) break;
    if (span.from > next) missing.push({ from: next, to: span.from - 1 });
    next = span.to + 1;
  }
  if (next <= to) missing.push({ from: next, to });
  return missing;
}

export function countIn(spans: Spans): number {
  return spans.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

/** `1 to 5, 9`; of many the first `most`, and how many more. */
export function spansText(spans: Spans, most = 5): string {
  const texts = spans.slice(0, most).map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`));
  return `${texts.join(', ')}${spans.length > most ? ` and ${spans.length - most} more` : ''}`;
}
