/** The actors in a column, in the order data flows: for narrow pages. */
import { usualLinks } from '../../../inspect/drawing/pipeline-graph.ts';
import type { Model } from '../model/model.ts';
import { toneSigns } from '../shared/tones.ts';
import { flowLines, flowOf, linkState } from './flows.ts';
import { BoxHead, PlacedCard } from './graph.tsx';
import type { Shape } from './shape.ts';

export function Stack({ model, shape }: { model: Model; shape: Shape }) {
  const links = usualLinks(shape.pipelines);
  const isGoal = (name: string) => links.some(({ to }) => to.pipeline === name);
  const ordered = [...shape.pipelines].sort((a, b) => Number(isGoal(a.name)) - Number(isGoal(b.name)));
  return (
    <div class="stack">
      {ordered.map(({ name, actors }) => (
        <section key={name} class="stack-box" aria-label={name}>
          <BoxHead model={model} name={name} />
          {links
            .filter(({ to }) => to.pipeline === name)
            .map(({ from }) => (
              <LinkLine key={from.pipeline} model={model} pipeline={from.pipeline} uploader={from.actor} />
            ))}
          <ul class="stack-list">
            {actors.map((actor) => (
              <li key={actor.name}>
                <PlacedCard model={model} pipeline={name} name={actor.name} compact={actors.length > 24} />
                <Flows model={model} pipeline={name} from={actor.name} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Flows({ model, pipeline, from }: { model: Model; pipeline: string; from: string }) {
  const known = model.pipeline(pipeline)?.known.value;
  const status = known?.status;
  const wires = status?.wires?.filter((wire) => wire.from === from) ?? [];
  return (
    <>
      {wires.map((wire) => {
        const flow = flowOf(wire, status!, known!.earlier[0] ?? null);
        const lines = flowLines(wire, flow).filter((line) => line !== '');
        return (
          <p key={wire.to} class="stack-flow" data-tone={flow.blocked ? 'held' : 'idle'}>
            <span aria-hidden="true">↓</span> {[`to ${wire.to}`, ...lines].join(', ')}
          </p>
        );
      })}
    </>
  );
}

function LinkLine({ model, pipeline, uploader }: { model: Model; pipeline: string; uploader: string }) {
  const edge = model.pipeline(pipeline);
  if (!edge) return null;
  const status = edge.known.value.actors.get(uploader)?.status ?? null;
  const { tone, text } = linkState(edge.known.value, status, edge.stale.value !== null, edge.nowMs.value);
  return (
    <p class="stack-link" data-tone={tone}>
      <span aria-hidden="true">{toneSigns[tone]}</span> link from {pipeline}: {text}
    </p>
  );
}
