/** The actors of all pipelines as a graph; data flows from left to right. */
import { useMemo } from 'preact/hooks';
import type { Point } from '../../../contract/chart.ts';
import type { PlacedLink, PlacedWire } from '../../../inspect/drawing/pipeline-graph.ts';
import type { Model } from '../model/model.ts';
import { Stale } from '../shared/parts.tsx';
import { Ticking } from '../shared/ticking.tsx';
import { toneOf, toneWords } from '../shared/tones.ts';
import { ActorCard } from './actor-card.tsx';
import { flowLines, flowOf, linkState, wireKey } from './flows.ts';
import { headRoom } from './heads.ts';
import { placed, type Shape } from './shape.ts';

export function Graph({ model, shape, width }: { model: Model; shape: Shape; width: number }) {
  const { graph, compact } = useMemo(() => placed(shape, width), [shape.key, width]);
  return (
    <section class="graph" aria-label="Actors" tabIndex={graph.width > width ? 0 : -1}>
      <div class="graph-paper" style={{ width: `${graph.width}px`, height: `${graph.height}px` }}>
        {graph.boxes.map((box) => (
          <div
            key={box.pipeline}
            class="graph-box"
            style={{ ...placeOf(box), width: `${box.width}px`, height: `${box.height}px` }}
          >
            <div style={roomOf(headRoom(box, graph.links))}>
              <BoxHead model={model} name={box.pipeline} />
            </div>
          </div>
        ))}
        <svg class="graph-wires" width={graph.width} height={graph.height} aria-hidden="true">
          {graph.wires.map((wire) => (
            <Wire
              key={`${wire.pipeline} ${wire.from} ${wire.to}`}
              model={model}
              wire={wire}
              compact={compact}
            />
          ))}
          {graph.links.map((link) => (
            <Link key={`${link.from.pipeline} ${link.from.actor}`} model={model} link={link} />
          ))}
        </svg>
        {graph.actors.map((place) => (
          <div
            key={`${place.pipeline}/${place.name}`}
            class="graph-place"
            style={{ ...placeOf(place), width: `${place.width}px`, height: `${place.height}px` }}
          >
            <PlacedCard model={model} pipeline={place.pipeline} name={place.name} compact={compact} />
          </div>
        ))}
      </div>
    </section>
  );
}

const placeOf = ({ x, y }: Point) => ({ left: `${x}px`, top: `${y}px` });
const roomOf = ({ from, to }: { from: number; to: number }) => ({
  ...{ marginLeft: `${from}px`, width: `${to - from}px` },
});

export function BoxHead({ model, name }: { model: Model; name: string }) {
  const pipeline = model.pipeline(name);
  if (!pipeline) return null;
  const stale = pipeline.stale.value;
  const status = pipeline.status.value;
  return (
    <header class="graph-head">
      <h2>{name}</h2>
      {status?.edge && status.edge !== name && <span class="quiet">edge {status.edge}</span>}
      {stale && stale.why !== 'console' && <Stale stale={stale} nowMs={model.nowMs.value} />}
      {!stale && status?.ending && <span class="quiet">is ending</span>}
    </header>
  );
}

export function PlacedCard(props: { model: Model; pipeline: string; name: string; compact: boolean }) {
  const actor = props.model.pipeline(props.pipeline)?.actor(props.name);
  return actor ? <ActorCard actor={actor} compact={props.compact} /> : null;
}

const head = ([from, tip]: readonly [Point, Point]) => {
  const angle = (Math.atan2(tip.y - from.y, tip.x - from.x) * 180) / Math.PI;
  return (
    <path
      class="wire-head"
      d="M-8,-4.5L0,0L-8,4.5Z"
      transform={`translate(${tip.x} ${tip.y}) rotate(${angle})`}
    />
  );
};

function Wire({ model, wire, compact }: { model: Model; wire: PlacedWire; compact: boolean }) {
  const pipeline = model.pipeline(wire.pipeline);
  const known = pipeline?.known.value;
  const status = known?.status;
  const own = status?.wires?.find((one) => wireKey(one) === wireKey(wire));
  const flow = own && flowOf(own, status!, known?.earlier[0] ?? null);
  const lines = own && flow ? flowLines(own, flow) : ['', ''];
  const isStale = pipeline?.stale.value != null;
  const tone = isStale ? 'stale' : flow?.blocked ? 'held' : flow?.perSecond ? 'busy' : 'idle';
  const { x, y } = wire.labelAt;
  return (
    <g class="wire" data-tone={tone}>
      <path class="wire-line" d={wire.path} />
      {tone === 'busy' && <path class="wire-flow" d={wire.path} />}
      {head(wire.tip)}
      {!compact && (
        <>
          <text class="wire-text" x={x} y={y - 8}>
            {lines[0]}
          </text>
          <text class="wire-text" x={x} y={y + 18}>
            {lines[1]}
          </text>
        </>
      )}
    </g>
  );
}

function Link({ model, link }: { model: Model; link: PlacedLink }) {
  const edge = model.pipeline(link.from.pipeline);
  if (!edge) return null;
  const uploader = edge.known.value.actors.get(link.from.actor)?.status ?? null;
  const isStale = edge.stale.value !== null;
  const state = () => linkState(edge.known.value, uploader, isStale, edge.nowMs.value);
  const { tone } = linkState(edge.known.value, uploader, isStale, edge.nowMs.peek());
  const { x, y } = link.labelAt;
  return (
    <g class="wire link" data-tone={tone} data-link={`${link.from.pipeline} ${link.to.pipeline}`}>
      <path class="wire-line" d={link.path} />
      {tone === 'well' && uploader && toneOf(uploader) === 'busy' && <path class="wire-flow" d={link.path} />}
      {head(link.tip)}
      <text class="wire-text link-text" x={x} y={y - 7}>
        link{': '}
        <Ticking text={() => state().text} />
      </text>
      <title>{toneWords[tone]}</title>
    </g>
  );
}
