/** How wide text is without asking a browser: close enough to leave room for it. */

/** Advances of a common sans-serif (that of Helvetica and its likes), in thousandths of the font size, from the space on. */
const advances = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
  556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
  500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
  556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
  278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
const firstKnown = 0x20;
/** Most of what lies above Latin and its neighbours is as wide as it is high. */
const wideFrom = 0x1100;
const boldFactor = 1.07;

/** In px; `size` is the font's, in px. */
export function textWidth(text: string, size: number, weight: 'normal' | 'bold' = 'normal'): number {
  let sum = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    sum += advances[code - firstKnown] ?? (code >= wideFrom && !isPunctuation(code) ? 1_000 : 600);
  }
  return (sum / 1_000) * size * (weight === 'bold' ? boldFactor : 1);
}

/** Dashes, quotes and dots. */
const isPunctuation = (code: number) => code >= 0x2000 && code < 0x2070;
