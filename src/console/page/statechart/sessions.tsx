/** Actors that belong to one, such as the sessions of a receiver: hundreds of them, to choose from. */
import { useState } from 'preact/hooks';
import type { ActorModel } from '../model/model.ts';
import { hrefTo } from '../routes.ts';
import { counted } from '../shared/figures.ts';
import { Pill } from '../shared/parts.tsx';
import { toneOf } from '../shared/tones.ts';

/** More are found by typing a part of their name. */
const shownMax = 60;

export function Sessions({ actor }: { actor: ActorModel }) {
  const [wanted, setWanted] = useState('');
  const { pipeline, name } = actor;
  const owner = name.split('/')[0]!;
  const all = pipeline.actors.value.filter((each) => each.name.startsWith(`${owner}/`));
  if (all.length === 0 && name === owner) return null;
  const words = wanted.toLowerCase();
  const fitting = all.filter((each) =>
    `${each.name} ${each.known.value.status?.about ?? ''}`.toLowerCase().includes(words),
  );
  const isStale = pipeline.stale.value !== null;
  return (
    <details class="sessions card side-card" open={name === owner && all.length <= 12}>
      <summary>
        {name === owner ? '' : 'One of '}
        {counted(all.length, 'actor')} that belong{all.length === 1 ? 's' : ''} to {owner}
      </summary>
      {name !== owner && (
        <p>
          <a href={hrefTo({ page: 'actor', pipeline: pipeline.name, actor: owner })}>← {owner}</a>
        </p>
      )}
      {all.length > 8 && (
        <input
          class="field"
          type="search"
          placeholder="address or edge"
          aria-label={`Find among what belongs to ${owner}`}
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      <ul class="session-list">
        {fitting.slice(0, shownMax).map((each) => {
          const { status, live } = each.known.value;
          const isOver = live?.ended != null;
          return (
            <li key={each.name}>
              <a
                href={hrefTo({ page: 'actor', pipeline: pipeline.name, actor: each.name })}
                aria-current={each.name === name ? 'page' : undefined}
              >
                {each.name.slice(owner.length + 1)}
              </a>{' '}
              {status?.about && <span class="quiet">{status.about} </span>}
              <Pill tone={isOver ? 'ended' : toneOf(status, isStale)}>
                {isOver ? 'ended' : (live?.state ?? status?.state ?? 'unknown')}
              </Pill>
            </li>
          );
        })}
      </ul>
      {fitting.length > shownMax && (
        <p class="quiet">{fitting.length - shownMax} more: type a part of a name to find one.</p>
      )}
      {fitting.length === 0 && <p class="quiet">None fits.</p>}
    </details>
  );
}
