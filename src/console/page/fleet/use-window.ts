/** Follows what of a long table is on the screen. */
import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { type RowWindow, windowOf } from './window.ts';

export interface ShownRows extends RowWindow {
  readonly rowPx: number;
}

const narrow = '(max-width: 60rem)';

/** @param rowPx heights of a row in a table and as a card on a narrow screen, as the style sheet has them */
export function useRowWindow(
  body: RefObject<HTMLElement | null>,
  count: number,
  rowPx: { readonly wide: number; readonly narrow: number },
): ShownRows {
  const [shown, show] = useState<ShownRows>({ first: 0, end: Math.min(count, 60), rowPx: rowPx.wide });
  useLayoutEffect(() => {
    const asked = matchMedia(narrow);
    let frame = 0;
    const look = () => {
      frame = 0;
      if (!body.current) return;
      const px = asked.matches ? rowPx.narrow : rowPx.wide;
      const next = {
        ...windowOf(body.current.getBoundingClientRect().top, innerHeight, px, count),
        rowPx: px,
      };
      show((before) =>
        before.first === next.first && before.end === next.end && before.rowPx === px ? before : next,
      );
    };
    const soon = () => {
      frame ||= requestAnimationFrame(look);
    };
    look();
    // Whatever scrolls: the page, or the frame that the page stands in.
    addEventListener('scroll', soon, { capture: true, passive: true });
    addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', soon, { capture: true });
      removeEventListener('resize', soon);
    };
  }, [count, rowPx.wide, rowPx.narrow]);
  return { ...shown, end: Math.min(shown.end, count), first: Math.min(shown.first, count) };
}
