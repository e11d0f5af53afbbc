/** One actor: its head with what can be done, and its statechart. */
import type { ComponentChildren } from 'preact';
import { printable } from '../../../domain/text.ts';
import { useModel } from '../model/context.ts';
import type { ActorModel } from '../model/model.ts';
import { hrefTo } from '../routes.ts';
import { count, inTime, rate, size, span } from '../shared/figures.ts';
import { Empty, Pill, Stale } from '../shared/parts.tsx';
import { Ticking } from '../shared/ticking.tsx';
import { toneOf } from '../shared/tones.ts';
import { StatechartView } from '../statechart/view.tsx';
import { Controls } from './controls.tsx';
import { DeadLetters } from './dead-letters.tsx';

export function ActorPage({ pipeline, name }: { pipeline: string; name: string }) {
  const model = useModel();
  const known = model.pipeline(pipeline);
  const actor = known?.actor(name);
  if (!actor) {
    const isEarly = model.connection.value.state === 'connecting';
    if (isEarly) return <Empty title="Asking the console …" />;
    if (model.isReplay.value) {
      return (
        <Empty title={`There was no actor ${printable(name)} in ${printable(pipeline)} at this moment`}>
          It may come later in the recording, or have ended before.{' '}
          <a href={hrefTo({ page: 'overview' })}>All actors</a>
        </Empty>
      );
    }
    return (
      <Empty title={`There is no actor ${printable(name)} in ${printable(pipeline)} now`}>
        It may have ended, or is called otherwise. <a href={hrefTo({ page: 'overview' })}>All actors</a>
      </Empty>
    );
  }
  const stale = actor.pipeline.stale.value;
  return (
    <article class="actor-page" aria-label={`${pipeline}/${name}`}>
      <Head actor={actor} />
      {stale && stale.why !== 'console' && <Stale stale={stale} nowMs={model.nowMs.value} />}
      <Facts actor={actor} />
      <Controls key={`${pipeline}/${name}`} actor={actor} />
      {actor.known.value.kind === 'uploader' && (
        <DeadLetters key={`letters ${pipeline}`} pipeline={actor.pipeline} />
      )}
      <StatechartView key={`chart ${pipeline}/${name}`} actor={actor} />
    </article>
  );
}

function Head({ actor }: { actor: ActorModel }) {
  const { status, live, kind } = actor.known.value;
  const state = live && !live.ended ? live.state : (status?.state ?? live?.state ?? 'not known');
  return (
    <header class="actor-page-head">
      <h1>
        <a href={hrefTo({ page: 'overview' })} class="actor-page-of">
          {actor.pipeline.name}
        </a>
        <span class="quiet">/</span>
        {printable(actor.name)}
      </h1>
      <Pill tone={toneOf(status, actor.pipeline.stale.value !== null)}>{state}</Pill>
      <span class="quiet">
        {kind}
        {status?.about && `, for ${printable(status.about)}`}
      </span>
    </header>
  );
}

function Facts({ actor }: { actor: ActorModel }) {
  const { status } = actor.known.value;
  if (!status) return null;
  const { nowMs } = actor.pipeline;
  const { waiting, retryAtMs, cause, alarm, lastError, attempt } = status;
  const word = cause ?? (lastError ? lastError.problem : null);
  return (
    <>
      <dl class="facts">
        <Fact name="in this state for">
          <Ticking text={() => span(nowMs.value - actor.known.value.status!.sinceMs)} />
        </Fact>
        {retryAtMs !== null && (
          <Fact name={`attempt ${attempt}, tries again`}>
            <Ticking text={() => inTime(retryAtMs - nowMs.value)} />
          </Fact>
        )}
        <Fact name="now">{rate(status.readingsPerSecond)}</Fact>
        <Fact name="readings so far">{count(status.readings)}</Fact>
        {waiting && waiting.bytes === 0 && <Fact name="waiting">nothing</Fact>}
        {waiting && waiting.bytes > 0 && (
          <Fact name={waiting.oldestMs === null ? 'waiting' : 'waiting, the oldest for'}>
            {waiting.readings === null
              ? size(waiting.bytes)
              : `${count(waiting.readings)}, ${size(waiting.bytes)}`}
            {waiting.oldestMs !== null && (
              <>
                {', '}
                <Ticking text={() => span(nowMs.value - waiting.oldestMs!)} />
              </>
            )}
          </Fact>
        )}
        <Fact name="restarts">{count(status.restarts)}</Fact>
        {status.transitions !== undefined && <Fact name="transitions">{count(status.transitions)}</Fact>}
        {status.process && (
          <Fact name="runs in">{`${status.process.name}, pid ${status.process.pid ?? '–'}`}</Fact>
        )}
      </dl>
      {alarm && <p class="trouble-note">{printable(alarm, 400)}</p>}
      {word && (
        <p class={cause ? 'trouble-note' : 'quiet'}>
          {!cause && lastError && (
            <>
              Last error, <Ticking text={() => span(nowMs.value - lastError.atMs)} /> ago:{' '}
            </>
          )}
          <code>{word.code}</code> {printable(word.message, 400)}.{' '}
          <span class="advice">{printable(word.advice, 400)}</span>
        </p>
      )}
    </>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd class="figure">{children}</dd>
    </div>
  );
}
