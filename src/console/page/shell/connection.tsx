/** Whether what is shown is now, and since when it is not. */
import { useModel } from '../model/context.ts';
import { clockTime, inTime, span } from '../shared/figures.ts';
import { Button, Pill } from '../shared/parts.tsx';
import { Ticking } from '../shared/ticking.tsx';
import { awayText } from './news.ts';

/** In the header. */
export function ConnectionPill() {
  const { connection, pipelines } = useModel();
  const { state } = connection.value;
  if (state === 'connecting') return <Pill tone="idle">connecting</Pill>;
  if (state === 'lost') return <Pill tone="trouble">not live</Pill>;
  if (state === 'replay') return <Pill tone="paused">recording</Pill>;
  const all = pipelines.value;
  const isOver = all.length > 0 && all.every(({ stale }) => stale.value?.why === 'ended');
  return isOver ? <Pill tone="ended">ended</Pill> : <Pill tone="well">live</Pill>;
}

/** Above everything while the console is not heard. */
export function LostBanner({ onHurry }: { onHurry: () => void }) {
  const { connection, nowMs, clockMs } = useModel();
  const { state, reason, retryAtMs } = connection.value;
  if (state !== 'lost') return null;
  return (
    <div class="lost">
      <p>
        <strong>Not live.</strong> What you see is as of {clockTime(nowMs.value)},{' '}
        <Ticking text={() => span(clockMs.value - nowMs.value)} /> ago: {reason}.{' '}
        {retryAtMs === null ? (
          'Trying now …'
        ) : (
          <>
            Trying again <Ticking text={() => inTime(retryAtMs - clockMs.value)} />.
          </>
        )}
      </p>
      <Button onPress={onHurry} offBecause={retryAtMs === null ? 'it is being tried' : null}>
        Try now
      </Button>
    </div>
  );
}

/** Said to those who hear the page: once for each change, without what counts. */
export function ConnectionNews() {
  const { connection, pipelines } = useModel();
  const { state } = connection.value;
  const away = awayText(pipelines.value.map(({ name, stale }) => ({ name, why: stale.value?.why })));
  const said = state === 'lost' ? 'The console cannot be reached; what is shown is old.' : away;
  return (
    <p class="unseen" role="status" aria-live="polite">
      {said}
    </p>
  );
}
