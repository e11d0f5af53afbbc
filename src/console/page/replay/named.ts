/** The moment that an address names, in a recording: whoever opens it is to see what it was sent for. */
import { effect } from '@preact/signals';
import type { PastItem } from '../model/past.ts';
import type { Recording } from '../model/replay.ts';
import { type Place, place, type Route } from '../routes.ts';
import type { Player } from './player.ts';

/**
 * When all of it had been said, ms since 1970; `null` where nothing of this recording is named.
 * @param shownMs the moment that is shown: what is there to be seen need not be gone to
 */
export function namedMs(
  { route, query }: Place,
  recording: Pick<Recording, 'at' | 'heardMs'>,
  shownMs: number,
): number | null {
  const at = Number(query.get('at') ?? Number.NaN);
  if (!Number.isFinite(at)) return null;
  const fits = fitting(route, at);
  // It may be told again later: a log when it is reached once more, and another life of a console counts frames from the start.
  if (!fits || recording.at(shownMs).past.items.some(fits)) return null;
  return recording.heardMs(fits) ?? (route.page === 'events' ? at : null);
}

function fitting(route: Route, at: number): ((item: PastItem) => boolean) | null {
  if (route.page === 'events') return ({ timeMs }) => timeMs === at;
  if (route.page !== 'actor') return null;
  const { pipeline, actor } = route;
  return (item) => item.frame?.id === at && item.actor === actor && item.pipeline === pipeline;
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
    const shownMs = player.atMs.peek();
    const timeMs = namedMs({ route, query }, player.recording, shownMs);
    if (timeMs !== null && timeMs > shownMs) player.seek(timeMs);
  });
}
