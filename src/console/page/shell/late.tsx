/** Views that come in files of their own: fetched while nothing else is to be done, so that they are there also when the console is not. */
import { type ReadonlySignal, signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { Button, Empty } from '../shared/parts.tsx';

type Got<P> = { readonly view: ComponentType<P> } | { readonly failed: true } | null;

interface Late<P> {
  readonly got: ReadonlySignal<Got<P>>;
  /** Tries once more after a failure. */
  fetch(): void;
}

function late<P>(load: () => Promise<ComponentType<P>>): Late<P> {
  const got = signal<Got<P>>(null);
  let isUnderWay = false;
  return {
    got,
    fetch() {
      if (isUnderWay) return;
      isUnderWay = true;
      load().then(
        (view) => {
          got.value = { view };
        },
        () => {
          isUnderWay = false;
          got.value = { failed: true };
        },
      );
    },
  };
}

const events = late(() => import('../events/view.tsx').then(({ EventsView }) => EventsView));
const weather = late(() => import('../weather/view.tsx').then(({ WeatherView }) => WeatherView));
const fleet = late(() => import('../fleet/view.tsx').then(({ FleetView }) => FleetView));
const edge = late(() => import('../fleet/view.tsx').then(({ EdgeView }) => EdgeView));

/** Once the page stands. */
export function fetchLateViews(): void {
  const fetch = () => {
    for (const each of [events, weather, fleet, edge]) each.fetch();
  };
  if ('requestIdleCallback' in globalThis) requestIdleCallback(fetch, { timeout: 3_000 });
  else setTimeout(fetch, 1_000);
}

export const LateEvents = () => show(events, {});
export const LateWeather = () => show(weather, {});
export const LateFleet = () => show(fleet, {});
export const LateEdge = (props: { edge: string }) => show(edge, props);

function show<P extends object>({ got, fetch }: Late<P>, props: P) {
  const now = got.value;
  if (now === null) fetch();
  if (now === null) return <p class="quiet">Loading …</p>;
  if ('view' in now) return <now.view {...props} />;
  return (
    <Empty title="This part of the page cannot be loaded">
      <p>The console cannot be reached, or is another one since the page was opened.</p>
      <Button onPress={fetch}>Try again</Button>{' '}
      <Button onPress={() => location.reload()}>Load the page anew</Button>
    </Empty>
  );
}
