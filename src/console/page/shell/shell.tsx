/** The frame around every view. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useModel } from '../model/context.ts';
import { OverviewView } from '../overview/view.tsx';
import { hrefTo, place, type Route } from '../routes.ts';
import { Empty } from '../shared/parts.tsx';
import { ActorPage } from './actor-page.tsx';
import { ConnectionNews, ConnectionPill, LostBanner } from './connection.tsx';
import { FindActor } from './find.tsx';
import { Help } from './help.tsx';
import { listenToKeys } from './keys.ts';
import { fetchLateViews, LateEdge, LateEvents, LateFleet, LateWeather } from './late.tsx';
import { SignOut } from './sign-out.tsx';
import { useTheme } from './theme.ts';

const pages = [
  { page: 'overview', name: 'Overview', sign: '◫' },
  { page: 'events', name: 'Events', sign: '≡' },
  { page: 'weather', name: 'Weather', sign: '◔' },
  { page: 'fleet', name: 'Fleet', sign: '⁙' },
] as const;

interface ShellProps {
  /** Tries to reach the console at once. */
  readonly onHurry: () => void;
  /** Below everything, such as the slider of a recording. */
  readonly foot?: ComponentChildren;
}

export function Shell({ onHurry, foot }: ShellProps) {
  const model = useModel();
  const [open, setOpen] = useState<'help' | 'find' | null>(null);
  const main = useRef<HTMLElement>(null);
  useEffect(() => listenToKeys({ help: () => setOpen('help'), find: () => setOpen('find') }), []);
  useEffect(fetchLateViews, []);
  const { route } = place.value;
  const title = titleOf(route);
  useFocusOnMove(main, hrefTo(route), title);
  const isLost = model.connection.value.state === 'lost';
  const close = () => setOpen(null);
  return (
    <div class="shell">
      <a
        class="skip"
        href={hrefTo(route)}
        onClick={(event) => {
          event.preventDefault();
          main.current!.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="shell-head">
        <a class="brand" href={hrefTo({ page: 'overview' })} aria-label="fogrun, overview">
          <span aria-hidden="true" class="brand-sign">
            •→
          </span>
          fogrun
        </a>
        <Navigation route={route} />
        <div class="shell-tools">
          <ConnectionPill />
          <button
            type="button"
            class="tool"
            onClick={() => setOpen('find')}
            aria-label="Go to an actor"
            title="Go to an actor (/)"
          >
            ⌕
          </button>
          <ThemeButton />
          <button
            type="button"
            class="tool"
            onClick={() => setOpen('help')}
            aria-label="Keys and colours"
            title="Keys and colours (?)"
          >
            ?
          </button>
          <SignOut />
        </div>
      </header>
      <LostBanner onHurry={onHurry} />
      <ConnectionNews />
      <main class={`shell-main ${isLost ? 'is-stale' : ''}`} ref={main} tabIndex={-1}>
        <View route={route} />
      </main>
      {foot}
      {open === 'help' && <Help onClose={close} />}
      {open === 'find' && <FindActor onClose={close} />}
    </div>
  );
}

function Navigation({ route }: { route: Route }) {
  const current = { actor: 'overview', edge: 'fleet' }[route.page as string] ?? route.page;
  return (
    <nav class="shell-nav" aria-label="Pages">
      {pages.map(({ page, name, sign }) => (
        <a key={page} href={hrefTo({ page })} aria-current={page === current ? 'page' : undefined}>
          <span class="shell-nav-sign" aria-hidden="true">
            {sign}
          </span>
          {name}
        </a>
      ))}
    </nav>
  );
}

function ThemeButton() {
  const { now, next, press } = useTheme();
  const sign = { auto: '◐', light: '☼', dark: '☾' }[now];
  return (
    <button
      type="button"
      class="tool"
      onClick={press}
      aria-label={`Colours: ${now}. Change to ${next}`}
      title={`Colours: ${now}`}
    >
      {sign}
    </button>
  );
}

/** Who comes to another place by keys or by voice begins at its content. */
function useFocusOnMove(main: { readonly current: HTMLElement | null }, path: string, title: string) {
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${title} · fogrun`;
    if (!isFirst.current) {
      main.current!.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    isFirst.current = false;
  }, [path]);
}

function titleOf(route: Route): string {
  if (route.page === 'actor') return `${route.pipeline}/${route.actor}`;
  if (route.page === 'edge') return route.edge;
  return pages.find(({ page }) => page === route.page)?.name ?? 'Nothing';
}

function View({ route }: { route: Route }) {
  switch (route.page) {
    case 'overview':
      return <OverviewView />;
    case 'events':
      return <LateEvents />;
    case 'weather':
      return <LateWeather />;
    case 'fleet':
      return <LateFleet />;
    case 'edge':
      return <LateEdge key={route.edge} edge={route.edge} />;
    case 'actor':
      return <ActorPage pipeline={route.pipeline} name={route.actor} />;
    default:
      return (
        <Empty title="There is no such page">
          <a href={hrefTo({ page: 'overview' })}>To the overview</a>
        </Empty>
      );
  }
}
