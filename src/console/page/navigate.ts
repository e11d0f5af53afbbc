/** Ways to another place of the page. */
import { hrefTo, place, type Query, type Route } from './routes.ts';

export function goTo(route: Route, query: Query = {}): void {
  location.hash = hrefTo(route, query);
}

/**
 * Changes parameters of the present place without a further step in the browser's history, such as a filter while somebody types.
 * `null` leaves one out.
 */
export function refine(change: Query): void {
  const { route, query } = place.peek();
  const href = hrefTo(route, { ...Object.fromEntries(query), ...change });
  if (href === location.hash) return;
  history.replaceState(null, '', href);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
