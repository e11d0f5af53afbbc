/** Goes to an actor by a part of its name. */
import { useState } from 'preact/hooks';
import { useModel } from '../model/context.ts';
import { goTo } from '../navigate.ts';
import { hrefTo } from '../routes.ts';
import { Dialog } from '../shared/dialog.tsx';
import { toneOf, toneSigns } from '../shared/tones.ts';
import { foundActors, hasEnded } from './found.ts';
import { moveByArrows } from './keys.ts';

const foundMax = 12;

export function FindActor({ onClose }: { onClose: () => void }) {
  const model = useModel();
  const [text, setText] = useState('');
  const all = model.pipelines.value.flatMap((pipeline) => pipeline.actors.value);
  const found = foundActors(all, text);
  const routeOf = (actor: (typeof all)[number]) =>
    ({ page: 'actor', pipeline: actor.pipeline.name, actor: actor.name }) as const;
  return (
    <Dialog title="Go to an actor" onClose={onClose}>
      <search class="find" onKeyDown={(event) => moveByArrows(event, 'input, a')}>
        <input
          class="field"
          type="search"
          aria-label="A part of its name"
          placeholder="uploader"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') {
              // A search field would only empty itself.
              event.preventDefault();
              onClose();
            }
            if (event.key !== 'Enter' || !found[0]) return;
            goTo(routeOf(found[0]));
            onClose();
          }}
        />
        <ul class="find-list">
          {found.slice(0, foundMax).map((actor) => {
            const isStale = actor.pipeline.stale.value !== null;
            const tone = hasEnded(actor) ? 'ended' : toneOf(actor.known.value.status, isStale);
            return (
              <li key={`${actor.pipeline.name}/${actor.name}`}>
                <a href={hrefTo(routeOf(actor))} onClick={onClose} data-tone={tone}>
                  <span class="summary-sign" aria-hidden="true">
                    {toneSigns[tone]}
                  </span>
                  {actor.pipeline.name}/{actor.name}
                </a>
              </li>
            );
          })}
        </ul>
        <p class="quiet" role="status">
          {found.length === 0 ? 'No actor has such a name.' : `${found.length} of ${all.length}`}
        </p>
      </search>
    </Dialog>
  );
}
