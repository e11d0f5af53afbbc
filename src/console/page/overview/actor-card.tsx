/** One actor on the overview: how it is, what flows through it, what waits for it. */
import { useComputed } from '@preact/signals';
import { printable } from '../../../domain/text.ts';
import type { ActorModel } from '../model/model.ts';
import { hrefTo } from '../routes.ts';
import { count, inTime, rate, size, span } from '../shared/figures.ts';
import { Pill } from '../shared/parts.tsx';
import { Ticking } from '../shared/ticking.tsx';
import { toneOf } from '../shared/tones.ts';
import { sessionsText } from './sessions.ts';
import { Sparkline } from './sparkline.tsx';

interface CardProps {
  readonly actor: ActorModel;
  /** Only the most important, for pipelines of very many. */
  readonly compact: boolean;
}

export function ActorCard({ actor, compact }: CardProps) {
  // Drawn again when one of these changes, which in a pipeline of very many is much less often than it says something.
  const tone = useComputed(() => toneOf(actor.status.value, actor.pipeline.stale.value !== null)).value;
  const state = useComputed(
    () => actor.status.value?.state ?? actor.known.value.live?.state ?? 'not known',
  ).value;
  const kind = useComputed(() => actor.known.value.kind).value;
  return (
    <a
      class={`actor-card ${compact ? 'is-compact' : ''}`}
      data-tone={tone}
      data-actor={`${actor.pipeline.name}/${actor.name}`}
      href={hrefTo({ page: 'actor', pipeline: actor.pipeline.name, actor: actor.name })}
    >
      <span class="actor-head">
        <strong class="actor-name">{actor.name}</strong>
        {kind !== actor.name && <span class="actor-kind">{kind}</span>}
      </span>
      <span class="actor-state">
        <Pill tone={tone}>{state}</Pill>
        {!compact && (
          <span class="quiet figure">
            <Ticking text={() => since(actor)} />
          </span>
        )}
      </span>
      {!compact && <Figures actor={actor} />}
    </a>
  );
}

function since({ status, pipeline }: ActorModel): string {
  return status.value ? span(pipeline.nowMs.value - status.value.sinceMs) : '';
}

function Figures({ actor }: { actor: ActorModel }) {
  const status = actor.status.value;
  if (!status) return null;
  return (
    <>
      <span class="actor-flow">
        <Sparkline perSecond={status.perSecond} />
        <span class="figure">{rate(status.readingsPerSecond)}</span>
      </span>
      <Backlog actor={actor} />
      <span class="actor-word-place">
        <span class="actor-word">
          <Word actor={actor} />
        </span>
      </span>
    </>
  );
}

function Backlog({ actor }: { actor: ActorModel }) {
  const waiting = actor.status.value?.waiting;
  if (!waiting) return <span class="actor-backlog quiet">takes nothing from others</span>;
  if (waiting.bytes === 0) return <span class="actor-backlog quiet">nothing waits</span>;
  const fill = waiting.bytesMax ? Math.min(1, waiting.bytes / waiting.bytesMax) : 0;
  const amount = waiting.readings === null ? size(waiting.bytes) : count(waiting.readings);
  const tone = fill > 0.9 ? 'trouble' : fill > 0.6 ? 'held' : 'busy';
  return (
    <span class="actor-backlog" data-tone={tone}>
      <span class="figure">
        {amount} wait{waiting.readings !== null && `, ${size(waiting.bytes)}`}
        {waiting.oldestMs !== null && (
          <>
            {', '}
            <Ticking text={() => span(actor.pipeline.nowMs.value - waiting.oldestMs!)} />
          </>
        )}
      </span>
      {waiting.bytesMax !== null && (
        <svg class="fill" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
          <rect class="fill-all" width="100" height="4" />
          <rect class="fill-used" width={Math.max(1, fill * 100)} height="4" />
        </svg>
      )}
    </span>
  );
}

/** What most deserves to be said of it now. */
function Word({ actor }: { actor: ActorModel }) {
  const sessions = useComputed(() => sessionsText(actor)).value;
  const status = actor.status.value!;
  const { retryAtMs, cause, alarm, attempt, lastError } = status;
  if (retryAtMs !== null) {
    return (
      <span class="actor-bad">
        again{' '}
        <b class="figure">
          <Ticking text={() => inTime(retryAtMs - actor.pipeline.nowMs.value)} />
        </b>
        {attempt > 0 && `, attempt ${attempt}`}
        {cause && `: ${printable(cause.message)}`}
      </span>
    );
  }
  if (cause) return <span class="actor-bad">{printable(cause.message)}</span>;
  if (alarm) return <span class="actor-bad">{printable(alarm)}</span>;
  if (sessions) return <span>{sessions}</span>;
  if (!lastError) return null;
  return (
    <span class="quiet">
      last error <Ticking text={() => span(actor.pipeline.nowMs.value - lastError.atMs)} /> ago:{' '}
      {printable(lastError.problem.message)}
    </span>
  );
}
