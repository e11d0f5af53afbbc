import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { longestTaskMs, openPage, seriousFaults, sideways } from '../../helpers/browser.ts';
import { serveMadeUp } from '../serve-for-test.ts';

const built = new URL('../../../src/console/page/', import.meta.url);

test('a page begins with less than 60 kB, compressed', async (t) => {
  const read = (name: string) => readFile(new URL(name, built));
  const sizes = new Map<string, number>();
  const add = async (name: string) => {
    if (sizes.has(name)) return;
    const bytes = await read(name);
    sizes.set(name, gzipSync(bytes).length);
    const imports = String(bytes).matchAll(/(?:from|import)\s*"\.\/(part-\w+\.js)"/g);
    await Promise.all([...imports].map(([, part]) => add(part!)));
  };
  await Promise.all(['page.js', 'page.css'].map(add));
  t.true(sizes.size > 2, [...sizes.keys()].join(' '));
  const total = [...sizes.values()].reduce((a, b) => a + b);
  t.log(`${(total / 1_000).toFixed(1)} kB in ${sizes.size} files of ${(await readdir(built)).length}`);
  t.true(total < 60_000);
});

for (const dark of [false, true]) {
  test(`a ${dark ? 'dark' : 'light'} page is whole, asks nobody else for anything, and is readable for all`, async (t) => {
    const { url } = await serveMadeUp(t);
    const opened = await openPage(t, url, { dark, reducedMotion: true });
    if (!opened) return;
    const { page, complaints, elsewhere } = opened;
    await page.getByText('uploader').first().waitFor();
    t.deepEqual(await seriousFaults(page), []);
    await page.goto(`${url}#/actor/edge/uploader`);
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    t.deepEqual(await seriousFaults(page), []);
    t.deepEqual(complaints, []);
    t.deepEqual(elsewhere, []);
  });
}

test('on a phone nothing is to be moved sideways', async (t) => {
  const { url } = await serveMadeUp(t);
  const opened = await openPage(t, url, { width: 390, height: 844 });
  if (!opened) return;
  const { page } = opened;
  for (const place of ['', '#/actor/edge/uploader', '#/events', '#/weather', '#/fleet']) {
    await page.goto(`${url}${place}`);
    await page.locator('main > *').first().waitFor();
    t.is(await sideways(page), 0, place);
  }
});

test('keys lead everywhere: skip link, letters after g, search, help, and the focus comes back', async (t) => {
  const { url } = await serveMadeUp(t);
  const opened = await openPage(t, url);
  if (!opened) return;
  const { page } = opened;
  await page.locator('.actor-card').first().waitFor();
  await page.keyboard.press('Tab');
  t.is(await page.evaluate('document.activeElement.textContent'), 'Skip to the content');
  await page.keyboard.press('Enter');
  t.is(await page.evaluate('document.activeElement.tagName'), 'MAIN');
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await page.waitForURL(/#\/events$/);
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await page.waitForURL(/#\/$/);
  await page.keyboard.press('/');
  await page.getByRole('searchbox').fill('acks');
  await page.keyboard.press('Enter');
  await page.waitForURL(/#\/actor\/edge\/acks$/);
  // The focus goes to the content of the new place, at the moment that has its title.
  await page.waitForFunction("document.title.startsWith('edge/acks') && !document.querySelector('dialog')");
  await page.keyboard.press('/');
  await page.getByRole('searchbox').fill('acks');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Keys and colours' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  t.is(await page.evaluate('document.activeElement.getAttribute("aria-label")'), 'Keys and colours');
});

test("a chosen theme stays, and goes over the machine's own", async (t) => {
  const { url } = await serveMadeUp(t);
  const opened = await openPage(t, url);
  if (!opened) return;
  const { page } = opened;
  const background = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
  const light = await background();
  const button = page.getByRole('button', { name: /^Colours/ });
  await button.click();
  await button.click();
  t.is(await page.evaluate('document.documentElement.dataset.theme'), 'dark');
  const dark = await background();
  t.not(dark, light);
  await page.reload();
  await button.waitFor();
  t.is(await background(), dark);
});

test('while the console is away all is old, says since when, and counts nothing down; another life of it is shown anew', async (t) => {
  const first = await serveMadeUp(t, [{ pipeline: 'shed' }]);
  const opened = await openPage(t, first.url, { mayFail: true });
  if (!opened) return;
  const { page } = opened;
  await page.locator('[data-actor="shed/uploader"]').waitFor();
  await first.close();
  await page.getByText(/What you see is as of \d\d:\d\d:\d\d/).waitFor();
  t.is(await page.locator('[data-actor="shed/uploader"]').getAttribute('data-tone'), 'stale');
  t.true(await page.locator('main.is-stale').isVisible());
  const colour = (of: string) =>
    page.evaluate<string>(
      `getComputedStyle(document.querySelector('[data-actor="shed/uploader"] ${of}')).color`,
    );
  t.not(await colour('.actor-flow'), await colour('.actor-name'), 'figures that are old look old');
  const title = await page.locator('.summary').textContent();
  await page
    .getByText(/[2-9] s ago/)
    .first()
    .waitFor();
  t.is(await page.locator('.summary').textContent(), title);
  await serveMadeUp(t, [{ pipeline: 'barn' }], first.port);
  // The page may have tried by itself before the button is pressed, which is gone then.
  page
    .getByRole('button', { name: 'Try now' })
    .click()
    .catch(() => undefined);
  await page.locator('[data-actor="barn/uploader"]').waitFor();
  t.is(await page.locator('[data-actor="shed/uploader"]').count(), 0);
  t.is(await page.locator('main.is-stale').count(), 0);
});

test.serial('200 actors with 5,000 transitions a second do not freeze the page', async (t) => {
  const { url } = await serveMadeUp(t, [{ actors: 200, transitionsPerSecond: 5_000 }]);
  const opened = await openPage(t, url);
  if (!opened) return;
  const { page } = opened;
  await page.locator('.actor-card').nth(203).waitFor();
  const longestMs = await longestTaskMs(page);
  t.log(`longest task: ${longestMs} ms`);
  t.true(longestMs <= 200);
  await page.keyboard.press('g');
  await page.keyboard.press('w');
  await page.waitForURL(/#\/weather$/, { timeout: 2_000 });
});
