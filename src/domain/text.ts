/** Small helpers for the texts that people read. */

/** C0 and C1 controls, DEL, soft hyphen, zero-width and bidirectional marks, line separators, BOM, halves of pairs. */
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu;

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Foreign text made safe for a terminal and a log line: what would steer or deceive is written as an escape. */
export function escapeControls(text: string): string {
  return text.replace(
    unsafe,
    (c) => shortEscapes[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** At most `lengthMax` UTF-16 units; what was cut is marked by an ellipsis. */
export function clip(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  // Not between the halves of a surrogate pair.
  const end = /[\ud800-\udbff]/.test(text[lengthMax - 2] ?? '') ? lengthMax - 2 : lengthMax - 1;
  return `${text.slice(0, end)}…`;
}

/** Foreign text as a message shows it: safe, and no longer than `lengthMax`. */
export function printable(text: string, lengthMax: number = 80): string {
  return clip(escapeControls(text), lengthMax);
}

/** `1 segment`, `2 readings`; `shown` is the number as it is to be read. */
export function counted(value: number, word: string, shown: string = String(value)): string {
  return `${shown} ${word}${value === 1 ? '' : 's'}`;
}

/** Joins words as `a`, `b` or `c`, each in backquotes. */
export function quoteList(words: readonly string[], conjunction: 'or' | 'and' = 'or'): string {
  const quoted = words.map((word) => `\`${escapeControls(word)}\``);
  const last = quoted.pop();
  if (last === undefined) return '';
  return quoted.length === 0 ? last : `${quoted.join(', ')} ${conjunction} ${last}`;
}

/** Longest word that is compared; longer ones are no typing mistakes. */
const comparedLengthMax = 64;

/**
 * The candidates that `word` was probably meant to be, nearest first, at most three: those within one mistake for
 * each three letters, counted by the Damerau-Levenshtein distance (optimal string alignment), letter case ignored.
 */
export function nearest(word: string, candidates: Iterable<string>): string[] {
  if (word.length > comparedLengthMax) return [];
  const low = word.toLowerCase();
  const found: { candidate: string; distance: number }[] = [];
  for (const candidate of candidates) {
    const longer = Math.max(low.length, candidate.length);
    if (candidate.length > comparedLengthMax) continue;
    const distanceMax = Math.max(1, Math.floor(longer / 3));
    if (Math.abs(low.length - candidate.length) > distanceMax) continue;
    const distance = editDistance(low, candidate.toLowerCase());
    if (distance <= distanceMax && distance < longer) found.push({ candidate, distance });
  }
  found.sort((a, b) => a.distance - b.distance);
  // A clear winner stands alone.
  const best = found[0]?.distance;
  return found
    .filter(({ distance }) => distance === best)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** Insertions, deletions, substitutions and swaps of neighbours that lead from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let twoAbove: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, twoAbove[j - 2]! + 1);
      }
      row.push(least);
    }
    twoAbove = above;
    above = row;
  }
  return above[b.length]!;
}
