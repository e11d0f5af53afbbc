/** Keys that work everywhere in the page. */
import { goTo } from '../navigate.ts';
import type { Route } from '../routes.ts';

export interface KeyActions {
  readonly help: () => void;
  /** Looks for an actor; for views that have nothing to search. */
  readonly find: () => void;
}

const jumps: Readonly<Record<string, Route>> = {
  o: { page: 'overview' },
  e: { page: 'events' },
  w: { page: 'weather' },
  f: { page: 'fleet' },
};

/** After `g`, so long the letter may take. */
const jumpMs = 1_500;

/** @returns ends it */
export function listenToKeys({ help, find }: KeyActions): () => void {
  let jumpUntil = 0;
  const listen = (event: KeyboardEvent) => {
    const { target, key } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof Element && target.closest('input, textarea, select, dialog')) return;
    const route = event.timeStamp < jumpUntil ? jumps[key] : undefined;
    jumpUntil = key === 'g' ? event.timeStamp + jumpMs : 0;
    if (route) goTo(route);
    else if (key === '?') help();
    else if (key === '/') {
      event.preventDefault();
      const search = document.querySelector<HTMLElement>('main input[type="search"]');
      if (search) search.focus();
      else find();
    }
  };
  addEventListener('keydown', listen);
  return () => removeEventListener('keydown', listen);
}

/** For lists in which arrows go from one to the next: put on the `keydown` of what is around them. */
export function moveByArrows(event: KeyboardEvent, selector: string): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !(event.currentTarget instanceof Element)) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>(selector)];
  const at = all.indexOf(document.activeElement as HTMLElement);
  const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
