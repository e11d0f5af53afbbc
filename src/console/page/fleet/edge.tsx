/** One edge: what it said of itself, what it is doing, and its past as it travelled to the cloud. */
import { useState } from 'preact/hooks';
import { actorToldMs, type EdgeSummary } from '../../../contract/fleet.ts';
import { printable } from '../../../domain/text.ts';
import { useModel } from '../model/context.ts';
import type { PipelineModel } from '../model/model.ts';
import { hrefTo } from '../routes.ts';
import { count, counted, dateTime, size, span } from '../shared/figures.ts';
import { Ago, Empty, Pill, Stale } from '../shared/parts.tsx';
import { certificateText, lostText, offsetText, versionText } from './cells.tsx';
import { Nothing, OldNote } from './nothing.tsx';
import { asOf, concernText, type FleetRow, rowOf } from './rows.ts';
import { Timeline } from './timeline.tsx';
import { Transitions } from './transitions.tsx';
import { cloudOf, useFleet } from './use-fleet.ts';
import { useHistory } from './use-history.ts';

export function EdgeView({ edge }: { edge: string }) {
  const model = useModel();
  const pipeline = cloudOf(model);
  const { answer, error } = useFleet(model, pipeline);
  const summary = answer?.edges.find((each) => each.edge === edge);
  const back = hrefTo({ page: 'fleet' }, { pipeline: pipeline?.name });
  return (
    <section class="fleet" aria-label={`Edge ${edge}`}>
      <header class="fleet-head">
        <h1>
          <a href={back}>Fleet</a>{' '}
          <span aria-hidden="true" class="quiet">
            /
          </span>{' '}
          {printable(edge, 80)}
        </h1>
        {summary && <Session summary={summary} pipeline={pipeline!} />}
      </header>
      {pipeline && !model.isReplay.value && (
        <Stale stale={pipeline.stale.value} nowMs={model.clockMs.value} />
      )}
      <OldNote hasAnswer={answer !== null} error={error} />
      {summary && pipeline ? (
        <Edge key={edge} summary={summary} pipeline={pipeline} isStale={error !== null} />
      ) : answer && pipeline && answer.edges.length > 0 ? (
        <Empty title={`${pipeline.name} knows no edge of that name`}>
          <a href={back}>See all {count(answer.edges.length)} edges</a>
        </Empty>
      ) : (
        <Nothing model={model} pipeline={pipeline} hasAnswer={answer !== null} error={error} />
      )}
    </section>
  );
}

function Session({ summary, pipeline }: { summary: EdgeSummary; pipeline: PipelineModel }) {
  const { session, sessionState } = summary;
  if (session === null) return <Pill tone="trouble">not connected</Pill>;
  return (
    <span class="edge-session">
      <Pill tone="well">{sessionState ?? 'connected'}</Pill>
      <a href={hrefTo({ page: 'actor', pipeline: pipeline.name, actor: session })}>
        Statechart of its session
      </a>
    </span>
  );
}

interface EdgeProps {
  readonly summary: EdgeSummary;
  readonly pipeline: PipelineModel;
  readonly isStale: boolean;
}

function Edge({ summary, pipeline, isStale }: EdgeProps) {
  const nowMs = pipeline.nowMs.peek();
  const row = rowOf(summary, nowMs);
  return (
    <div class={isStale || pipeline.stale.value ? 'edge is-stale' : 'edge'}>
      {row.concerns.length > 0 && (
        <ul class="edge-concerns">
          {row.concerns.map((concern) => (
            <li key={concern}>{sentence(concernText(row, concern, nowMs))}</li>
          ))}
        </ul>
      )}
      <div class="edge-cards">
        <Facts row={row} nowMs={nowMs} />
        <Actors summary={summary} nowMs={nowMs} />
      </div>
      <Past summary={summary} pipeline={pipeline} />
    </div>
  );
}

const sentence = (text: string) => `${text[0]?.toUpperCase()}${text.slice(1)}.`;

function Facts({ row, nowMs }: { row: FleetRow; nowMs: number }) {
  const { backlog, connectedMs, lastWordMs, agent, clockOffsetMs, certificateUntilMs, readings, epoch } =
    row.edge;
  const facts: readonly (readonly [string, preact.ComponentChildren])[] = [
    ['Last word', <Ago key="word" atMs={lastWordMs} nowMs={nowMs} />],
    ['Connected', <Ago key="connected" atMs={connectedMs} nowMs={nowMs} />],
    [
      'Backlog, by its own word',
      backlog
        ? `${counted(backlog.readings, 'reading')}, ${size(backlog.bytes)}${row.backlogAgeMs === null ? '' : `, oldest ${span(row.backlogAgeMs)}`}, ${asOf(row.edge, backlog.atMs, nowMs)}`
        : 'not told',
    ],
    ['Readings stored', count(readings)],
    ['Readings lost', row.lost === 0 ? 'none' : lostText(row)],
    ['Version', versionText(agent)],
    ['Clock', clockOffsetMs === null ? 'not told' : `${offsetText(clockOffsetMs)} to the cloud's`],
    [
      'Certificate',
      certificateUntilMs === null
        ? 'none'
        : `ends ${dateTime(certificateUntilMs).slice(0, 10)}, ${certificateText(certificateUntilMs, nowMs)}`,
    ],
    ['Epoch', <code key="epoch">{printable(epoch, 40)}</code>],
  ];
  return (
    <dl class="card edge-facts">
      {facts.map(([title, value]) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Actors({ summary, nowMs }: { summary: EdgeSummary; nowMs: number }) {
  const { actors, session } = summary;
  return (
    <div class="card edge-actors">
      <h2>Its actors, by their last word</h2>
      {actors.length === 0 ? (
        <p class="quiet">It has not said in which states they are.</p>
      ) : (
        <ul>
          {actors.map((each) => (
            <li key={each.actor}>
              <strong>{printable(each.actor)}</strong>
              <Pill tone={session === null ? 'stale' : each.health}>{printable(each.state)}</Pill>
              <span class="quiet">{asOf(summary, actorToldMs(summary, each), nowMs)}</span>
              {each.cause && <span class="edge-cause">{printable(each.cause, 200)}</span>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const hourMs = 3_600_000;
const spans: readonly { readonly label: string; readonly spanMs: number | null }[] = [
  { label: '1 h', spanMs: hourMs },
  { label: '6 h', spanMs: 6 * hourMs },
  { label: '24 h', spanMs: 24 * hourMs },
  { label: 'All', spanMs: null },
];

function Past({ summary, pipeline }: Omit<EdgeProps, 'isStale'>) {
  const { edge, clockOffsetMs, session } = summary;
  const isLive = pipeline.known.value.attached;
  const past = useHistory(isLive ? pipeline.name : null, edge);
  const [spanMs, choose] = useState<number | null>(null);
  const transitions = past.history?.transitions ?? [];
  const [first, last] = [transitions[0], transitions.at(-1)];
  if (!first || !last) return <NoPast isAsked={past.history !== null} error={past.error} />;
  // Until when its states are known: an edge that is away says no more.
  const knownMs = session === null ? last.timeMs : pipeline.nowMs.peek() + (clockOffsetMs ?? 0);
  const toMs = Math.max(last.timeMs, knownMs);
  const axis = {
    fromMs: spanMs === null ? first.timeMs : Math.max(first.timeMs, toMs - spanMs),
    toMs: toMs + 1,
  };
  return (
    <div class="card edge-past">
      <div class="edge-past-head">
        <h2>Its past, as it told it itself</h2>
        <fieldset class="ranges">
          <legend class="unseen">Range</legend>
          {spans.map(({ label, spanMs: own }) => (
            <button
              key={label}
              type="button"
              class="button"
              aria-pressed={spanMs === own}
              onClick={() => choose(own)}
            >
              {label}
            </button>
          ))}
        </fieldset>
      </div>
      {past.error && (
        <p class="stale-note" role="status">
          {past.error.message}. {past.error.advice}
        </p>
      )}
      <Timeline transitions={transitions} axis={axis} />
      <Transitions
        transitions={transitions.filter(({ timeMs }) => timeMs >= axis.fromMs)}
        hasOlder={past.history!.before !== null}
        isAsking={past.isAsking}
        onOlder={past.older}
      />
    </div>
  );
}

function NoPast({ isAsked, error }: { isAsked: boolean; error: { message: string; advice: string } | null }) {
  if (error) {
    return (
      <Empty title="Its past cannot be had">
        <p>
          {error.message}. {error.advice}
        </p>
      </Empty>
    );
  }
  if (!isAsked) return <p class="quiet">Asking for its past …</p>;
  return (
    <Empty title="This edge has not sent its states">
      <p>
        An edge tells them in a stream of its own when its pipeline file has <code>states: changes</code>{' '}
        (what went wrong and well again) or <code>states: all</code>. With <code>states: none</code>, or an
        older fogrun, only what the cloud sees of it is known.
      </p>
    </Empty>
  );
}
