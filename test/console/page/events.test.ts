import test from 'ava';
import { openPage, seriousFaults, sideways } from '../../helpers/browser.ts';
import { serveMadeUp } from '../serve-for-test.ts';

test('events stand in one log, equal ones as one line that opens, and the space bar holds them', async (t) => {
  const { url } = await serveMadeUp(t, [{ transitionsPerSecond: 40 }]);
  const opened = await openPage(t, `${url}#/events`);
  if (!opened) return;
  const { page } = opened;
  await page.locator('.event-count').first().waitFor();
  const lines = await page.locator('.event-line').count();
  t.true(lines < 40);
  await page.locator('.event-count').first().click();
  await page.locator('.event-line.is-inside').first().waitFor();
  await page.getByText(/Paused: [\d,]+ events? wait/).waitFor();
  await page.locator('h1').click();
  await page.keyboard.press(' ');
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  t.deepEqual(await seriousFaults(page), []);
  t.deepEqual(opened.complaints, []);
});

test('a filter stands in the address and passes what it names; failures alone are few', async (t) => {
  const { url } = await serveMadeUp(t, [{ transitionsPerSecond: 20, actors: 3 }]);
  const opened = await openPage(t, `${url}#/events`);
  if (!opened) return;
  const { page } = opened;
  await page.locator('.event-line').first().waitFor();
  await page.getByLabel('Part of the actor').fill('uploader-2');
  const others = page.locator('.event-line .event-actor').filter({ hasNotText: 'uploader-2' });
  await others.first().waitFor({ state: 'detached' });
  t.regex(page.url(), /actor=uploader-2/);
  await page.getByLabel('Part of the text').fill('no such words');
  await page.getByText('Nothing fits').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.locator('.event-line').first().waitFor();
});

test('a line that is chosen is a moment with an address, which opens the same', async (t) => {
  const { url } = await serveMadeUp(t, [{ transitionsPerSecond: 5 }]);
  const opened = await openPage(t, `${url}#/events?group=off`);
  if (!opened) return;
  const { page } = opened;
  await page.locator('.event-line').nth(3).click();
  await page.locator('.event-line.is-chosen').waitFor();
  const text = await page.locator('.event-line.is-chosen .event-time').innerText();
  const again = await openPage(t, page.url());
  await again!.page.locator('.event-line.is-chosen').waitFor();
  t.is(await again!.page.locator('.event-line.is-chosen .event-time').innerText(), text);
});

test('a sequence diagram shows who sent what by arrows between lifelines, on a phone too', async (t) => {
  const { url } = await serveMadeUp(t);
  const opened = await openPage(t, `${url}#/events?as=sequence`, { width: 390, height: 844 });
  if (!opened) return;
  const { page } = opened;
  await page.locator('.message').first().waitFor();
  t.true((await page.locator('.event-sequence-head').innerText()).includes('edge/uploader'));
  const newest = await page
    .locator('.event-sequence-line')
    .first()
    .locator('.message, .message-own')
    .boundingBox();
  t.true(newest!.x < 390, 'what is newest is seen without scrolling');
  t.is(await sideways(page), 0);
});

test('the log can be left and come back to while its room changes, and the browser complains of nothing', async (t) => {
  const { url } = await serveMadeUp(t, [{ transitionsPerSecond: 20 }]);
  const opened = await openPage(t, `${url}#/events`);
  if (!opened) return;
  const { page } = opened;
  for (const height of [700, 500, 900, 600]) {
    await page.locator('.event-line').first().waitFor();
    await page.setViewportSize({ width: 1_280, height });
    await page.evaluate("location.hash = '#/weather'");
    await page.locator('.event-line').first().waitFor({ state: 'detached' });
    await page.evaluate("location.hash = '#/events'");
  }
  t.deepEqual(opened.complaints, []);
});
