/** Beside the drawing, in words: what an actor is in and can do next, and what was in one of its steps. */
import type { ComponentChildren } from 'preact';
import type { Chart } from '../../../contract/chart.ts';
import type { InspectFrame, StepFrame } from '../../../contract/inspect.ts';
import type { LiveActor } from '../model/world.ts';
import { preciseTime } from '../shared/figures.ts';
import { Ago, Countdown } from '../shared/parts.tsx';
import { activeStates, nextSteps } from './active.ts';
import { wayOf } from './history.ts';
import { Tree } from './tree.tsx';

interface NowProps {
  readonly chart: Chart;
  readonly live: LiveActor;
  /** When it came into its state, ms since 1970. */
  readonly sinceMs: number | null;
  readonly nowMs: number;
}

/** The drawing as a list: also for those who cannot see it. */
export function NextSteps({ chart, live, sinceMs, nowMs }: NowProps) {
  const steps = nextSteps(chart, activeStates(live.value), live.timers);
  const moves = steps.filter(({ ways }) => ways.some(({ target }) => target !== ''));
  const others = steps.filter((step) => !moves.includes(step));
  return (
    <div class="next">
      <p>
        In <strong>{live.state}</strong>
        {sinceMs !== null && (
          <>
            {' since '}
            {preciseTime(sinceMs).slice(0, 8)}, <Ago atMs={sinceMs} nowMs={nowMs} />
          </>
        )}
        . {moves.length === 0 ? 'Nothing leads out of it.' : 'What can happen next:'}
      </p>
      <ul>
        {moves.map(({ label, ways, timer, transitions }) => (
          <li key={transitions[0]} class={timer ? 'next-timed' : ''}>
            <span class="next-event">{label}</span>{' '}
            {ways.map(({ target, guard }, i) => (
              <span key={`${target} ${guard}`} class="next-way">
                {i > 0 && 'or '}→ {target === '' ? 'stays' : target}
                {guard !== null && <span class="quiet"> if {guard}</span>}{' '}
              </span>
            ))}
            {timer && (
              <span class="next-timer">
                in <Countdown untilMs={timer.startedMs + timer.delayMs} nowMs={nowMs} />
              </span>
            )}
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <p class="quiet">Taken without leaving: {others.map(({ label }) => label).join(', ')}.</p>
      )}
    </div>
  );
}

interface StepDetailsProps {
  readonly frame: Exclude<InspectFrame, { type: 'sample' }>;
  /** Its context as it was after it. */
  readonly context: unknown;
}

/** All that is known of one step. */
export function StepDetails({ frame, context }: StepDetailsProps) {
  const cause = frame.type === 'actor' ? null : frame.cause;
  return (
    <div class="step">
      <dl class="step-facts">
        <Fact name="When">{preciseTime(frame.timeMs)}</Fact>
        {frame.type === 'step' && <StepFacts step={frame} />}
        {frame.type === 'actor' && (
          <Fact name="What">
            {frame.known ? 'was alive as somebody began to look, in' : 'began a life in'} {frame.state}
          </Fact>
        )}
        {frame.type === 'end' && <Fact name="What">its life is over: {frame.how}</Fact>}
        {cause && (
          <Fact name="Cause">
            <strong class="step-cause">{cause.code}</strong>: {cause.message}. {cause.advice}
          </Fact>
        )}
      </dl>
      {frame.type === 'step' && (
        <section aria-label="Payload">
          <h3>Payload of the event</h3>
          {frame.event.payload === null ? <p class="quiet">none</p> : <Tree value={frame.event.payload} />}
        </section>
      )}
      <section aria-label="Context">
        <h3>
          Context {frame.type === 'step' && !('context' in frame) && <span class="quiet">(as before)</span>}
        </h3>
        {context === null || context === undefined ? (
          <p class="quiet">not known</p>
        ) : (
          <Tree value={context} />
        )}
      </section>
    </div>
  );
}

function StepFacts({ step }: { step: StepFrame }) {
  const { event, source, actor, taken, refused, sent } = step;
  return (
    <>
      <Fact name="Event">
        <span class="mono">{event.name}</span>
        {event.name !== event.type && <span class="quiet"> ({event.type})</span>}
      </Fact>
      <Fact name="From">{sourceText(source, actor)}</Fact>
      <Fact name="State">{wayOf(step)}</Fact>
      {taken.length === 0 && refused.length === 0 && <Fact name="Taken">nobody wanted it</Fact>}
      {refused.map(({ transition, guard }) => (
        <Fact key={transition} name="Said no">
          <strong>{guard === 'guard' ? 'a guard' : guard}</strong>{' '}
          <span class="quiet">({transition.split('|')[0] || 'in any state'})</span>
        </Fact>
      ))}
      {sent.map(({ to, event: said }, i) => (
        <Fact key={`${i} ${to} ${said}`} name="Sent">
          <span class="mono">{said}</span> to {to}
        </Fact>
      ))}
    </>
  );
}

function sourceText(source: string | null, actor: string): string {
  if (source === null) return 'the runtime or a person';
  if (source === actor) return 'itself';
  const [owner, invoked] = source.split('#');
  return invoked !== undefined && owner === actor ? `its own ${invoked}` : source;
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
