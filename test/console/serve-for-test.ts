/** A console over made-up pipelines, for one test. */
import type { ExecutionContext } from 'ava';
import { createHub, type Hub } from '../../src/console/hub.ts';
import { type ConsoleOptions, type RunningConsole, serveConsole } from '../../src/console/server.ts';
import { knownChart } from '../../src/inspect/drawing/known-charts.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { type MadeUp, type MadeUpOptions, madeUpPipeline } from './made-up.ts';

export interface ServedMadeUp {
  readonly url: string;
  readonly port: number;
  readonly hub: Hub;
  readonly pipelines: readonly MadeUp[];
  /** Ends the console; `serveMadeUp` with its port begins another life of it. */
  close(): Promise<void>;
}

let lives = 0;

/** @param port 0 for any @param chart of a kind, as the server has it */
export function serveMadeUp(
  t: ExecutionContext,
  options: readonly MadeUpOptions[] = [{}],
  port: number = 0,
  chart: NonNullable<ConsoleOptions['chart']> = knownChart,
): Promise<ServedMadeUp> {
  return servePipelines(
    t,
    options.map((each) => madeUpPipeline(each)),
    port,
    chart,
  );
}

/** Stops them at the end. @param port 0 for any */
export async function servePipelines(
  t: ExecutionContext,
  pipelines: readonly MadeUp[],
  port: number = 0,
  chart: NonNullable<ConsoleOptions['chart']> = knownChart,
): Promise<ServedMadeUp> {
  const hub = createHub(systemClock);
  for (const { control } of pipelines) hub.attach(control);
  lives += 1;
  const served: RunningConsole = await serveConsole({
    ...{ hub, host: '127.0.0.1', port, version: '0.0.0', life: `life ${lives}`, now: Date.now },
    chart,
  });
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    for (const pipeline of pipelines) pipeline.stop();
    hub.close();
    await served.close();
  };
  t.teardown(close);
  return { url: served.url, port: Number(new URL(served.url).port), hub, pipelines, close };
}
