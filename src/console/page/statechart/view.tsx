/** The statechart of one actor, and its history. */
import { useCallback, useMemo, useRef } from 'preact/hooks';
import { useModel } from '../model/context.ts';
import type { ActorModel } from '../model/model.ts';
import type { LiveActor } from '../model/world.ts';
import { refine } from '../navigate.ts';
import { hrefTo, place } from '../routes.ts';
import { count, preciseTime } from '../shared/figures.ts';
import { Button, Empty, NoMoment, Pill } from '../shared/parts.tsx';
import { toneOf } from '../shared/tones.ts';
import { activeStates } from './active.ts';
import { askAgain, chartOfKind } from './charts.ts';
import { NextSteps, StepDetails } from './details.tsx';
import { ChartFrame } from './frame.tsx';
import { frameBeside, type Moment, missingText, momentAt } from './history.ts';
import { HistoryList } from './history-list.tsx';
import type { Lit } from './lighting.ts';
import { Sessions } from './sessions.tsx';

/** Below the actor's head with its controls, which is the shell's. */
export function StatechartView({ actor }: { actor: ActorModel }) {
  const model = useModel();
  const known = actor.known.value;
  const items = model.past.value.ofActor(actor.pipeline.name, actor.name);
  const atFrame = frameOf(place.value.query.get('at'));
  const isReplay = model.isReplay.value;
  const isFound = useRef(false);
  const newest = items.at(-1)?.place ?? null;
  const moment = useMemo(
    () => (atFrame === null ? null : momentAt(items, atFrame)),
    [
      atFrame,
      atFrame === null ? null : (items[0]?.place ?? null),
      // What came later does not change what was found; but the past comes in parts, and a recording can be taken back to before it.
      atFrame !== null && (isReplay || !isFound.current) ? newest : null,
    ],
  );
  isFound.current = moment !== null;
  const choose = useCallback((frameId: number | null) => refine({ at: frameId }), []);
  const kind = (known.live?.kind || known.kind) ?? '';
  const isThen = atFrame !== null && moment !== null;
  const live = isThen ? moment.after : known.live;
  return (
    <section class={`statechart${isThen ? ' is-then' : ''}`} aria-label="Statechart and history">
      {atFrame === null && <NoMoment named={place.value.query.get('at')} />}
      {atFrame !== null && <ThenBar {...{ moment, items, atFrame, isReplay, choose }} />}
      <Sessions actor={actor} />
      <div class="statechart-parts">
        <div class="statechart-main">
          <Drawing kind={kind} actor={actor} live={live} moment={moment} />
        </div>
        <div class="statechart-side">
          {isThen && (
            <section class="card side-card" aria-labelledby="step-title">
              <h2 id="step-title">This step</h2>
              <StepDetails frame={moment.item.frame} context={moment.after?.context ?? null} />
            </section>
          )}
          <section class="card side-card" aria-labelledby="history-title">
            <h2 id="history-title">History</h2>
            <HistoryList items={items} atFrame={atFrame} onChoose={choose} />
            <p class="quiet">
              <a href={hrefTo({ page: 'events' }, { pipeline: actor.pipeline.name, actor: actor.name })}>
                Among all events
              </a>
            </p>
          </section>
          {!isThen && known.live && (
            <section class="card side-card" aria-labelledby="context-title">
              <h2 id="context-title">Last step and context</h2>
              {known.live.last ? (
                <StepDetails frame={known.live.last} context={known.live.context} />
              ) : (
                <p class="quiet">It did nothing since somebody looked.</p>
              )}
            </section>
          )}
        </div>
      </div>
    </section>
  );
}

function frameOf(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

interface ThenBarProps {
  readonly moment: Moment | null;
  readonly items: Parameters<typeof momentAt>[0];
  readonly atFrame: number;
  readonly isReplay: boolean;
  readonly choose: (frameId: number | null) => void;
}

/** Says that what is below is not now, and leads back. */
function ThenBar({ moment, items, atFrame, isReplay, choose }: ThenBarProps) {
  const [older, newer] = [frameBeside(items, atFrame, -1), frameBeside(items, atFrame, 1)];
  return (
    <div class="then-bar" role="status">
      <p>
        {moment ? (
          <>
            <strong>As it was at {preciseTime(moment.item.timeMs)}</strong>
            <span class="quiet">
              {' '}
              step {count(moment.index + 1)} of {count(moment.total)} that are kept
            </span>
          </>
        ) : (
          <strong>{missingText(items, atFrame, isReplay)}</strong>
        )}
      </p>
      <div class="then-buttons">
        <Button offBecause={older === null ? 'nothing older is kept' : null} onPress={() => choose(older)}>
          ← Earlier
        </Button>
        <Button offBecause={newer === null ? 'nothing came later' : null} onPress={() => choose(newer)}>
          Later →
        </Button>
        <Button as="main" onPress={() => choose(null)}>
          {isReplay ? 'Back to the slider' : 'Back to live'}
        </Button>
      </div>
    </div>
  );
}

interface DrawingProps {
  readonly kind: string;
  readonly actor: ActorModel;
  /** As it is shown: now, or then. */
  readonly live: LiveActor | null;
  readonly moment: Moment | null;
}

const nothingActive: Lit = {
  ...{ active: [], taken: [], refused: [], timers: [], step: null, fades: false },
};

function Drawing({ kind, actor, live, moment }: DrawingProps) {
  const state = chartOfKind(kind).value;
  const { status } = actor.known.value;
  const lit = useMemo(() => (live ? litOf(live, moment) : nothingActive), [live, moment]);
  if (state.is === 'missing') {
    return (
      <Empty title={`No statechart of ${kind || 'this actor'}`}>
        <p>{state.reason}</p>
        <Button onPress={() => askAgain(kind)}>Ask again</Button>
      </Empty>
    );
  }
  if (state.is !== 'there') {
    const text = state.is === 'asked' ? 'Getting the statechart' : `The statechart of ${kind} is being drawn`;
    return (
      <div role="status">
        <Empty title={`${text} …`}>
          {state.is === 'drawn' &&
            'This kind is not built in: its drawing is made here, which takes a moment.'}
        </Empty>
      </div>
    );
  }
  const { chart, layout } = state;
  const isStale = actor.pipeline.stale.value !== null && moment === null;
  const nowMs = moment ? moment.item.timeMs : actor.pipeline.nowMs.value;
  const sinceMs = moment ? (live?.sinceMs ?? null) : (live?.sinceMs ?? status?.sinceMs ?? null);
  const shown = live?.state ?? status?.state ?? 'unknown';
  return (
    <>
      <div class={isStale ? 'is-stale' : ''}>
        <ChartFrame
          chart={chart}
          layout={layout}
          lit={lit}
          nowMs={nowMs}
          label={`Statechart of ${actor.name}, in ${shown}`}
        />
      </div>
      <section class="card side-card" aria-label={moment ? 'State then' : 'State now'}>
        {live ? (
          <NextSteps chart={chart} live={live} sinceMs={sinceMs} nowMs={nowMs} />
        ) : (
          <p>
            <Pill tone={toneOf(status, isStale)}>{shown}</Pill>{' '}
            <span class="quiet">
              Its steps are not known: nothing of them has come from its pipeline yet.
            </span>
          </p>
        )}
      </section>
    </>
  );
}

function litOf({ value, last, timers, ended }: LiveActor, moment: Moment | null): Lit {
  const step = moment ? (moment.item.frame.type === 'step' ? moment.item.frame : null) : last;
  return {
    active: ended ? [] : activeStates(value),
    taken: step?.taken ?? [],
    refused: step?.refused ?? [],
    timers,
    step: step?.id ?? null,
    fades: moment === null,
  };
}
