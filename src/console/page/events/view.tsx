/** Who sent what to whom. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useModel } from '../model/context.ts';
import type { Model } from '../model/model.ts';
import type { PastItem } from '../model/past.ts';
import { goTo, refine } from '../navigate.ts';
import { place } from '../routes.ts';
import { count, counted, preciseTime } from '../shared/figures.ts';
import { Button, Empty, NoMoment } from '../shared/parts.tsx';
import { filterOf, passes, queryOf } from './filter.ts';
import { Filters } from './filters.tsx';
import { type EventLine, groupAt, grouped, linesOf } from './groups.ts';
import { happenedOf } from './happened.ts';
import { lifelines } from './lifelines.ts';
import { SequenceHead, SequenceLine, TableHead, TableLine } from './lines.tsx';
import { rowsOf } from './rows.ts';
import { Scroller } from './scroller.tsx';

/** Of a line, px: on a phone it has two rows of words, as `events.css` has it. */
const lineHeights = { narrow: 46, wide: 30 } as const;
const isNarrow = () => matchMedia('(max-width: 48rem)').matches;
/** The log is read anew so often at most: nobody reads faster. */
const renewMs = 250;
/** What is read takes at most this part of the time. */
const renewShare = 0.15;
/** So many more of the past are read at a time, so that no turn takes long. */
const itemsStep = 2_500;

export function EventsView() {
  const model = useModel();
  const { query } = place.value;
  const filter = useMemo(() => filterOf(query), [query]);
  const { items, newer, isPaused, setPaused } = useHeld(model, filter.atMs !== null);
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const [chosen, setChosen] = useState<string | null>(null);
  const isReplay = model.isReplay.value;
  const isAhead = isReplay && filter.atMs !== null && filter.atMs > model.nowMs.value;
  const rows = useMemo(() => rowsOf(items).filter(passes(filter)), [items, filter]);
  const groups = useMemo(() => grouped(rows, filter.isGrouped), [rows, filter.isGrouped]);
  const atGroup = useMemo(
    () => (filter.atMs === null || isAhead ? null : groupAt(groups, filter.atMs)),
    [groups, filter.atMs, isAhead],
  );
  const lines = useMemo(() => linesOf(groups, opened), [groups, opened]);
  const isSequence = filter.form === 'sequence';
  const names = useRef<readonly string[]>([]);
  const columns = useMemo(
    () => lifelines(isSequence ? groups.map(({ last }) => last) : [], names.current),
    [groups, isSequence],
  );
  names.current = columns.names;
  const chosenKey = chosen ?? (atGroup ? `${atGroup.key}` : null);
  const chosenAt = lines.findIndex(({ key }) => key === chosenKey);
  const choose = (line: EventLine) => {
    setChosen(line.key);
    setPaused(true);
    refine(queryOf({ atMs: line.row.timeMs }));
  };
  const toggle = (key: number) => {
    const next = new Set(opened);
    if (!next.delete(key)) next.add(key);
    setOpened(next);
    setPaused(true);
  };
  const follow = () => {
    setChosen(null);
    setPaused(false);
    refine({ at: null });
    document.querySelector('.event-scroller')?.scrollTo({ top: 0 });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
    const line = lines[chosenAt];
    if (by !== undefined && lines.length > 0) {
      event.preventDefault();
      choose(lines[Math.min(lines.length - 1, Math.max(0, chosenAt + by))]!);
    } else if (event.key === 'Enter' && line && event.target === event.currentTarget) {
      if (line.group.rows.length > 1 && !line.isInside) toggle(line.group.key);
      else openActor(line);
    } else if (event.key === 'Escape') follow();
  };
  // What a recording shows stands still where its slider does.
  useSpace(() => (isPaused ? follow() : setPaused(!isReplay)));
  const label = `Events, newest first: ${counted(lines.length, 'line')}`;
  return (
    <section class="events" aria-label="Events">
      <header class="events-head">
        <h1>Events</h1>
        <p class="quiet">
          {counted(rows.length, 'event')} in {counted(groups.length, 'line')}
          {rows.length < items.length && ` of ${count(items.length)} that are kept`}
        </p>
        <div class="events-hold">
          {isPaused && (
            <span class="events-waiting" role="status">
              {filter.atMs !== null && !isAhead && `At ${preciseTime(filter.atMs)}. `}
              {newer === 0 ? 'Paused: nothing waits' : `Paused: ${counted(newer, 'event')} wait`}
            </span>
          )}
          {isPaused ? (
            <Button as="main" onPress={follow}>
              Go on <kbd>Space</kbd>
            </Button>
          ) : (
            !isReplay && (
              <Button onPress={() => setPaused(true)}>
                Pause <kbd>Space</kbd>
              </Button>
            )
          )}
        </div>
      </header>
      <Filters model={model} filter={filter} />
      {filter.atMs === null && <NoMoment named={query.get('at')} />}
      {filter.atMs !== null && !atGroup && items.length > 0 && (
        <p class="stale-note">
          What was at {preciseTime(filter.atMs)}{' '}
          {isAhead ? 'had not come yet.' : `is not ${isReplay ? 'in this recording' : 'kept here any more'}.`}
        </p>
      )}
      {lines.length === 0 ? (
        <Nothing isFiltered={items.length > 0} />
      ) : (
        <Scroller
          lines={lines}
          keyOf={(line) => line.key}
          lineHeight={lineHeights[isNarrow() && !isSequence ? 'narrow' : 'wide']}
          label={label}
          columns={isSequence ? columns.names.length + 1 : 6}
          head={isSequence ? <SequenceHead names={columns.names} /> : <TableHead />}
          reveal={chosenAt < 0 ? null : chosenAt}
          onTop={(isTop) => {
            if (!isTop) setPaused(true);
          }}
          onKeyDown={onKeyDown}
          row={(line, index) => {
            const props = {
              ...{ line, index, onToggle: toggle, onChoose: choose },
              isChosen: line.key === chosenKey,
              isOpen: opened.has(line.group.key),
            };
            return isSequence ? <SequenceLine {...props} lifelines={columns} /> : <TableLine {...props} />;
          }}
        />
      )}
    </section>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="Nothing fits">Of what is kept, nothing passes these filters.</Empty>;
  return (
    <Empty title="Nothing happened yet">
      Events of the statecharts and lines of the log stand here as they come, newest first.
    </Empty>
  );
}

function openActor({ row }: EventLine): void {
  const { pipeline, actor, item } = row;
  goTo({ page: 'actor', pipeline, actor }, { at: item.frame?.id });
}

/** The past, renewed now and then; held while it is paused. */
function useHeld(model: Model, beginsPaused: boolean) {
  const [isPaused, setPaused] = useState(false);
  const [items, setItems] = useState<readonly PastItem[]>(() => model.past.peek().items.slice(-itemsStep));
  const [newer, setNewer] = useState(0);
  const heldFrom = useRef<number | null>(null);
  const itemsMax = useRef(itemsStep);
  const tookMs = useRef(0);
  useEffect(() => {
    // A page that was just opened at a moment has to get the past first.
    if (beginsPaused && items.length > 0) setPaused(true);
  }, [items.length > 0]);
  useEffect(() => {
    heldFrom.current = isPaused ? (items.at(-1)?.place ?? 0) : null;
    setNewer(0);
    let timer: ReturnType<typeof setTimeout> | null = null;
    const renew = () => {
      timer = null;
      const now = model.past.peek().items;
      const beganMs = performance.now();
      if (heldFrom.current === null) {
        itemsMax.current = Math.min(now.length, itemsMax.current) + itemsStep;
        setItems(now.slice(-itemsMax.current));
        requestAnimationFrame(() => {
          tookMs.current = performance.now() - beganMs;
        });
        if (now.length > itemsMax.current) timer = setTimeout(renew, waitMs());
      } else setNewer(Math.max(0, (now.at(-1)?.place ?? 0) - heldFrom.current));
    };
    const waitMs = () => Math.max(renewMs, tookMs.current / renewShare);
    const end = model.past.subscribe(({ items: now }) => {
      // A recording that is taken back: what had not happened yet goes at once, held or not.
      if (model.isReplay.peek()) {
        const newest = now.at(-1)?.place ?? 0;
        setItems((shown) => happenedOf(shown, newest));
        if (heldFrom.current !== null) heldFrom.current = Math.min(heldFrom.current, newest);
      }
      timer ??= setTimeout(renew, waitMs());
    });
    return () => {
      end();
      if (timer !== null) clearTimeout(timer);
    };
  }, [isPaused]);
  return { items, newer, isPaused, setPaused };
}

/** The space bar, unless it belongs to what has the focus. */
function useSpace(press: () => void): void {
  const latest = useRef(press);
  latest.current = press;
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (event.key !== ' ' || event.defaultPrevented) return;
      if (event.target instanceof Element && event.target.closest('button, input, select, a, summary'))
        return;
      event.preventDefault();
      latest.current();
    };
    addEventListener('keydown', hear);
    return () => removeEventListener('keydown', hear);
  }, []);
}
