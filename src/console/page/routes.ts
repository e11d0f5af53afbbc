/** Where in the page somebody is: after the `#` of its address, so that each place can be sent to somebody else. */
import { type ReadonlySignal, signal } from '@preact/signals';

export type Route =
  | { readonly page: 'overview' }
  | { readonly page: 'actor'; readonly pipeline: string; readonly actor: string }
  | { readonly page: 'events' }
  | { readonly page: 'weather' }
  | { readonly page: 'fleet' }
  | { readonly page: 'edge'; readonly edge: string }
  | { readonly page: 'unknown'; readonly path: string };

/** `null` and `undefined` leave a parameter out. */
export type Query = Readonly<Record<string, string | number | null | undefined>>;

export interface Place {
  readonly route: Route;
  readonly query: URLSearchParams;
}

/** `#/actor/edge/uploader?at=12` */
export function parseHash(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s);
  return { route: routeOf(path), query: new URLSearchParams(query) };
}

function routeOf(path: string): Route {
  const words = path
    .split('/')
    .filter((word) => word !== '')
    .map(decoded);
  const [page, first, second] = words;
  if (words.length === 0) return { page: 'overview' };
  if (page === 'actor' && words.length === 3) return { page, pipeline: first!, actor: second! };
  if (page === 'fleet' && words.length === 2) return { page: 'edge', edge: first! };
  if (words.length === 1 && (page === 'events' || page === 'weather' || page === 'fleet')) return { page };
  return { page: 'unknown', path };
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

/** For the `href` of a link. */
export function hrefTo(route: Route, query: Query = {}): string {
  const entries = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const text = new URLSearchParams(
    entries.map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
  return `#${pathOf(route)}${text === '' ? '' : `?${text}`}`;
}

function pathOf(route: Route): string {
  if (route.page === 'overview') return '/';
  if (route.page === 'unknown') return route.path;
  if (route.page === 'edge') return `/fleet/${encodeURIComponent(route.edge)}`;
  if (route.page !== 'actor') return `/${route.page}`;
  return `/actor/${encodeURIComponent(route.pipeline)}/${encodeURIComponent(route.actor)}`;
}

const current = signal<Place>({ route: { page: 'overview' }, query: new URLSearchParams() });

/** Where the page is. */
export const place: ReadonlySignal<Place> = current;

/** Lets `place` follow the address of a window from now on. */
export function followAddress(window: {
  readonly location: { readonly hash: string };
  addEventListener(type: 'hashchange', listener: () => void): void;
}): void {
  const read = () => {
    current.value = parseHash(window.location.hash);
  };
  window.addEventListener('hashchange', read);
  read();
}
