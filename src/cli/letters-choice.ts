/** Which dead letters are meant. */
import type { LetterInfo } from '../contract/control.ts';
import { FogrunError } from '../contract/errors.ts';
import { printable } from '../domain/text.ts';

export interface LetterOptions {
  /** Where the states of pipelines are. */
  readonly state: string;
  readonly id?: string | undefined;
  readonly out?: string | undefined;
  readonly yes?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** Those that `--id` names, all without it. Throws `usage`, or `letter-unknown` for one that is not there. */
export function chosenLetters(all: readonly LetterInfo[], { id }: LetterOptions): readonly LetterInfo[] {
  if (id === undefined || id === 'all') return all;
  const spans = id.split(',').map((part) => spanOf(part.trim(), id));
  for (const { from, to } of spans) {
    if (all.some((letter) => letter.id >= from && letter.id <= to)) continue;
    const ids = all.map((letter) => letter.id).join(', ');
    const there = all.length === 0 ? 'there are none' : `there ${all.length === 1 ? 'is' : 'are'} ${ids}`;
    throw new FogrunError(
      'letter-unknown',
      `there is no dead letter ${from === to ? from : `${from} to ${to}`}: ${printable(there, 200)}`,
    );
  }
  return all.filter((letter) => spans.some(({ from, to }) => letter.id >= from && letter.id <= to));
}

/** The one that `--id` names. */
export function oneLetter(all: readonly LetterInfo[], options: LetterOptions): LetterInfo {
  const some = chosenLetters(all, options);
  if (some.length === 1) return some[0]!;
  if (all.length === 0) throw new FogrunError('letter-unknown', 'there are no dead letters');
  throw new FogrunError('usage', `one dead letter is shown at a time, and ${some.length} are meant`, {
    advice: 'Name one with --id N; `fogrun dead-letters list` shows them all.',
  });
}

function spanOf(part: string, whole: string): { from: number; to: number } {
  const found = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(part);
  const from = Number(found?.[1] ?? 0);
  const to = Number(found?.[2] ?? from);
  if (from >= 1 && from <= to) return { from, to };
  throw new FogrunError(
    'usage',
    `--id takes numbers such as 3 or 1,4-6, or \`all\`, not \`${printable(whole, 80)}\``,
  );
}
