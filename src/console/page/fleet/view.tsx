/** The edges of a cloud. */
import { useMemo } from 'preact/hooks';
import type { EdgeSummary } from '../../../contract/fleet.ts';
import { useModel } from '../model/context.ts';
import type { PipelineModel } from '../model/model.ts';
import { refine } from '../navigate.ts';
import { place } from '../routes.ts';
import { count } from '../shared/figures.ts';
import { Empty, Stale } from '../shared/parts.tsx';
import { columns } from './cells.tsx';
import { Nothing, OldNote } from './nothing.tsx';
import { type Column, type FleetRow, type Order, pick, rowOf, summaryOf } from './rows.ts';
import { FleetTable } from './table.tsx';
import { cloudOf, cloudsOf, useFleet } from './use-fleet.ts';

export { EdgeView } from './edge.tsx';

export function FleetView() {
  const model = useModel();
  const pipeline = cloudOf(model);
  const { answer, error } = useFleet(model, pipeline);
  return (
    <section class="fleet" aria-label="Fleet">
      <header class="fleet-head">
        <h1>Fleet</h1>
        <CloudChoice clouds={cloudsOf(model)} chosen={pipeline} />
      </header>
      {pipeline && !model.isReplay.value && (
        <Stale stale={pipeline.stale.value} nowMs={model.clockMs.value} />
      )}
      <OldNote hasAnswer={answer !== null} error={error} />
      {answer && pipeline && answer.edges.length > 0 ? (
        <Edges
          edges={answer.edges}
          pipeline={pipeline}
          isStale={error !== null || pipeline.stale.value !== null}
        />
      ) : (
        <Nothing model={model} pipeline={pipeline} hasAnswer={answer !== null} error={error} />
      )}
    </section>
  );
}

function CloudChoice({
  clouds,
  chosen,
}: {
  clouds: readonly PipelineModel[];
  chosen: PipelineModel | undefined;
}) {
  if (clouds.length < 2) return null;
  return (
    <label class="fleet-choice">
      <span>Cloud</span>
      <select
        class="field"
        value={chosen?.name ?? ''}
        onChange={(event) => refine({ pipeline: event.currentTarget.value })}
      >
        {clouds.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

const columnNames = new Set<string>(['edge', ...columns.map(({ id }) => id)]);

function orderIn(query: URLSearchParams): Order {
  const wished = query.get('sort') ?? '';
  const name = wished.replace(/^-/, '');
  return { column: columnNames.has(name) ? (name as Column) : 'edge', down: wished.startsWith('-') };
}

interface EdgesProps {
  readonly edges: readonly EdgeSummary[];
  readonly pipeline: PipelineModel;
  readonly isStale: boolean;
}

function Edges({ edges, pipeline, isStale }: EdgesProps) {
  const { query } = place.value;
  // As of the answer: what is said of edges is renewed with each, every few seconds.
  const { nowMs, rows, summary } = useMemo(() => {
    const nowMs = pipeline.nowMs.peek();
    const rows = edges.map((edge) => rowOf(edge, nowMs));
    return { nowMs, rows, summary: summaryOf(rows) };
  }, [edges, pipeline]);
  const order = orderIn(query);
  const text = query.get('q') ?? '';
  const onlyConcerns = query.get('only') === 'attention';
  const picked = useMemo(
    () => pick(rows, { text, onlyConcerns, order }),
    [rows, text, onlyConcerns, order.column, order.down],
  );
  return (
    <div class={isStale ? 'fleet-all is-stale' : 'fleet-all'}>
      <p class="fleet-summary">{summary}</p>
      <Filters rows={rows} text={text} onlyConcerns={onlyConcerns} shown={picked.length} />
      {picked.length === 0 ? (
        <Empty title={onlyConcerns && text === '' ? 'No edge needs attention' : 'No edge is like that'}>
          <button type="button" class="button" onClick={() => refine({ q: null, only: null })}>
            Show all {count(rows.length)}
          </button>
        </Empty>
      ) : (
        <FleetTable
          rows={picked}
          order={order}
          onOrder={({ column, down }) => refine({ sort: `${down ? '-' : ''}${column}` })}
          nowMs={nowMs}
          pipeline={pipeline.name}
        />
      )}
    </div>
  );
}

interface FiltersProps {
  readonly rows: readonly FleetRow[];
  readonly text: string;
  readonly onlyConcerns: boolean;
  readonly shown: number;
}

function Filters({ rows, text, onlyConcerns, shown }: FiltersProps) {
  const concerned = rows.filter(({ concerns }) => concerns.length > 0).length;
  return (
    <search class="fleet-filters">
      <input
        class="field"
        type="search"
        placeholder="Search edges, states, versions"
        aria-label="Search edges"
        value={text}
        onInput={(event) => refine({ q: event.currentTarget.value || null })}
      />
      <button
        type="button"
        class="button"
        aria-pressed={onlyConcerns}
        onClick={() => refine({ only: onlyConcerns ? null : 'attention' })}
      >
        Needs attention
        <span class="fleet-count" data-tone={concerned > 0 ? 'trouble' : 'idle'}>
          {count(concerned)}
        </span>
      </button>
      <p class="quiet" role="status">
        {shown === rows.length ? '' : `${count(shown)} of ${count(rows.length)}`}
      </p>
    </search>
  );
}
