/** The moment that an address names, in a recording: whoever opens it is to see what it was sent for. */
import { effect } from '@preact/signals';
import type { Recording } from '../model/replay.ts';
import { type Place, place } from '../routes.ts';
import type { Player } from './player.ts';

/** When all of it had been said, ms since 1970; `null` where nothing of this recording is named. */
export function namedMs({ route, query }: Place, recording: Pick<Recording, 'heardMs'>): number | null {
  const at = Number(query.get('at') ?? Number.NaN);
  if (!Number.isFinite(at)) return null;
  if (route.page === 'events') return recording.heardMs(({ timeMs }) => timeMs === at) ?? at;
  if (route.page !== 'actor') return null;
  const { pipeline, actor } = route;
  return recording.heardMs(
    (item) => item.frame?.id === at && item.actor === actor && item.pipeline === pipeline,
  );
}

/** Goes on to a moment as soon as an address names it that is later than what is shown. */
export function followNamed(player: Player): void {
  let last: string | null = null;
  effect(() => {
    const { route, query } = place.value;
    const name = JSON.stringify([route, query.get('at')]);
    // Somebody who has taken the recording back since stays there.
    if (name === last) return;
    last = name;
    const timeMs = namedMs({ route, query }, player.recording);
    if (timeMs !== null && timeMs > player.atMs.peek()) player.seek(timeMs);
  });
}
