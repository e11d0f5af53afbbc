/** What a person can ask of an actor, and what came of it. */
import { useEffect, useState } from 'preact/hooks';
import type { Chart } from '../../../contract/chart.ts';
import type { Acted, ActorAction } from '../../../contract/control.ts';
import { printable } from '../../../domain/text.ts';
import { ApiError, getJson, postJson } from '../model/api.ts';
import { useModel } from '../model/context.ts';
import type { ActorModel } from '../model/model.ts';
import { Dialog } from '../shared/dialog.tsx';
import { Button } from '../shared/parts.tsx';
import { actions, actionWords, offBecause } from './can-act.ts';

export interface Outcome {
  readonly isGood: boolean;
  readonly text: string;
  readonly advice: string;
}

export function Controls({ actor }: { actor: ActorModel }) {
  const model = useModel();
  const [busy, setBusy] = useState<ActorAction | null>(null);
  const [asking, setAsking] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const key = model.hello.value?.key ?? null;
  const now = {
    ...{ status: actor.known.value.status, stale: actor.pipeline.stale.value },
    ...{ isReplay: model.isReplay.value, canPause: useCanPause(actor), key },
  };
  const act = async (action: ActorAction) => {
    setBusy(action);
    setOutcome(null);
    const body = { pipeline: actor.pipeline.name, actor: actor.name, action };
    setOutcome(
      await outcomeOf(async () => {
        const { from, to } = await postJson<Acted>('api/act', key, body);
        return `${action}: ${from} → ${to}`;
      }),
    );
    setBusy(null);
  };
  const names = actions.filter((action) => action !== 'resume' || now.status?.health === 'paused');
  const shown = names.filter((action) => action !== 'pause' || now.status?.health !== 'paused');
  return (
    <section class="controls" aria-label="Controls">
      <div class="controls-buttons">
        {shown.map((action) => (
          <Button
            // Pause and resume are one place: the focus stays where it was pressed.
            key={action === 'resume' ? 'pause' : action}
            as={action === 'restart' ? 'danger' : 'plain'}
            offBecause={busy ? `${busy} is being done` : offBecause(action, now)}
            onPress={() => (action === 'restart' ? setAsking(true) : void act(action))}
          >
            {actionWords[action]}
          </Button>
        ))}
      </div>
      {now.isReplay && <p class="quiet">Nothing can be asked of it: this is a recording.</p>}
      <OutcomeLine outcome={outcome} />
      {asking && (
        <Dialog title={`Restart ${actor.pipeline.name}/${actor.name}?`} onClose={() => setAsking(false)}>
          <p>
            It ends as it is and begins anew. What was accepted stays in the store; what is under way is sent
            again.
          </p>
          <div class="dialog-buttons">
            <Button onPress={() => setAsking(false)}>Leave it</Button>
            <Button
              as="danger"
              onPress={() => {
                setAsking(false);
                void act('restart');
              }}
            >
              Restart it
            </Button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

/** Whether its kind has a state to be paused in. */
function useCanPause(actor: ActorModel): boolean | null {
  const [canPause, setCanPause] = useState<boolean | null>(null);
  const { kind } = actor.known.value;
  useEffect(() => {
    setCanPause(null);
    const abort = new AbortController();
    getJson<{ chart: Chart }>(`api/charts/${encodeURIComponent(kind)}`, {}, abort.signal).then(
      ({ chart }) => setCanPause(chart.states.some(({ name }) => name === 'paused')),
      // Without its chart the runtime judges.
      () => {},
    );
    return () => abort.abort();
  }, [kind]);
  return canPause;
}

/** Does something that the console may refuse. */
export async function outcomeOf(what: () => Promise<string>): Promise<Outcome> {
  try {
    return { isGood: true, text: await what(), advice: '' };
  } catch (thrown) {
    const advice = thrown instanceof ApiError ? thrown.advice : '';
    return { isGood: false, text: thrown instanceof Error ? thrown.message : String(thrown), advice };
  }
}

export function OutcomeLine({ outcome }: { outcome: Outcome | null }) {
  return (
    <p class="outcome" role="status" data-tone={outcome?.isGood === false ? 'trouble' : 'well'}>
      {outcome && (
        <>
          {printable(outcome.text, 400)}
          {outcome.advice && <span class="advice"> {printable(outcome.advice, 400)}</span>}
        </>
      )}
    </p>
  );
}
