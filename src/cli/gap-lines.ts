/** What people read beside the readings on stdout: gaps, and what else they must know. */
import type { Gap } from '../domain/gap.ts';
import { counted, escapeControls } from '../domain/text.ts';

/** A line on stderr. */
export function tell(text: string): void {
  process.stderr.write(`# ${escapeControls(text)}\n`);
}

export interface GapLines {
  /** The gap that comes next. */
  add(gap: Gap): void;
  /** Something else comes: whatever was held back is told. */
  flush(): void;
}

/** Tells gaps; those that follow one another and say the same become one line, for there may be thousands. */
export function createGapLines(line: (text: string) => void = tell): GapLines {
  let held: Gap | null = null;
  const flush = () => {
    const gap = held;
    held = null;
    if (gap) line(describeGap(gap));
  };
  return {
    add(gap) {
      const both = held && joined(held, gap);
      if (!both) flush();
      held = both ?? gap;
    },
    flush,
  };
}

function joined(a: Gap, b: Gap): Gap | null {
  const isSame = a.gap === b.gap && a.text === b.text && a.fromTime === undefined && b.fromTime === undefined;
  const isNext = a.toSeq !== undefined && b.fromSeq === a.toSeq + 1;
  return isSame && isNext ? { ...b, fromSeq: a.fromSeq!, count: a.count + b.count } : null;
}

function describeGap({ gap, fromSeq, toSeq, fromTime, toTime, count, text }: Gap): string {
  const seqs = fromSeq === undefined ? '' : ` seq ${fromSeq} to ${toSeq},`;
  const times = fromTime === undefined ? '' : ` ${fromTime} to ${toTime},`;
  const what = count === 0 ? 'nobody knows how many readings' : counted(count, 'reading');
  return `gap (${gap}):${seqs}${times} ${what}: ${text}`;
}
