/** All actors of all pipelines. */
import { useModel } from '../model/context.ts';
import { hrefTo } from '../routes.ts';
import { Pill, Stale } from '../shared/parts.tsx';
import { toneOf } from '../shared/tones.ts';

export function OverviewView() {
  const model = useModel();
  return (
    <section class="overview" aria-label="Overview">
      {model.pipelines.value.map((pipeline) => (
        <section key={pipeline.name}>
          <h2>{pipeline.name}</h2>
          <Stale stale={pipeline.stale.value} nowMs={model.clockMs.value} />
          <ul>
            {pipeline.actors.value.map((actor) => (
              <li key={actor.name}>
                <a href={hrefTo({ page: 'actor', pipeline: pipeline.name, actor: actor.name })}>
                  {actor.name}
                </a>{' '}
                <Pill tone={toneOf(actor.known.value.status, pipeline.stale.value !== null)}>
                  {actor.known.value.status?.state ?? 'unknown'}
                </Pill>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}
