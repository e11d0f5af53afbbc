/** All actors of all pipelines at one glance. */
import { useComputed } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { printable } from '../../../domain/text.ts';
import { useModel } from '../model/context.ts';
import { hrefTo } from '../routes.ts';
import { Empty } from '../shared/parts.tsx';
import { toneSigns } from '../shared/tones.ts';
import { Graph } from './graph.tsx';
import { sentenceOf } from './sentence.ts';
import { shapeOf, shapeOfKey } from './shape.ts';
import { Stack } from './stack.tsx';

/** Below that, actors stand in a column. */
const narrowPx = 720;

export function OverviewView() {
  const model = useModel();
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return (
    <div class="overview" ref={element}>
      <h1 class="unseen">Overview</h1>
      <Summary />
      {model.pipelines.value.length === 0 ? <Nothing /> : width > 0 && <Actors width={width} />}
    </div>
  );
}

function Actors({ width }: { width: number }) {
  const model = useModel();
  // Drawn again when there is something to be placed anew; what changes inside, its parts draw by themselves.
  const key = useComputed(() => shapeOf(model.pipelines.value.map(({ known }) => known.value)).key).value;
  const shape = useMemo(() => shapeOfKey(key), [key]);
  if (width < narrowPx) return <Stack model={model} shape={shape} />;
  return <Graph model={model} shape={shape} width={width} />;
}

function Summary() {
  const model = useModel();
  const { tone, title, attentions, others, data } = sentenceOf(
    model.pipelines.value.map(({ name, status, stale, nowMs }) => ({
      ...{ name, status: status.value, stale: stale.value, nowMs: nowMs.value },
    })),
  );
  return (
    <section class="summary" data-tone={tone} aria-label="Summary">
      <p class="summary-title">
        <span class="summary-sign" aria-hidden="true">
          {toneSigns[tone]}
        </span>
        {title}
      </p>
      {attentions.length > 0 && (
        <ul class="summary-list">
          {attentions.map(({ tone, pipeline, actor, text }) => (
            <li key={`${pipeline} ${actor} ${tone}`} data-tone={tone}>
              <span class="summary-sign" aria-hidden="true">
                {toneSigns[tone]}
              </span>
              {actor === null ? (
                printable(text, 300)
              ) : (
                <a href={hrefTo({ page: 'actor', pipeline, actor })}>{printable(text, 300)}</a>
              )}
            </li>
          ))}
          {others && <li class="quiet">{others}</li>}
        </ul>
      )}
      {data && <p class="summary-data">{data}</p>}
    </section>
  );
}

function Nothing() {
  const model = useModel();
  const { state } = model.connection.value;
  if (state === 'connecting') return <Empty title="Asking the console …" />;
  if (state === 'replay') return <Empty title="Nothing had been said yet" />;
  return (
    <Empty title="No pipeline runs here">
      Start one with <code>fogrun edge.yaml</code>; it appears here by itself.
    </Empty>
  );
}
