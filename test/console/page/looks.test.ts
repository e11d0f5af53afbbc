import test, { type ExecutionContext } from 'ava';
import type { Page } from 'playwright-core';
import { openPage, seriousFaults, sideways } from '../../helpers/browser.ts';
import { madeUpPipeline } from '../made-up.ts';
import { madeUpCloud } from '../made-up-cloud.ts';
import { edgeName } from '../made-up-fleet.ts';
import { servePipelines } from '../serve-for-test.ts';

const pages = [
  ['#/', '.actor-card'],
  ['#/actor/edge/uploader', '.chart .active'],
  ['#/events', '.event-line'],
  ['#/events?as=sequence', '.event-sequence-head'],
  ['#/weather', '.instrument-chart'],
  ['#/fleet', '.fleet-row'],
  [`#/fleet/${edgeName(0)}`, '.transitions'],
] as const;

const serve = (t: ExecutionContext, transitionsPerSecond: number) =>
  servePipelines(t, [madeUpPipeline({ transitionsPerSecond }), madeUpCloud({ edges: 12 })]);

const open = async (page: Page, [hash, sign]: (typeof pages)[number]) => {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await page.locator(sign).first().waitFor();
};

for (const dark of [false, true]) {
  test.serial(
    `axe finds nothing serious in any page, ${dark ? 'dark' : 'light'}, nor in its dialogs`,
    async (t) => {
      const { url } = await serve(t, 2);
      const opened = await openPage(t, url, { dark });
      if (!opened) return;
      const { page } = opened;
      for (const each of pages) {
        await open(page, each);
        t.deepEqual(await seriousFaults(page), [], each[0]);
      }
      for (const key of ['?', '/']) {
        await open(page, pages[0]);
        await page.keyboard.press(key);
        await page.locator('dialog[open]').waitFor();
        t.deepEqual(await seriousFaults(page), [], key);
        await page.keyboard.press('Escape');
        await page.locator('dialog').waitFor({ state: 'detached' });
      }
      t.deepEqual(opened.complaints, []);
    },
  );

  test.serial(
    `a state in trouble can be read when it is lit, ${dark ? 'dark' : 'light'}, and its countdown is whole`,
    async (t) => {
      const { url } = await serve(t, 1);
      const opened = await openPage(t, `${url}#/actor/edge/uploader`, { dark, reducedMotion: true });
      if (!opened) return;
      const { page } = opened;
      await page.locator('.chart .trouble.active').waitFor();
      await page.locator('.countdown').waitFor();
      const contrast = await page.evaluate<number>(`{
      const colour = (element) => {
        const context = new OffscreenCanvas(1, 1).getContext('2d');
        context.fillStyle = getComputedStyle(element).fill;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
      };
      const light = (element) => {
        const [r, g, b] = colour(element)
          .map((part) => part / 255)
          .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
      };
      const state = document.querySelector('.chart .trouble.active');
      const both = [light(state.querySelector('.box')), light(state.querySelector('.name'))];
      Math.max(...both) / Math.min(...both);
    }`);
      t.true(contrast >= 4.5, `${contrast}`);
      const beyond = await page.evaluate<number>(`{
      const paper = document.querySelector('.chart').getBoundingClientRect();
      document.querySelector('.countdown').getBoundingClientRect().right - paper.right;
    }`);
      t.true(beyond <= 0, `${beyond}`);
    },
  );
}

test.serial('no page is wider than its window, from a phone to a large screen', async (t) => {
  const { url } = await serve(t, 2);
  const opened = await openPage(t, url);
  if (!opened) return;
  for (const width of [390, 768, 1_280, 1_920]) {
    await opened.page.setViewportSize({ width, height: 844 });
    for (const each of pages) {
      await open(opened.page, each);
      t.is(await sideways(opened.page), 0, `${each[0]} at ${width}`);
    }
  }
  t.deepEqual(opened.complaints, []);
});
