/**
 * Takes the pictures of the console that the documentation shows: `npm run pictures`. A cloud and an edge of this build run, the
 * cloud is killed, and what the pages say of it is kept; the weather and the fleet are made up.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { createHub } from '../../src/console/hub.ts';
import { serveConsole } from '../../src/console/server.ts';
import { knownChart } from '../../src/inspect/drawing/known-charts.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { pathOf } from '../helpers/needs.ts';
import { madeUpPipeline } from './made-up.ts';
import { madeUpCloud } from './made-up-cloud.ts';
import { edgeName } from './made-up-fleet.ts';

const folder = 'docs/pictures';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

function fogrun(env: NodeJS.ProcessEnv, ...words: string[]): ChildProcess {
  return spawn(process.execPath, ['dist/src/cli/main.js', ...words, '--log', 'json'], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

async function open(browser: Browser, url: string, isDark: boolean): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1_280, height: 800 },
    colorScheme: isDark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  for (let i = 0; ; i += 1) {
    try {
      await page.goto(url);
      return page;
    } catch (error) {
      // The console of a process that has only just begun.
      if (i === 40) throw error;
      await page.waitForTimeout(250);
    }
  }
}

/** Shows a place, waits for what is to be seen there, and keeps it light or dark. */
async function take(page: Page, look: string, name: string, hash: string, sign: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await page.locator(sign).first().waitFor();
  await page.waitForTimeout(1_500);
  await page.screenshot({ path: `${folder}/console-${name}-${look}.png` });
}

const looks = [
  ['light', false],
  ['dark', true],
] as const;

async function outage(browser: Browser, state: string): Promise<void> {
  const [cloudPort, devicePort, consolePort] = [await freePort(), await freePort(), await freePort()];
  const env = {
    ...{
      FOGRUN_STATE: state,
      EDGE_ID: 'shed',
      CLOUD_PORT: `${cloudPort}`,
      TINKERFORGE_PORT: `${devicePort}`,
    },
    ...{ ROTATE_EVERY: '3s', POLL_EVERY: '200ms', RETRY_EVERY: '4s' },
  };
  const cloud = fogrun(env, 'pipelines/cloud.yaml');
  const edge = fogrun(env, 'pipelines/edge.yaml');
  const seen = fogrun(env, 'console', '--console', `${consolePort}`);
  try {
    const pages = await Promise.all(
      looks.map(
        async ([look, isDark]) =>
          [look, await open(browser, `http://127.0.0.1:${consolePort}/`, isDark)] as const,
      ),
    );
    for (const [, page] of pages) await page.getByText('All is well').waitFor();
    await pages[0]![1].waitForTimeout(25_000);
    await ended(cloud, 'SIGKILL');
    await pages[0]![1].waitForTimeout(12_000);
    for (const [look, page] of pages) await take(page, look, 'outage', '#/', '[data-tone="trouble"]');
    for (const [look, page] of pages) {
      await take(page, look, 'statechart', '#/actor/edge/uploader', '.chart .trouble.active');
      await take(page, look, 'events', '#/events?pipeline=edge', '.event-line');
    }
  } finally {
    await Promise.all([cloud, edge, seen].map((child) => ended(child, 'SIGTERM')));
  }
}

async function madeUp(browser: Browser): Promise<void> {
  const pipelines = [madeUpPipeline(), madeUpCloud({ edges: 1_000 })];
  const hub = createHub(systemClock);
  for (const { control } of pipelines) hub.attach(control);
  const served = await serveConsole({
    ...{ hub, host: '127.0.0.1', port: 0, version: '0.0.0', life: 'pictures', now: Date.now },
    chart: knownChart,
  });
  try {
    for (const [look, isDark] of looks) {
      const page = await open(browser, served.url, isDark);
      await take(page, look, 'weather', '#/weather?range=3h', '.instrument-chart canvas');
      await take(page, look, 'fleet', '#/fleet?sort=-connection', '.fleet-row');
      await take(page, look, 'edge', `#/fleet/${edgeName(0)}`, '.transitions');
    }
  } finally {
    for (const pipeline of pipelines) pipeline.stop();
    hub.close();
    await served.close();
  }
}

const state = await mkdtemp(join(tmpdir(), 'fogrun-pictures-'));
const browser = await chromium.launch({
  executablePath: pathOf('chromium') ?? 'chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
});
try {
  await outage(browser, state);
  await madeUp(browser);
} finally {
  await browser.close();
  await rm(state, { recursive: true, force: true, maxRetries: 3 });
}
