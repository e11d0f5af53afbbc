/** One line of the log, as a row of a table or as an arrow between lifelines. */
import { hrefTo, type Query } from '../routes.ts';
import { count, preciseTime } from '../shared/figures.ts';
import type { EventLine } from './groups.ts';
import { cutName, type Lifelines } from './lifelines.ts';
import type { EventRow } from './rows.ts';

/** Only rows that can be seen are there, which a table of HTML cannot: so these are named, not made of its elements. */
const asRow = (index: number, isChosen = false, onClick?: () => void) =>
  ({
    role: 'row',
    'aria-rowindex': index + 2,
    'aria-current': isChosen ? 'true' : undefined,
    onClick,
  }) as const;
const asCell = { role: 'cell' } as const;
const asHead = { role: 'columnheader' } as const;

interface LineProps {
  readonly line: EventLine;
  /** Counted from 0, the head left out. */
  readonly index: number;
  readonly isChosen: boolean;
  readonly isOpen: boolean;
  readonly onToggle: (key: number) => void;
  readonly onChoose: (line: EventLine) => void;
}

export function TableHead() {
  return (
    <div class="event-head event-table-line" {...asRow(-1)}>
      {['Time', 'From', 'To', 'Event', 'What came of it', 'Count'].map((name) => (
        <span key={name} {...asHead}>
          {name}
        </span>
      ))}
    </div>
  );
}

export function TableLine({ line, index, isChosen, isOpen, onToggle, onChoose }: LineProps) {
  const { row } = line;
  return (
    <div
      class={`event-line event-table-line ${lineClass(line, isChosen)}`}
      {...asRow(index, isChosen, () => onChoose(line))}
    >
      <span {...asCell} class="event-time">
        <Times line={line} />
      </span>
      <span {...asCell} class="event-source">
        {sourceText(row)}
      </span>
      <span {...asCell} class="event-actor">
        <ActorLink row={row} />
      </span>
      <span {...asCell} class="event-name">
        {row.isFailure && <span class="event-failure">▲ </span>}
        {row.event}
      </span>
      <span {...asCell} class="event-text" title={row.text}>
        {row.text}
      </span>
      <span {...asCell}>
        <Count line={line} isOpen={isOpen} onToggle={onToggle} />
      </span>
    </div>
  );
}

/** Before the first lifeline, px. */
const timeWidth = 118;

/** Between two lifelines, px: where they are few there is room for words. */
const columnWidthOf = (names: readonly string[]) => (names.length <= 4 ? 300 : names.length <= 7 ? 190 : 150);

/** Of a letter in the head, px, about; what is wider still ends in dots. */
const letterWidth = 8;

export function SequenceHead({ names }: { names: readonly string[] }) {
  return (
    <div class="event-head event-sequence-head" {...asRow(-1)} style={{ width: widthOf(names) }}>
      <span {...asHead} style={{ width: `${timeWidth}px` }}>
        Time
      </span>
      {names.map((name) => (
        <span key={name} {...asHead} style={{ width: `${columnWidthOf(names)}px` }} title={name}>
          {cutName(name, Math.floor(columnWidthOf(names) / letterWidth))}
        </span>
      ))}
    </div>
  );
}

const widthOf = (names: readonly string[]) => `${timeWidth + names.length * columnWidthOf(names)}px`;

export function SequenceLine(props: LineProps & { readonly lifelines: Lifelines }) {
  const { line, index, isChosen, isOpen, onToggle, onChoose, lifelines } = props;
  const { row } = line;
  const { from, to } = lifelines.place(row);
  const columnWidth = columnWidthOf(lifelines.names);
  const middle = (column: number) => timeWidth + (column + 0.5) * columnWidth;
  const left = Math.min(middle(from), middle(to));
  const isArrow = from !== to;
  const style = isArrow
    ? { left: `${left}px`, width: `${Math.abs(middle(to) - middle(from))}px` }
    : { left: `${left}px`, width: `${columnWidth * 1.9}px` };
  return (
    <div
      class={`event-line event-sequence-line ${lineClass(line, isChosen)}`}
      {...asRow(index, isChosen, () => onChoose(line))}
      style={{ width: widthOf(lifelines.names) }}
    >
      <span {...asCell} class="event-time">
        <Times line={line} />
      </span>
      <span role="presentation" class="lifelines" aria-hidden="true">
        {lifelines.names.map((each, i) => (
          <i key={each} style={{ left: `${middle(i)}px` }} />
        ))}
      </span>
      <span
        {...asCell}
        class={isArrow ? `message ${from < to ? 'message-right' : 'message-left'}` : 'message-own'}
        style={style}
        title={`${sourceText(row)} → ${row.actor}: ${row.event}: ${row.text}`}
      >
        <span class="unseen">
          {sourceText(row)} to {row.pipeline}/{row.actor}:{' '}
        </span>
        <span class="message-text">
          {row.isFailure && <span class="event-failure">▲ </span>}
          <b>{row.event}</b> {row.text}
        </span>
        <Count line={line} isOpen={isOpen} onToggle={onToggle} />
      </span>
    </div>
  );
}

function lineClass({ row, isInside }: EventLine, isChosen: boolean): string {
  return `event-${row.sort}${row.isFailure ? ' is-failure' : ''}${isInside ? ' is-inside' : ''}${isChosen ? ' is-chosen' : ''}`;
}

function Times({ line: { group, row, isInside } }: { line: EventLine }) {
  const first = group.rows[0]!;
  if (isInside || first === row) return <>{preciseTime(row.timeMs)}</>;
  return (
    <span title={`from ${preciseTime(first.timeMs)} to ${preciseTime(row.timeMs)}`}>
      {preciseTime(row.timeMs)}
      <span class="event-since"> from {preciseTime(first.timeMs).slice(3, 8)}</span>
    </span>
  );
}

function Count({ line, isOpen, onToggle }: Pick<LineProps, 'line' | 'isOpen' | 'onToggle'>) {
  const { rows, key } = line.group;
  if (line.isInside || rows.length === 1) return null;
  return (
    <button
      type="button"
      class="event-count"
      tabIndex={-1}
      aria-expanded={isOpen}
      aria-label={`${count(rows.length)} times, ${isOpen ? 'close' : 'show each'}`}
      onClick={(event) => {
        event.stopPropagation();
        onToggle(key);
      }}
    >
      ×{count(rows.length)} <span aria-hidden="true">{isOpen ? '▴' : '▾'}</span>
    </button>
  );
}

function sourceText({ source, sort, actor }: EventRow): string {
  if (source !== null) return source === actor ? 'itself' : source.replace(`${actor}#`, '#');
  return sort === 'step' || sort === 'ignored' ? 'outside' : '';
}

function ActorLink({ row }: { row: EventRow }) {
  const { pipeline, actor, item } = row;
  const query: Query = item.frame ? { at: item.frame.id } : {};
  return (
    <a tabIndex={-1} href={hrefTo({ page: 'actor', pipeline, actor }, query)}>
      <span class="event-pipeline">{pipeline}/</span>
      {actor}
    </a>
  );
}
