/** What people read beside the readings on stdout: gaps, and what else they must know. */
import type { Gap } from '../domain/gap.ts';
import { escapeControls } from '../domain/text.ts';

export function describeGap({ gap, fromSeq, toSeq, fromTime, toTime, count, text }: Gap): string {
  const seqs = fromSeq === undefined ? '' : ` seq ${fromSeq} to ${toSeq},`;
  const times = fromTime === undefined ? '' : ` ${fromTime} to ${toTime},`;
  return `gap (${gap}):${seqs}${times} ${count} reading${count === 1 ? '' : 's'}: ${text}`;
}

/** A line on stderr. */
export function tell(text: string): void {
  process.stderr.write(`# ${escapeControls(text)}\n`);
}
