/**
 * The layout engine, a file of its own (`elk.js`) beside `elk-worker.js`, which is elkjs as it came: only charts of kinds that are
 * not built in need them. The page loads them when it meets one, `fogrun draw` likewise.
 */
import ElkApi from 'elkjs/lib/elk-api.js';
import type { Chart, ChartLayout } from '../../../contract/chart.ts';
import { type LayoutEngine, layOut } from '../../../inspect/drawing/layout.ts';

/** What computes: a web worker, or what stands in for it elsewhere. */
export interface EngineWorker {
  postMessage(message: unknown): void;
}

export function engineOn(worker: EngineWorker): LayoutEngine {
  const Engine = ElkApi as unknown as new (options: {
    workerFactory: () => EngineWorker;
    algorithms: readonly string[];
  }) => LayoutEngine;
  return new Engine({ workerFactory: () => worker, algorithms: ['layered'] });
}

let working: { readonly engine: LayoutEngine; readonly broken: Promise<never> } | null = null;

/** Places a chart in a web worker, so that the page goes on meanwhile. Rejects when the engine cannot be loaded. */
export async function layOutHere(chart: Chart): Promise<ChartLayout> {
  working ??= begin();
  const { engine, broken } = working;
  return Promise.race([layOut(chart, engine), broken]);
}

function begin(): NonNullable<typeof working> {
  const worker = new Worker(new URL('elk-worker.js', import.meta.url));
  const broken = new Promise<never>((_, reject) => {
    worker.addEventListener('error', ({ message }) => {
      // The next chart tries anew.
      working = null;
      worker.terminate();
      reject(
        new Error(`the layout engine does not work here: ${message || 'elk-worker.js cannot be loaded'}`),
      );
    });
  });
  broken.catch(() => {});
  return { engine: engineOn(worker), broken };
}
