import test, { type ExecutionContext } from 'ava';
import { openPage, seriousFaults, sideways } from '../../helpers/browser.ts';
import { madeUpPipeline } from '../made-up.ts';
import { madeUpCloud } from '../made-up-cloud.ts';
import { servePipelines } from '../serve-for-test.ts';

async function openWeather(t: ExecutionContext, where: string, options: Parameters<typeof openPage>[2] = {}) {
  const edge = madeUpPipeline({ transitionsPerSecond: 1 });
  const { url } = await servePipelines(t, [edge]);
  return openPage(t, `${url}${where}`, options);
}

test.serial(
  'the pressure now stands there large, with its unit, its device, its age, and that it is simulated',
  async (t) => {
    const opened = await openWeather(t, '#/weather');
    if (!opened) return;
    const { page, complaints, elsewhere } = opened;
    await page.locator('.gauge-number').waitFor();
    const text = (await page.locator('.gauge').innerText()).replace(/\s+/g, ' ');
    t.regex(text, /\d,?\d{3}\.\d{2} hPa pressure of bAr on edge-1 simulated \d+ s old/);
    await page.getByText('Fairly fine, showery later').waitFor();
    await page.getByText(/rests on 2 h 23 m of 3 h: uncertain/).waitFor();
    await page.getByText(/−2.4 hPa in 3 h/).waitFor();
    await page.locator('.plot canvas').nth(1).waitFor();
    t.deepEqual(await seriousFaults(page), []);
    t.deepEqual(complaints, []);
    t.deepEqual(elsewhere, []);
  },
);

test.serial('a range is asked for, kept in the address, and shows the gap in it', async (t) => {
  const opened = await openWeather(t, '#/weather');
  if (!opened) return;
  const { page } = opened;
  await page.locator('.plot canvas').first().waitFor();
  t.is(await page.getByText(/^1 gap/).count(), 0);
  const since = (url: string) => Date.now() - Number(new URL(url).searchParams.get('since'));
  const asked = page.waitForRequest((request) => {
    const isWeather = request.url().includes('/api/weather');
    return isWeather && Math.abs(since(request.url()) - 3 * 3_600_000) < 60_000;
  });
  await page.getByRole('button', { name: '3 h', exact: true }).click();
  await asked;
  await page.getByText(/missed: 360 readings/).waitFor();
  t.true(page.url().includes('range=3h'));
  await page.reload();
  await page.getByText(/missed: 360 readings/).waitFor();
  t.is(await page.getByRole('button', { name: '3 h', exact: true }).getAttribute('aria-pressed'), 'true');
});

test.serial(
  'marks say what was lost and when it was well again, and the cursor reads all curves by keyboard',
  async (t) => {
    const opened = await openWeather(t, '#/weather');
    if (!opened) return;
    const { page } = opened;
    await page
      .locator('.marks-text')
      .getByText(/uploader: the cloud is gone/)
      .waitFor();
    await page
      .locator('.marks-text')
      .getByText(/uploader: well again after/)
      .waitFor();
    const slider = page.getByRole('slider', { name: 'Moment in the chart' });
    await slider.focus();
    await page.keyboard.press('ArrowLeft');
    const text = (await slider.getAttribute('aria-valuetext'))!;
    t.regex(text, /readings .*hPa, segment mean [\d,.]+ hPa, backlog .*, throughput/);
    await page.keyboard.press('Escape');
    t.regex((await slider.getAttribute('aria-valuetext'))!, /^newest/);
  },
);

test.serial('the same stands in a table for who does not see the chart', async (t) => {
  const opened = await openWeather(t, '#/weather?range=3h&sensor=edge-1%2Ftemperature');
  if (!opened) return;
  const { page } = opened;
  await page.getByText('The same as a table').click();
  t.true((await page.locator('.weather-rows tbody tr').count()) > 10);
  await page.getByText(/^mean of a segment, /).waitFor();
  t.is(await page.locator('.dial').count(), 0, 'no barometer for a temperature');
});

test.serial('in a cloud the edges and their sensors can be chosen', async (t) => {
  const cloud = madeUpCloud({ edges: 3 });
  const { url } = await servePipelines(t, [cloud]);
  const opened = await openPage(t, `${url}#/weather`);
  if (!opened) return;
  const { page } = opened;
  const choice = page.getByLabel('Sensor');
  await choice.waitFor();
  await choice.selectOption({ label: 'harbour-0003 · pressure' });
  await page.getByText('pressure on harbour-0003').waitFor();
  t.true(page.url().includes('sensor=harbour-0003'));
});

test.serial('what is shown turns old once the pipeline is not heard any more', async (t) => {
  const edge = madeUpPipeline({ transitionsPerSecond: 0 });
  const { url, hub } = await servePipelines(t, [edge]);
  const opened = await openPage(t, `${url}#/weather`, { mayFail: true });
  if (!opened) return;
  const { page } = opened;
  await page.locator('.tag-live').waitFor();
  hub.close();
  edge.stop();
  await page.locator('.tag-old').waitFor();
  await page.locator('.stale-note').first().waitFor();
  t.pass();
});

for (const dark of [false, true]) {
  test.serial(
    `axe finds nothing serious in the weather, ${dark ? 'dark' : 'light'}, and a phone shows all of it`,
    async (t) => {
      const opened = await openWeather(t, '#/weather?range=3h', { dark, width: 390, height: 844 });
      if (!opened) return;
      const { page } = opened;
      await page.locator('.plot canvas').first().waitFor();
      await page.getByText(/1 gap/).waitFor();
      t.deepEqual(await seriousFaults(page), []);
      t.is(await sideways(page), 0);
    },
  );
}
