/** Moments at which a console that could not be reached is likely to be there again. */

/** The page as it is seen, and the network as the browser knows it. */
export interface Surroundings {
  readonly window: Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;
  readonly document: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> & {
    readonly hidden: boolean;
  };
}

/** Calls when somebody looks at the page again, or the network is back; until what it returns is called. */
export function whenWorthATry({ window, document }: Surroundings, call: () => void): () => void {
  const seen = () => {
    if (!document.hidden) call();
  };
  document.addEventListener('visibilitychange', seen);
  window.addEventListener('online', call);
  return () => {
    document.removeEventListener('visibilitychange', seen);
    window.removeEventListener('online', call);
  };
}
