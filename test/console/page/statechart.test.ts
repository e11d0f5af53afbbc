import test from 'ava';
import type { Page } from 'playwright-core';
import { knownChart } from '../../../src/inspect/drawing/known-charts.ts';
import { longestTaskMs, openPage, seriousFaults, sideways } from '../../helpers/browser.ts';
import { freePort, moved, shipped, startFogrun, world } from '../../helpers/fogrun.ts';
import { serveMadeUp } from '../serve-for-test.ts';

const uploader = '#/actor/edge/uploader';
const lit = (state: string) => `.chart [data-state="${state}"].active`;
const histories = (page: Page) => page.locator('.history-line');

test('a killed cloud is seen in the statechart: the state, its countdown, the history, and how it was then', async (t) => {
  const env = await world(t, { RETRY_EVERY: '4s' });
  const cloud = startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  await cloud.line(moved('receiver', 'serving.listening'));
  const port = await freePort();
  const edge = startFogrun(t, [shipped('edge.yaml'), '--log', 'json', '--console', `${port}`], env);
  await edge.line(moved('uploader', 'awaitingAck'));
  const opened = await openPage(t, `http://127.0.0.1:${port}/${uploader}`);
  if (!opened) return;
  const { page, complaints } = opened;
  await page.locator('.chart .active').nth(1).waitFor();
  await cloud.end('SIGKILL');
  await page.locator(lit('waitingToRetry')).waitFor();
  const countdown = page.locator('.countdown > text');
  await countdown.waitFor();
  const first = await countdown.textContent();
  await countdown.filter({ hasNotText: first! }).waitFor();
  t.regex(first!, /^\d\.\d s$/);
  t.regex((await page.locator('.countdown-line').getAttribute('stroke-dasharray'))!, /^\d/);
  const line = histories(page).filter({ hasText: '→ waitingToRetry' }).first();
  await line.click();
  await page.getByText('As it was at').waitFor();
  await page.locator(lit('waitingToRetry')).waitFor();
  t.true((await page.locator('.chart .taken').count()) > 0);
  const facts = await page.locator('.step-facts').first().innerText();
  t.regex(facts, /→ waitingToRetry/);
  t.regex(facts, /link-\w+: .*[^.]\. (Nothing to do|Start it)/, 'the advice is a sentence of its own');
  const address = page.url();
  t.regex(address, /\?at=\d+$/);
  const again = await openPage(t, address);
  await again!.page.getByText('As it was at').waitFor();
  await again!.page.locator(lit('waitingToRetry')).waitFor();
  await page.getByRole('button', { name: 'Back to live' }).click();
  await page.getByText('As it was at').waitFor({ state: 'detached' });
  t.deepEqual(complaints, []);
});

test('the history is walked by keys: arrows, Enter for how it was then, Escape back to now', async (t) => {
  const { url } = await serveMadeUp(t, [{ transitionsPerSecond: 3 }]);
  const opened = await openPage(t, `${url}${uploader}`);
  if (!opened) return;
  const { page } = opened;
  await histories(page).nth(1).waitFor();
  await histories(page).first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByText('As it was at').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('As it was at').waitFor({ state: 'detached' });
  // The page's head has tests of its own.
  const faults = (await seriousFaults(page)).map((fault) => fault.split(': <')[1] ?? fault);
  t.deepEqual(
    faults.filter((fault) => !fault.includes('actor-page-')),
    [],
  );
  t.deepEqual(opened.complaints, []);
});

test('a moment that an address names is shown as soon as it is known', async (t) => {
  const { url } = await serveMadeUp(t, [{ transitionsPerSecond: 10 }]);
  const opened = await openPage(t, `${url}${uploader}`);
  if (!opened) return;
  const { page } = opened;
  await histories(page).first().click();
  await page.getByText('As it was at').waitFor();
  const known = Number(/at=(\d+)/.exec(page.url())![1]);
  // Between two steps there is one sample. It comes in two seconds, unless the machine took them to get here.
  await page.evaluate(`location.hash = '${uploader}?at=${known + 2 * 20}'`);
  await page.locator('.then-bar').waitFor();
  await page.getByText('As it was at').waitFor();
  t.deepEqual(opened.complaints, []);
});

test('a chart fits a phone, can be made larger, and says in words what it shows', async (t) => {
  const { url } = await serveMadeUp(t);
  const opened = await openPage(t, `${url}${uploader}`, { width: 390, height: 844, dark: true });
  if (!opened) return;
  const { page } = opened;
  const svg = page.locator('.chart-scroller > svg');
  await svg.waitFor();
  t.is(await sideways(page), 0);
  const width = async () => Number(await svg.getAttribute('width'));
  await page.getByRole('button', { name: 'Fit: show all of it' }).click();
  const small = await width();
  await page.getByRole('button', { name: 'Larger' }).click();
  t.true((await width()) > small);
  await page.getByText('What can happen next').waitFor();
});

test('a kind without a layout is drawn in the page', async (t) => {
  const { url } = await serveMadeUp(t, [{}], 0, async (name) => {
    const known = await knownChart(name);
    return known && { chart: known.chart, layout: null as never };
  });
  const opened = await openPage(t, `${url}${uploader}`);
  if (!opened) return;
  await opened.page.locator('.chart .active').nth(1).waitFor();
  t.deepEqual(opened.complaints, []);
});

test('a kind that nobody knows a statechart of keeps its history, and says so', async (t) => {
  const { url } = await serveMadeUp(t, [{}], 0, async () => null);
  const opened = await openPage(t, `${url}${uploader}`, { mayFail: true });
  if (!opened) return;
  await opened.page.getByText('No statechart of uploader', { exact: true }).waitFor();
  await histories(opened.page).first().waitFor();
  t.pass();
});

/** How often the screen was drawn in 4 s. */
test('200 actors and 5,000 transitions a second do not freeze a statechart or the log of events', async (t) => {
  const { url } = await serveMadeUp(t, [{ actors: 200, transitionsPerSecond: 5_000 }]);
  const opened = await openPage(t, `${url}${uploader}`);
  if (!opened) return;
  const { page } = opened;
  await page.locator('.chart .active').nth(1).waitFor();
  for (const place of ['', '#/events', '#/events?as=sequence&group=off']) {
    if (place !== '') await page.goto(`${url}${place}`);
    const longestMs = await longestTaskMs(page);
    t.log(`${place || uploader}: longest task ${longestMs} ms`);
    t.true(longestMs <= 200, place);
  }
  t.true((await page.locator('.event-line').count()) < 100);
});
