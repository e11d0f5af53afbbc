/** The frame around every view. */

import { EventsView } from '../events/view.tsx';
import { EdgeView, FleetView } from '../fleet/view.tsx';
import { useModel } from '../model/context.ts';
import { OverviewView } from '../overview/view.tsx';
import { hrefTo, place } from '../routes.ts';
import { Empty } from '../shared/parts.tsx';
import { StatechartView } from '../statechart/view.tsx';
import { WeatherView } from '../weather/view.tsx';

export function Shell({ onHurry }: { onHurry: () => void }) {
  const model = useModel();
  const { state } = model.connection.value;
  return (
    <div class="shell">
      <header class="shell-head">
        <strong>fogrun</strong>
        <nav aria-label="Pages">
          <a href={hrefTo({ page: 'overview' })}>Overview</a> <a href={hrefTo({ page: 'events' })}>Events</a>{' '}
          <a href={hrefTo({ page: 'weather' })}>Weather</a> <a href={hrefTo({ page: 'fleet' })}>Fleet</a>
        </nav>
        <button type="button" onClick={onHurry}>
          {state}
        </button>
      </header>
      <main class="shell-main">
        <View />
      </main>
    </div>
  );
}

function View() {
  const model = useModel();
  const { route } = place.value;
  switch (route.page) {
    case 'overview':
      return <OverviewView />;
    case 'events':
      return <EventsView />;
    case 'weather':
      return <WeatherView />;
    case 'fleet':
      return <FleetView />;
    case 'edge':
      return <EdgeView edge={route.edge} />;
    case 'actor': {
      const actor = model.pipeline(route.pipeline)?.actor(route.actor);
      if (actor) return <StatechartView actor={actor} />;
      return <Empty title={`There is no actor ${route.pipeline}/${route.actor}`} />;
    }
    default:
      return <Empty title="There is no such page" />;
  }
}
