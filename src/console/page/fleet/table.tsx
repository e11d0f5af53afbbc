/** The table of a fleet: only the rows that can be seen are drawn, so that a thousand cost what twenty do. */
import { useEffect, useRef } from 'preact/hooks';
import { printable } from '../../../domain/text.ts';
import { hrefTo } from '../routes.ts';
import { columns, concernsText } from './cells.tsx';
import { type Column, downAtFirst, type FleetRow, type Order } from './rows.ts';
import { useRowWindow } from './use-window.ts';

interface FleetTableProps {
  readonly rows: readonly FleetRow[];
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
  readonly nowMs: number;
  readonly pipeline: string;
}

/** As fleet.css has them. */
const rowPx = { wide: 44, narrow: 176 };

export function FleetTable({ rows, order, onOrder, nowMs, pipeline }: FleetTableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const shown = useRowWindow(body, rows.length, rowPx);
  const keys = useRowKeys(body, rows, shown.rowPx);
  return (
    <table class="fleet-table" aria-rowcount={rows.length + 1}>
      <caption class="unseen">Edges; arrow keys go from row to row, Enter opens one</caption>
      <thead>
        <tr aria-rowindex={1}>
          <Head id="edge" title="Edge" order={order} onOrder={onOrder} />
          {columns.map(({ id, title }) => (
            <Head key={id} id={id} title={title} order={order} onOrder={onOrder} />
          ))}
        </tr>
      </thead>
      <tbody ref={body} onKeyDown={keys}>
        <Spacer rows={shown.first} rowPx={shown.rowPx} />
        {rows.slice(shown.first, shown.end).map((row, i) => (
          <Row
            key={row.edge.edge}
            row={row}
            place={shown.first + i}
            nowMs={nowMs}
            href={hrefTo({ page: 'edge', edge: row.edge.edge }, { pipeline })}
          />
        ))}
        <Spacer rows={rows.length - shown.end} rowPx={shown.rowPx} />
      </tbody>
    </table>
  );
}

function Spacer({ rows, rowPx }: { rows: number; rowPx: number }) {
  if (rows <= 0) return null;
  return (
    <tr class="fleet-spacer">
      <td colSpan={columns.length + 1} style={{ height: `${rows * rowPx}px` }} />
    </tr>
  );
}

interface HeadProps {
  readonly id: Column;
  readonly title: string;
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
}

function Head({ id, title, order, onOrder }: HeadProps) {
  const isOrdered = order.column === id;
  const down = isOrdered ? !order.down : downAtFirst(id);
  return (
    <th
      scope="col"
      class={`fleet-${id}`}
      aria-sort={isOrdered ? (order.down ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" onClick={() => onOrder({ column: id, down })}>
        {title}
        <span aria-hidden="true">{isOrdered ? (order.down ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </th>
  );
}

interface RowProps {
  readonly row: FleetRow;
  readonly place: number;
  readonly nowMs: number;
  readonly href: string;
}

function Row({ row, place, nowMs, href }: RowProps) {
  const concerns = concernsText(row, nowMs);
  return (
    <tr class={concerns === '' ? 'fleet-row' : 'fleet-row fleet-row-concerned'} aria-rowindex={place + 2}>
      <th scope="row" class="fleet-edge">
        <a href={href} data-place={place} title={concerns === '' ? undefined : concerns}>
          {printable(row.edge.edge, 60)}
        </a>
        {concerns !== '' && <span class="unseen">, needs attention: {concerns}</span>}
      </th>
      {columns.map(({ id, title, Cell }) => (
        <td key={id} class={`fleet-${id}`} data-title={title}>
          <Cell row={row} nowMs={nowMs} />
        </td>
      ))}
    </tr>
  );
}

/** Arrow keys in the rows; a row that is not drawn yet is scrolled to first. */
function useRowKeys(
  body: { readonly current: HTMLTableSectionElement | null },
  rows: readonly FleetRow[],
  rowPx: number,
) {
  const wanted = useRef<number | null>(null);
  const focus = () => {
    const link = body.current?.querySelector<HTMLElement>(`a[data-place="${wanted.current}"]`);
    if (!link) return;
    wanted.current = null;
    link.focus({ preventScroll: true });
    link.scrollIntoView({ block: 'nearest' });
  };
  useEffect(() => {
    if (wanted.current !== null) focus();
  });
  return (event: KeyboardEvent) => {
    const at = Number((event.target as HTMLElement).dataset.place ?? Number.NaN);
    if (Number.isNaN(at) || event.altKey || event.ctrlKey || event.metaKey) return;
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 10,
      PageUp: at - 10,
      Home: 0,
      End: rows.length - 1,
    };
    const next = steps[event.key];
    if (next === undefined) return;
    event.preventDefault();
    wanted.current = Math.max(0, Math.min(rows.length - 1, next));
    const isDrawn = body.current?.querySelector(`a[data-place="${wanted.current}"]`);
    if (isDrawn) return focus();
    const top = body.current!.getBoundingClientRect().top + wanted.current * rowPx;
    scrollBy({ top: top - innerHeight / 2 });
  };
}
