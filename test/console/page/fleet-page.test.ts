import test, { type ExecutionContext } from 'ava';
import type { CDPSession } from 'playwright-core';
import { openPage, seriousFaults, sideways } from '../../helpers/browser.ts';
import { madeUpCloud } from '../made-up-cloud.ts';
import { edgeName } from '../made-up-fleet.ts';
import { servePipelines } from '../serve-for-test.ts';

/** Longer than that somebody notices. */
const workMsMax = 200;

/**
 * What the page's main thread computed since the last call, ms. Its own time: that of a clock on the wall would measure whatever
 * else the machine is busy with.
 */
async function watchWork(session: CDPSession): Promise<() => Promise<number>> {
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const total = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1_000 * metrics.find(({ name }) => name === 'TaskDuration')!.value;
  };
  let before = await total();
  return async () => {
    const now = await total();
    const worked = now - before;
    before = now;
    return Math.round(worked);
  };
}

async function openFleet(t: ExecutionContext, where: string, options: Parameters<typeof openPage>[2] = {}) {
  const cloud = madeUpCloud({ edges: 1_000 });
  const { url } = await servePipelines(t, [cloud]);
  return openPage(t, `${url}${where}`, options);
}

test.serial(
  'a thousand edges are found, ordered, scrolled and opened, and no step keeps the page busy for long',
  async (t) => {
    const opened = await openFleet(t, '#/fleet');
    if (!opened) return;
    const { page, context, complaints } = opened;
    await page.getByText(/^1,000 edges: 996 connected, 4 not heard of/).waitFor();
    const rows = page.locator('.fleet-row');
    t.true((await rows.count()) < 100, 'only what can be seen is drawn');
    const work = await watchWork(await context.newCDPSession(page));
    const costs: string[] = [];
    const step = async (name: string, act: () => Promise<unknown>) => {
      await work();
      await act();
      const ms = await work();
      costs.push(`${name} ${ms}`);
      t.true(ms < workMsMax, `${name}: ${ms} ms`);
    };

    await step('order', async () => {
      await page.getByRole('button', { name: 'Connection' }).click();
      await rows.first().getByText('silent').waitFor();
    });
    t.is(await page.locator('th[aria-sort="descending"]').innerText(), 'Connection ↓');
    const search = page.getByRole('searchbox', { name: 'Search edges' });
    await step('search', async () => {
      await search.fill('harbour-0003');
      await page.getByText('1 of 1,000').waitFor();
    });
    t.is(await rows.count(), 1);
    await search.fill('no such edge');
    await step('show all', () => page.getByRole('button', { name: 'Show all 1,000' }).click());
    await step('filter', async () => {
      await page.getByRole('button', { name: /Needs attention/ }).click();
      await page.getByText('14 of 1,000').waitFor();
    });
    t.is(await rows.count(), 14);
    await page.getByRole('button', { name: /Needs attention/ }).click();
    await page.getByRole('button', { name: 'Edge' }).click();
    await page.mouse.move(600, 500);
    for (let i = 1; i <= 10; i += 1) await step(`scroll ${i}`, () => page.mouse.wheel(0, 6_000));
    await step('answer', () => page.waitForResponse((response) => response.url().includes('/api/fleet')));
    const last = page.getByRole('link', { name: 'shed-0993' });
    await last.scrollIntoViewIfNeeded();
    await step('open', async () => {
      await last.click();
      await page.getByRole('heading', { name: 'Its past, as it told it itself' }).waitFor();
    });
    t.true(page.url().includes('#/fleet/shed-0993'));
    t.log(`ms of work: ${costs.join(', ')}`);
    t.deepEqual(complaints, []);
  },
);

test.serial('the table keeps its place and its focus while answers come in', async (t) => {
  const opened = await openFleet(t, '#/fleet');
  if (!opened) return;
  const { page } = opened;
  await page.locator('.fleet-row').first().waitFor();
  await page.evaluate('scrollTo(0, 8000)');
  const link = page.locator('.fleet-row a').nth(20);
  await link.focus();
  const before = await page.evaluate('[scrollY, document.activeElement.textContent]');
  const answer = () => page.waitForResponse((response) => response.url().includes('/api/fleet'));
  const { whole, edges, heardMs } = await (await answer()).json();
  t.false(whole, 'what has not changed is not told again');
  t.true(edges.length === 0 && Object.keys(heardMs).length > 0);
  await answer();
  await page.getByText(/^1,000 edges: 996 connected, 4 not heard of/).waitFor();
  t.deepEqual(await page.evaluate('[scrollY, document.activeElement.textContent]'), before);
});

test.serial('arrow keys go from row to row, also to rows that were not drawn before', async (t) => {
  const opened = await openFleet(t, '#/fleet');
  if (!opened) return;
  const { page } = opened;
  await page.locator('.fleet-row a').first().focus();
  await page.keyboard.press('ArrowDown');
  t.is(await page.evaluate('document.activeElement.dataset.place'), '1');
  await page.keyboard.press('End');
  await page.locator('a[data-place="999"]:focus').waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/#\/fleet\/shed-0993/);
  t.pass();
});

test.serial(
  'the page of an edge shows its outages with when the cloud heard of them, and pages into the past',
  async (t) => {
    const opened = await openFleet(t, `#/fleet/${edgeName(0)}`);
    if (!opened) return;
    const { page, complaints } = opened;
    await page
      .getByText(/^Without its cloud from .* for 25 m 00 s, 12 attempts/)
      .first()
      .waitFor();
    t.true((await page.locator('.timeline-absence').count()) >= 1);
    const shown = () => page.locator('.transitions tbody tr').count();
    const before = await shown();
    const older = page.getByRole('button', { name: 'Show older ones' });
    const asked = page.waitForResponse((response) => response.url().includes('before='));
    await older.click();
    await asked;
    await page.locator('.transitions tbody tr').nth(before).waitFor();
    await page
      .getByRole('button', { name: /^Show \d+ transitions/ })
      .first()
      .click();
    await page.getByText('attempt 12').first().waitFor();
    const session = page.getByRole('link', { name: 'Statechart of its session' });
    t.regex((await session.getAttribute('href'))!, /^#\/actor\/cloud\/receiver/);
    t.deepEqual(await seriousFaults(page), []);
    t.deepEqual(complaints, []);
  },
);

test.serial('an edge that is not known, and a fleet without a cloud, say so', async (t) => {
  const opened = await openFleet(t, '#/fleet/no%3Cb%3Esuch');
  if (!opened) return;
  await opened.page.getByText('cloud knows no edge of that name').waitFor();
  t.is(await opened.page.locator('h1 b').count(), 0, 'a name is never HTML');
});

for (const dark of [false, true]) {
  test.serial(
    `axe finds nothing serious in the fleet, ${dark ? 'dark' : 'light'}, and a phone shows cards`,
    async (t) => {
      const opened = await openFleet(t, '#/fleet?sort=-connection', { dark });
      if (!opened) return;
      const { page } = opened;
      await page.locator('.fleet-row').first().waitFor();
      t.deepEqual(await seriousFaults(page), []);
      await page.setViewportSize({ width: 390, height: 844 });
      await page.locator('.fleet-row').first().waitFor();
      t.is(await sideways(page), 0);
      t.deepEqual(await seriousFaults(page), []);
    },
  );
}
