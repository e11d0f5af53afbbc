/** Fetches what draws curves once somebody looks at some. */
import type uPlot from 'uplot';

export type UPlot = typeof uPlot;

let loading: Promise<UPlot> | null = null;

/** Rejects when it cannot be fetched; the next call tries again. */
export function loadUPlot(): Promise<UPlot> {
  // By an address that the bundler does not know: the page is not to carry it.
  const address = new URL('uplot.js', import.meta.url).href;
  loading ??= import(address).then(({ default: found }: { default: UPlot }) => found);
  loading.catch(() => {
    loading = null;
  });
  return loading;
}
