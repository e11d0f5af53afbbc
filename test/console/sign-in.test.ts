import test from 'ava';
import { createHub } from '../../src/console/hub.ts';
import { serveConsole } from '../../src/console/server.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { openPage, seriousFaults, sideways } from '../helpers/browser.ts';
import { token } from './served.ts';

test('a person signs in by the page, is told when the token is wrong, comes to what the address named, and needs no script for it', async (t) => {
  const server = await serveConsole({
    ...{
      hub: createHub(systemClock),
      host: '127.0.0.1',
      port: 0,
      version: '1.2.3',
      life: 'x',
      now: Date.now,
      token,
    },
  });
  t.teardown(() => server.close());
  for (const dark of [false, true]) {
    const opened = await openPage(t, `${server.url}#/events?only=failures`, { dark, width: 390 });
    if (!opened) return;
    const { page, elsewhere, context } = opened;
    t.is(page.url(), `${server.url}sign-in#/events?only=failures`);
    t.deepEqual(await seriousFaults(page), []);
    t.true((await sideways(page)) <= 0);
    if (dark) break;
    await page.fill('#token', 'a-token-that-is-wrong');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\?wrong#/);
    t.true(await page.isVisible('text=That is not its token'));
    await page.fill('#token', token);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${server.url}#/events?only=failures`);
    const [cookie] = await context.cookies();
    t.true(cookie!.httpOnly);
    t.is(cookie!.sameSite, 'Strict');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${server.url}sign-in`);
    await page.goto(server.url);
    t.is(page.url(), `${server.url}sign-in`, 'the session is over for the console too');
    t.deepEqual(elsewhere, []);
  }
});
