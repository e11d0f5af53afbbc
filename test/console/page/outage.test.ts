import test from 'ava';
import { openPage } from '../../helpers/browser.ts';
import { freePort, shipped, startFogrun, temporaryDirectory, world } from '../../helpers/fogrun.ts';

test('a killed cloud is seen: the edge turns red, its backlog grows, a countdown runs; when it is back everything drains to green', async (t) => {
  const env = await world(t, { RETRY_EVERY: '2s' });
  const port = await freePort();
  const cloud = startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  const edge = startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env);
  await edge.line((line) => line.what === 'acknowledged');
  const served = startFogrun(t, ['console', '--console', String(port), '--log', 'json'], env);
  await served.line((line) => String(line.text).includes('http://'));
  const opened = await openPage(t, `http://127.0.0.1:${port}/`, { mayFail: true });
  if (!opened) return;
  const { page, complaints } = opened;
  const link = page.locator('[data-link="edge cloud"]');
  await page.locator('[data-link="edge cloud"][data-tone="well"]').waitFor({ state: 'attached' });
  await page.getByText('All is well').waitFor();

  await cloud.end('SIGKILL');
  await page.locator('[data-link="edge cloud"][data-tone="trouble"]').waitFor({ state: 'attached' });
  await page.getByText(/edge\/uploader is \w+: .*tries again in/).waitFor();
  const card = page.locator('[data-actor="edge/uploader"]');
  await card.getByText(/again in \d/).waitFor();
  // Three readings of the countdown that differ.
  const told = new Set<string>();
  while (told.size < 3) told.add((await card.getByText(/again in \d/).textContent()) ?? '');
  await page.getByText(/readings \(.*\) wait on the disk of edge/).waitFor();
  t.true(
    await page
      .getByText(/cloud cannot be reached/)
      .first()
      .isVisible(),
  );
  t.true((await link.textContent())!.includes('down'));

  startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  await page.locator('[data-link="edge cloud"][data-tone="well"]').waitFor({ state: 'attached' });
  await page.getByText('All is well').waitFor();
  await page.getByText('Nothing on the disk of edge waits for the cloud').waitFor();
  t.deepEqual(complaints, []);
});

test('an actor is paused and let go on by keyboard, and restarted only after a yes', async (t) => {
  const env = await world(t);
  const port = await freePort();
  const edge = startFogrun(t, [shipped('edge.yaml'), '--console', String(port), '--log', 'json'], env);
  await edge.line((line) => String(line.text).includes('http://'));
  const opened = await openPage(t, `http://127.0.0.1:${port}/#/actor/edge/uploader`);
  if (!opened) return;
  const { page } = opened;
  await page.getByRole('button', { name: 'Pause', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.getByText(/^pause: \w+ → paused$/).waitFor();
  const resume = page.getByRole('button', { name: 'Resume' });
  await resume.waitFor();
  t.is(await page.evaluate('document.activeElement.textContent'), 'Resume');
  t.is(await page.getByRole('button', { name: 'Retry now' }).getAttribute('aria-disabled'), 'true');
  await page.keyboard.press('Space');
  await page.getByText(/^resume: paused → \w+$/).waitFor();
  await page.getByRole('button', { name: /^Restart/ }).click();
  await page.getByRole('button', { name: 'Leave it' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  t.is(await page.getByText(/^restart:/).count(), 0);
  await page.getByRole('button', { name: /^Restart/ }).click();
  await page.getByRole('button', { name: 'Restart it' }).click();
  await page.getByText(/^restart: \w+ → \w+/).waitFor();
});

test('a recording is opened again: the slider goes to an outage and back, and nothing can be changed', async (t) => {
  const env = await world(t, { RETRY_EVERY: '1s' });
  const file = `${await temporaryDirectory(t)}/run.ndjson`;
  const cloud = startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  const edge = startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env);
  await edge.line((line) => line.what === 'acknowledged');
  const recorder = startFogrun(t, ['record', file, '--for', '5s'], env);
  const acknowledged = () => edge.line((line) => line.what === 'acknowledged', edge.lines.length);
  while (!recorder.stderr().includes('edge is recorded')) await acknowledged();
  for (let i = 0; i < 5; i += 1) await acknowledged();
  await cloud.end('SIGKILL');
  await recorder.ended;
  const replay = startFogrun(t, ['replay', file], env);
  const { text } = await replay.line((line) => line.type === 'text' && String(line.text).startsWith('http'));
  const opened = await openPage(t, String(text));
  if (!opened) return;
  const { page, complaints } = opened;
  await page.getByRole('region', { name: 'Recording' }).waitFor();
  const tone = (is: string) => page.locator(`[data-actor="edge/uploader"][data-tone="${is}"]`).waitFor();
  await page.getByText('All is well').waitFor();
  const slider = page.getByRole('slider');
  await slider.focus();
  await page.keyboard.press('End');
  await tone('trouble');
  const link = page.locator('[data-link="edge cloud"]');
  await link.getByText(/^link: down/).waitFor();
  await page.keyboard.press('Home');
  await page.getByText('All is well').waitFor();
  // At its very first moment the recording may not have heard yet what is well.
  await link.getByText(/^link: down/).waitFor({ state: 'detached' });
  const before = await page.locator('.replay-time').textContent();
  await page.getByRole('button', { name: 'Next transition' }).click();
  t.not(await page.locator('.replay-time').textContent(), before);
  await page.getByRole('combobox', { name: 'Speed' }).selectOption('16');
  await page.getByRole('button', { name: 'Play the recording' }).click();
  await tone('trouble');
  await page.goto(`${String(text)}#/actor/edge/uploader`);
  await page.getByRole('heading', { name: 'edge/uploader' }).waitFor();
  for (const name of ['Pause', 'Retry now', 'Restart …']) {
    const button = page.getByRole('button', { name, exact: true });
    t.deepEqual(
      [await button.getAttribute('aria-disabled'), await button.getAttribute('title')],
      ['true', 'this is a recording'],
    );
  }
  // A step that is looked at is not shown any more once the slider is before it.
  await page.locator('.history-line').first().click();
  await page.getByText(/^As it was at/).waitFor();
  await slider.focus();
  await page.keyboard.press('Home');
  await page.getByText('This moment had not come yet.').waitFor();
  await page.getByRole('button', { name: 'Back to the slider' }).click();
  await slider.focus();
  await page.keyboard.press('End');
  await page.getByRole('link', { name: 'Weather', exact: true }).click();
  await page.locator('.chart-readout').waitFor();
  t.is(await page.getByText(/\blive\b/i).count(), 0);
  await page.goto(`${String(text)}#/events?at=soon`);
  await page.getByText('The address names no moment: soon').waitFor();
  t.is(await page.locator('.events-hold button').count(), 0, 'the slider holds a recording, not its log');
  t.deepEqual(complaints, []);
});
