/** Pages in Debian's Chromium, for tests of the console. They say loudly when it is missing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { canRun, pathOf } from './needs.ts';

export interface PageOptions {
  readonly dark?: boolean;
  /** Of the window, in px. */
  readonly width?: number;
  readonly height?: number;
  readonly reducedMotion?: boolean;
  /** Requests whose failure is part of the test, such as while the console is down; their complaints are kept out. */
  readonly mayFail?: boolean;
  /** Texts of the browser's console that belong to the test. */
  readonly expected?: RegExp;
}

export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser complained of: errors, warnings, violations of the policy, exceptions. */
  readonly complaints: string[];
  /** Addresses that were asked for, outside of the console's own. */
  readonly elsewhere: string[];
}

/** `null`, and a passed test, where there is no browser. */
export async function openPage(
  t: ExecutionContext,
  url: string,
  options: PageOptions = {},
): Promise<OpenPage | null> {
  if (!canRun(t, 'chromium')) return null;
  const { dark = false, width = 1_280, height = 900, reducedMotion = false } = options;
  const directory = await mkdtemp(join(tmpdir(), 'fogrun-browser-'));
  const context = await chromium.launchPersistentContext(directory, {
    executablePath: pathOf('chromium')!,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
    ignoreHTTPSErrors: true,
  });
  t.teardown(async () => {
    await context.close();
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  });
  const complaints: string[] = [];
  const elsewhere: string[] = [];
  const { origin } = new URL(url);
  const failed = /^Failed to load resource/;
  const isExpected = (text: string) =>
    (options.mayFail === true && failed.test(text)) || (options.expected?.test(text) ?? false);
  context.on('request', (request) => {
    const asked = request.url();
    if (!asked.startsWith(`${origin}/`) && !/^(?:data|blob|about):/.test(asked)) elsewhere.push(asked);
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.on('console', (message) => {
    if (!/^(?:error|warning)$/.test(message.type()) || isExpected(message.text())) return;
    complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`thrown: ${error.message}`));
  page.setDefaultTimeout(20_000);
  await page.goto(url);
  return { page, context, complaints, elsewhere };
}

/** Faults that axe calls serious or critical, each in a line; empty is good. */
export async function seriousFaults(page: Page): Promise<string[]> {
  const { default: axe } = await import('axe-core');
  // Evaluated rather than put in as a script, which the page's policy forbids.
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join(' | ')}`,
      );
  });
}

/** How far the page can be moved sideways, in px: 0 when it fits. */
export async function sideways(page: Page): Promise<number> {
  return await page.evaluate('document.documentElement.scrollWidth - innerWidth');
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly tid: number;
  /** Processor time of the thread, in microseconds. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/**
 * The longest task of the page's main thread while `work` lasts (4 s unless given), ms of the processor: what others do on the machine
 * meanwhile does not count, as it does for the wall clock.
 */
export async function longestTaskMs(
  page: Page,
  work: () => Promise<unknown> = () => page.evaluate('new Promise((resolve) => setTimeout(resolve, 4_000))'),
): Promise<number> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => void events.push(...(value as unknown as TraceEvent[])));
  await session.send('Tracing.start', {
    traceConfig: { includedCategories: ['toplevel', 'devtools.timeline', '__metadata'] },
    transferMode: 'ReportEvents',
  });
  await work();
  const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
  await session.send('Tracing.end');
  await complete;
  await session.detach();
  const main = new Set(
    events.flatMap(({ name, args, tid }) =>
      name === 'thread_name' && args?.name === 'CrRendererMain' ? [tid] : [],
    ),
  );
  const tasks = events.filter(({ ph, tid, tdur }) => ph === 'X' && main.has(tid) && tdur !== undefined);
  if (tasks.length === 0) throw new Error('the browser told of no task');
  return Math.round(Math.max(...tasks.map(({ tdur }) => tdur! / 1_000)));
}
