/** The statechart of one actor, and its history. */
import type { ActorModel } from '../model/model.ts';
import { Pill } from '../shared/parts.tsx';
import { toneOf } from '../shared/tones.ts';

/** Below the actor's head with its controls, which is the shell's. */
export function StatechartView({ actor }: { actor: ActorModel }) {
  const { status, live } = actor.known.value;
  return (
    <section class="statechart" aria-label="Statechart">
      <Pill tone={toneOf(status, actor.pipeline.stale.value !== null)}>
        {live?.state ?? status?.state ?? 'unknown'}
      </Pill>
    </section>
  );
}
