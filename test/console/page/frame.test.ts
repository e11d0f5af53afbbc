import test from 'ava';
import { openPage, seriousFaults } from '../../helpers/browser.ts';
import { serveMadeUp } from '../serve-for-test.ts';

test('a page is served whole, asks nobody else for anything, and the browser has nothing to complain of', async (t) => {
  const { url } = await serveMadeUp(t);
  const opened = await openPage(t, url);
  if (!opened) return;
  const { page, complaints, elsewhere } = opened;
  await page.getByText('uploader').first().waitFor();
  t.deepEqual(await seriousFaults(page), []);
  t.deepEqual(complaints, []);
  t.deepEqual(elsewhere, []);
});
