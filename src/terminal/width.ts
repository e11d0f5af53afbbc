/** How many cells of a terminal a text takes, and texts made to fit into so many. */

/** East Asian Wide and Fullwidth (Unicode Standard Annex #11), in blocks, as pairs of first and last code point. */
const wide: readonly number[] = [
  0x1100, 0x115f, 0x2329, 0x232a, 0x2e80, 0x303e, 0x3041, 0x33ff, 0x3400, 0x4dbf, 0x4e00, 0x9fff, 0xa000,
  0xa4cf, 0xa960, 0xa97c, 0xac00, 0xd7a3, 0xf900, 0xfaff, 0xfe10, 0xfe19, 0xfe30, 0xfe6f, 0xff01, 0xff60,
  0xffe0, 0xffe6, 0x16fe0, 0x18d08, 0x1aff0, 0x1b2fb, 0x1f200, 0x1f265, 0x20000, 0x2fffd, 0x30000, 0x3fffd,
];
/** Vowels and finals of Hangul, which join the letter before them. */
const joining = /[\u1160-\u11ff\ud7b0-\ud7ff]/;
const unseen = /[\p{Mn}\p{Me}]/u;
const picture = /^[\p{Emoji_Presentation}\p{Regional_Indicator}]/u;
const flag = /^\p{Regional_Indicator}{2}$/u;
const tinted = /^\p{Emoji_Modifier_Base}\p{Emoji_Modifier}$/u;
/** Some terminals widen the letter before these and some do not; without them all agree. */
const selectors = /[\ufe00-\ufe0f]/g;
/** A tower of marks on one letter, of which a few are enough. */
const towers = /([\p{Mn}\p{Me}\u1160-\u11ff\ud7b0-\ud7ff]{4})[\p{Mn}\p{Me}\u1160-\u11ff\ud7b0-\ud7ff]+/gu;

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const plain = /^[\x20-\x7e]*$/;

function isWide(code: number): boolean {
  if (code < wide[0]!) return false;
  for (let i = 0; i < wide.length; i += 2) if (code >= wide[i]! && code <= wide[i + 1]!) return true;
  return false;
}

/** What a person takes for one letter. Terminals add up what is in it, but for flags and tinted pictures. */
function cellsOfCluster(cluster: string): number {
  if (flag.test(cluster) || tinted.test(cluster)) return 2;
  let cells = 0;
  for (const letter of cluster) {
    if (unseen.test(letter) || joining.test(letter)) continue;
    cells += isWide(letter.codePointAt(0)!) || picture.test(letter) ? 2 : 1;
  }
  return cells;
}

/** Without what terminals cannot agree on. */
const even = (text: string) => (plain.test(text) ? text : text.replace(selectors, '').replace(towers, '$1'));

/** Cells of a text without controls. Where terminals disagree, the larger number. */
export function cellsOf(text: string): number {
  if (plain.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of segmenter.segment(text)) cells += cellsOfCluster(segment);
  return cells;
}

/** What is left of a text in at most `cellsMax` cells; what was cut is marked by `mark`. */
export function cut(text: string, cellsMax: number, mark: string = '…'): string {
  if (cellsMax <= 0) return '';
  if (plain.test(text)) {
    return text.length <= cellsMax ? text : text.slice(0, Math.max(0, cellsMax - mark.length)) + mark;
  }
  let cells = 0;
  let kept = '';
  let cutAt = 0;
  for (const { segment } of segmenter.segment(even(text))) {
    const own = cellsOfCluster(segment);
    if (cells + own > cellsMax) return kept.slice(0, cutAt) + cut(mark, cellsMax);
    cells += own;
    kept += segment;
    if (cells <= cellsMax - mark.length) cutAt = kept.length;
  }
  return kept;
}

/** Exactly `cells` cells: cut, or filled up with spaces, on the left for `right`-aligned text. */
export function fitted(text: string, cells: number, align: 'left' | 'right' = 'left', mark?: string): string {
  const short = cut(text, cells, mark);
  const fill = ' '.repeat(Math.max(0, cells - cellsOf(short)));
  return align === 'left' ? short + fill : fill + short;
}

/** Lines of at most `cells` cells, at most `linesMax`, broken at spaces where there are any. */
export function wrap(text: string, cells: number, linesMax: number, mark?: string): string[] {
  const lines: string[] = [];
  let rest = even(text);
  while (cellsOf(rest) > cells && lines.length + 1 < linesMax) {
    const head = cut(rest, cells, '');
    if (head === '') break;
    const space = rest[head.length] === ' ' ? head.length : head.lastIndexOf(' ');
    const at = space > head.length / 2 ? space : head.length;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return [...lines, cut(rest, cells, mark)];
}
