/** The terminal taken over and given back: alternate screen, changed lines only, keys as they are pressed. */

/** A terminal, as far as a view needs it. */
export interface Tty {
  /** Cells across and lines, as they are now. */
  size(): { readonly columns: number; readonly rows: number };
  /** Resolves when the terminal has taken it, also when it cannot; a slow one holds up nobody else. */
  write(text: string): Promise<void>;
  /** For the end of the process: returns when it is written. */
  writeNow(text: string): void;
  /** Keys one by one and not echoed, or lines as usual. */
  setRaw(raw: boolean): void;
  /** @returns ends it */
  onInput(listener: (text: string) => void): () => void;
  onResize(listener: () => void): () => void;
}

const csi = '\u001b[';
/** Alternate screen, no cursor, no wrapping at the edge. */
const enter = `${csi}?1049h${csi}?25l${csi}?7l${csi}2J`;
const leave = `${csi}0m${csi}?7h${csi}?25h${csi}?1049l`;
/** One picture, shown whole; terminals that do not know it pass over it. */
const beginPicture = `${csi}?2026h`;
const endPicture = `${csi}?2026l`;

export interface Screen {
  /** Also takes it anew from whoever had it in the meantime. */
  open(): void;
  /** Gives the terminal back, whatever was going on; more than once does no harm. */
  close(): void;
  readonly isOpen: boolean;
  /** Shows the lines; false while the last picture is still on its way, which calls `on.free` later. */
  draw(lines: readonly string[]): boolean;
  /** The next picture is painted whole. */
  forget(): void;
}

export function createScreen(tty: Tty, on: { readonly free: () => void }): Screen {
  let shown: readonly string[] | null = null;
  let open = false;
  let busy = false;
  let waiting = false;
  return {
    open() {
      // A mode that was set counts as set, whatever a shell did in the meantime.
      if (open) tty.setRaw(false);
      open = true;
      shown = null;
      tty.setRaw(true);
      tty.writeNow(enter);
    },
    close() {
      if (!open) return;
      open = false;
      tty.writeNow(endPicture + leave);
      tty.setRaw(false);
    },
    get isOpen() {
      return open;
    },
    draw(lines) {
      if (!open) return true;
      if (busy) {
        waiting = true;
        return false;
      }
      const text = difference(shown, lines);
      shown = lines;
      if (text === '') return true;
      busy = true;
      void tty.write(beginPicture + text + endPicture).then(() => {
        busy = false;
        if (waiting) on.free();
        waiting = false;
      });
      return true;
    },
    forget() {
      shown = null;
    },
  };
}

/** What turns one picture into the next. A line is emptied first: afterwards the cursor may stand on its last letter. */
function difference(before: readonly string[] | null, after: readonly string[]): string {
  const parts: string[] = before ? [] : [`${csi}0m${csi}2J`];
  for (const [i, line] of after.entries()) {
    if (before ? before[i] === line : line === '') continue;
    parts.push(`${csi}${i + 1};1H${csi}K${line}`);
  }
  for (let i = after.length; i < (before?.length ?? 0); i++) parts.push(`${csi}${i + 1};1H${csi}K`);
  return parts.join('');
}
