/** Which rows of a long table are worth drawing: those that can be seen, and some around them. */

export interface RowWindow {
  /** Place of the first row that is drawn, and of the one after the last. */
  readonly first: number;
  readonly end: number;
}

/** Rows are drawn in pieces, so that scrolling by a few px changes nothing. */
const piece = 10;
/** Before and behind what is seen. */
const around = 5;

/** @param topPx where the first row is, seen from the upper edge of the screen; negative once it is scrolled out */
export function windowOf(topPx: number, screenPx: number, rowPx: number, count: number): RowWindow {
  const seen = Math.max(0, Math.floor(-topPx / rowPx));
  const first = Math.max(0, Math.floor((seen - around) / piece) * piece);
  const end = Math.ceil((seen + screenPx / rowPx + around) / piece) * piece;
  return { first: Math.min(first, count), end: Math.min(count, Math.max(first, end)) };
}
