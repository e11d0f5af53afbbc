/**
 * Serves the console over pipelines that are not there, for looking at it:
 * `node dist/test/console/serve-made-up.js [ACTORS] [TRANSITIONS_PER_SECOND] [PORT] [EDGES]`; ends after ten minutes.
 */
import { createHub } from '../../src/console/hub.ts';
import { serveConsole } from '../../src/console/server.ts';
import { knownChart } from '../../src/inspect/drawing/known-charts.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { madeUpPipeline } from './made-up.ts';
import { madeUpCloud } from './made-up-cloud.ts';

const [actors = 0, transitionsPerSecond = 2, port = 0, edges = 0] = process.argv.slice(2).map(Number);
const hub = createHub(systemClock);
hub.attach(madeUpPipeline({ actors, transitionsPerSecond }).control);
if (edges > 0) hub.attach(madeUpCloud({ edges }).control);
const { url } = await serveConsole({
  ...{ hub, host: '127.0.0.1', port, version: '0.0.0', life: 'made-up', now: Date.now },
  chart: knownChart,
});
process.stdout.write(`${url}\n`);
setTimeout(() => process.exit(0), 600_000).unref();
