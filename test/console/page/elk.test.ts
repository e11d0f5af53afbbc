import test from 'ava';
import { knownChart } from '../../../src/inspect/drawing/known-charts.ts';
import { longestTaskMs, openPage } from '../../helpers/browser.ts';
import { serveMadeUp } from '../serve-for-test.ts';

/** Evaluated in the page; what is in quotes there cannot be a function of ours. */
const layOut = (chart: unknown) =>
  `import('/elk.js').then((engine) => engine.layOutHere(${JSON.stringify(chart)}))`;

test('the page places a chart by itself, under its strict policy and without freezing, as it was placed in advance', async (t) => {
  const { url } = await serveMadeUp(t);
  const opened = await openPage(t, url);
  if (!opened) return;
  const { page, complaints, elsewhere } = opened;
  const { chart, layout } = (await knownChart('uploader'))!;
  const longestMs = await longestTaskMs(page, async () => {
    t.deepEqual(await page.evaluate(layOut(chart)), layout);
    const other = (await knownChart('cloud-receiver'))!;
    t.deepEqual(await page.evaluate(layOut(other.chart)), other.layout);
  });
  t.true(longestMs <= 200, `${longestMs} ms`);
  t.deepEqual(complaints, []);
  t.deepEqual(elsewhere, []);
});

test('a page that cannot load the layout engine is told so, and may try again', async (t) => {
  const { url } = await serveMadeUp(t);
  const opened = await openPage(t, url, { mayFail: true });
  if (!opened) return;
  const { page, context } = opened;
  const { chart, layout } = (await knownChart('ack-handler'))!;
  await context.route('**/elk-worker.js', (route) => route.abort());
  await t.throwsAsync(page.evaluate(layOut(chart)), { message: /the layout engine does not work here/ });
  await context.unroute('**/elk-worker.js');
  t.deepEqual(await page.evaluate(layOut(chart)), layout);
});
