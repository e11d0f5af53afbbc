/** Lines of equal height, thousands of them: only those are drawn that can be seen. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface ScrollerProps<T> {
  readonly lines: readonly T[];
  readonly keyOf: (line: T) => string;
  /** Of each line, px. */
  readonly lineHeight: number;
  readonly label: string;
  readonly columns: number;
  readonly head: ComponentChildren;
  readonly row: (line: T, index: number) => ComponentChildren;
  /** A line that is to be seen; another one moves there once. */
  readonly reveal: number | null;
  /** Somebody has gone down to read, or has come back to the top. */
  readonly onTop: (isTop: boolean) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

const beyond = 8;
const asGroup = { role: 'rowgroup' } as const;

export function Scroller<T>(props: ScrollerProps<T>) {
  const { lines, keyOf, lineHeight, label, columns, head, row, reveal, onTop, onKeyDown } = props;
  const element = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  useEffect(() => {
    // Told once more while the view is being left, when the reference is empty already.
    const scroller = element.current!;
    const watcher = new ResizeObserver(() => setHeight(scroller.clientHeight));
    watcher.observe(scroller);
    return () => watcher.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (reveal === null || reveal < 0) return;
    const scroller = element.current!;
    const at = reveal * lineHeight;
    const headHeight = 2 * lineHeight;
    if (at < scroller.scrollTop) scroller.scrollTop = at;
    else if (at > scroller.scrollTop + scroller.clientHeight - headHeight - lineHeight)
      scroller.scrollTop = at - scroller.clientHeight / 2;
  }, [reveal, lineHeight]);
  const first = Math.max(0, Math.floor(top / lineHeight) - beyond);
  const last = Math.min(lines.length, Math.ceil((top + height) / lineHeight) + beyond);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table of HTML cannot leave out the rows that nobody sees
    <div
      ref={element}
      class="event-scroller card"
      role="table"
      aria-label={label}
      aria-rowcount={lines.length + 1}
      aria-colcount={columns}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
      tabIndex={0}
      onKeyDown={onKeyDown}
      onScroll={() => {
        const now = element.current!.scrollTop;
        setTop(now);
        onTop(now < lineHeight);
      }}
    >
      {head}
      <div class="event-space" style={{ height: `${lines.length * lineHeight}px` }} {...asGroup}>
        <div
          class="event-window"
          style={{ transform: `translateY(${first * lineHeight}px)` }}
          role="presentation"
        >
          {lines.slice(first, last).map((line, i) => (
            <div key={keyOf(line)} role="presentation" style={{ height: `${lineHeight}px` }}>
              {row(line, first + i)}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
