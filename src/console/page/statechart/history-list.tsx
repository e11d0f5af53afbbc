/** What an actor did, newest first; a line that is chosen shows the statechart as it was then. */
import { useMemo, useState } from 'preact/hooks';
import type { PastItem } from '../model/past.ts';
import { count, preciseTime } from '../shared/figures.ts';
import { Button, Empty } from '../shared/parts.tsx';
import { cycleText, type FrameItem, guardNames, type HistoryLine, historyOf, lineText } from './history.ts';

interface HistoryListProps {
  readonly items: readonly PastItem[];
  /** Frame of the moment that is shown; `null` for now. */
  readonly atFrame: number | null;
  /** @param frameId `null` goes back to now */
  readonly onChoose: (frameId: number | null) => void;
}

/** So many more lines at a time. */
const linesStep = 150;
/** So many steps of a line that is opened. */
const insideMax = 100;

export function HistoryList({ items, atFrame, onChoose }: HistoryListProps) {
  const [linesMax, setLinesMax] = useState(linesStep);
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const lines = useMemo(() => historyOf(items), [items]);
  const toggle = (key: number) => {
    const next = new Set(opened);
    if (!next.delete(key)) next.add(key);
    setOpened(next);
  };
  if (lines.length === 0) {
    return (
      <Empty title="Nothing happened yet">
        Each event that this actor deals with becomes a line here, from when somebody first looked.
      </Empty>
    );
  }
  const shown = lines.slice(0, linesMax);
  const isChosen = (line: HistoryLine) => line.items.some(({ frame }) => frame.id === atFrame);
  const hasChosen = atFrame !== null && shown.some(isChosen);
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: rows are buttons, and keys move between them */}
      <div
        class="history-lines"
        role="group"
        aria-label="History, newest first"
        onKeyDown={(event) => moveByKey(event, () => onChoose(null))}
      >
        {shown.map((line, i) => {
          const isOpen = opened.has(line.key) && line.items.length > 1;
          const newest = line.items.at(-1)!;
          return (
            <div key={line.key} class="history-group">
              <Row
                item={newest}
                line={line}
                isChosen={isOpen ? atFrame === newest.frame.id : isChosen(line)}
                isReached={hasChosen ? isChosen(line) : i === 0}
                onChoose={onChoose}
              />
              {line.items.length > 1 && (
                <button
                  type="button"
                  class="history-count"
                  aria-expanded={isOpen}
                  aria-label={`${count(line.count)} times, ${isOpen ? 'close' : 'show each'}`}
                  onClick={() => toggle(line.key)}
                >
                  ×{count(line.count)} <span aria-hidden="true">{isOpen ? '▴' : '▾'}</span>
                </button>
              )}
              {isOpen && (
                <div class="history-inside">
                  {insideOf(line).map((item) => (
                    <Row
                      key={item.place}
                      item={item}
                      line={null}
                      isChosen={atFrame === item.frame.id}
                      isReached={false}
                      onChoose={onChoose}
                    />
                  ))}
                  {line.items.length > insideMax && (
                    <p class="history-more">
                      {count(line.items.length - insideMax)} older ones are not shown
                    </p>
                  )}
                </div>
              )}
            </div>
          );
        })}
      </div>
      {lines.length > linesMax && (
        <Button onPress={() => setLinesMax(linesMax + linesStep)}>
          Show older ({count(lines.length - linesMax)})
        </Button>
      )}
    </>
  );
}

const insideOf = ({ items }: HistoryLine) => items.slice(-insideMax).reverse();

interface RowProps {
  readonly item: FrameItem;
  /** Of which it is the newest; `null` for one inside. */
  readonly line: HistoryLine | null;
  readonly isChosen: boolean;
  /** It is the one that the tabulator key reaches. */
  readonly isReached: boolean;
  readonly onChoose: (frameId: number | null) => void;
}

function Row({ item, line, isChosen, isReached, onChoose }: RowProps) {
  const { frame } = item;
  const { event, way, sort } = lineText(item);
  const step = frame.type === 'step' ? frame : null;
  const cause = frame.type === 'actor' ? null : frame.cause;
  const isCycle = line !== null && line.cycle.length > 1;
  const guards = guardNames(step?.refused ?? []);
  const events = isCycle ? line.cycle.map((each) => lineText(each).event) : [event];
  return (
    <button
      type="button"
      class={`history-line history-${sort}${cause ? ' has-cause' : ''}`}
      data-frame={frame.id}
      aria-pressed={isChosen}
      tabIndex={isReached ? 0 : -1}
      onClick={() => onChoose(isChosen ? null : frame.id)}
    >
      <span class="history-time">{preciseTime(frame.timeMs)}</span>
      <span class="history-event">{[...new Set(events)].join(', ')}</span>
      <span class="history-way">{isCycle ? cycleText(line.cycle) : way}</span>
      {sort === 'ignored' && <span class="history-note">nobody wanted it</span>}
      {cause && (
        <span class="history-cause">
          {cause.code}: {cause.message}
        </span>
      )}
      {guards.length > 0 && <span class="history-note">{guards.join(', ')} said no</span>}
      {step?.skipped !== undefined && (
        <span class="history-note">{count(step.skipped)} before it left out</span>
      )}
    </button>
  );
}

/** Arrows go from line to line, Escape back to now. */
function moveByKey(event: KeyboardEvent, toNow: () => void): void {
  if (event.key === 'Escape') {
    event.preventDefault();
    toNow();
    return;
  }
  const list = event.currentTarget as HTMLElement;
  const rows = [...list.querySelectorAll<HTMLElement>('.history-line')];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to === undefined || at < 0 || !rows[to]) return;
  event.preventDefault();
  rows[to].focus();
}
