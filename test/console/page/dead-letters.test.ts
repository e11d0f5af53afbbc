import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { openPage, seriousFaults } from '../../helpers/browser.ts';
import { freePort, type LogLine, moved, shipped, startFogrun, world } from '../../helpers/fogrun.ts';

const dead = (line: LogLine) => line.type === 'problem' && line.code === 'segment-dead';
const lines = (from: number, to: number) =>
  Array.from(
    { length: to - from + 1 },
    (_, i) => `{"device":"d","sensor":"s","value":${from + i},"unit":"x"}\n`,
  ).join('');

/** An edge whose first two segments a cloud refused for good, so small are its frames, and the edge's console. */
async function refused(t: Parameters<typeof startFogrun>[0]) {
  const env = await world(t);
  const state = env.FOGRUN_STATE!;
  const source = join(state, 'source.ndjson');
  const port = await freePort();
  const cloudText = await readFile(shipped('cloud.yaml'), 'utf8');
  await writeFile(
    join(state, 'cloud.yaml'),
    cloudText.replace('kind: cloud-receiver', 'kind: cloud-receiver\n    frame-max: 16KiB'),
  );
  await writeFile(source, lines(1, 300));
  await writeFile(
    join(state, 'edge.yaml'),
    `fogrun: 1
pipeline: edge
edge: "\${EDGE_ID}"
store: { path: "${join(state, 'edge')}", max: 64MiB }
actors:
  source: { kind: file-source, path: "${source}", to: rotator }
  rotator: { kind: file-rotator, every: 100ms, to: uploader }
  uploader:
    kind: uploader
    cloud: { port: "\${CLOUD_PORT}" }
    retry: { every: 20ms, max: 40ms }
    to: acks
  acks: { kind: ack-handler }
`,
  );
  const cloud = startFogrun(t, [join(state, 'cloud.yaml'), '--log', 'json'], env);
  const edge = startFogrun(t, [join(state, 'edge.yaml'), '--console', String(port), '--log', 'json'], env);
  await edge.line(dead);
  await appendFile(source, lines(301, 620));
  const second = await edge.line(dead, edge.lines.findIndex(dead) + 1);
  // By then a gap stands in its place.
  await edge.line(moved('uploader', 'idle'), edge.lines.indexOf(second));
  return { url: `http://127.0.0.1:${port}/#/actor/edge/uploader`, state, cloud };
}

async function audited(state: string) {
  const text = await readFile(join(state, 'edge', 'audit.ndjson'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ action, target, outcome, detail }) => [action, target, outcome, detail]);
}

test('dead letters are listed; by keyboard one is queued once more and one discarded after a yes, and the audit log has both', async (t) => {
  const { url, state, cloud } = await refused(t);
  const opened = await openPage(t, url);
  if (!opened) return;
  const { page, complaints } = opened;
  const region = page.getByRole('region', { name: 'Dead letters' });
  const boxes = region.getByRole('checkbox');
  const button = (name: RegExp | string) => page.getByRole('button', { name });
  const focused = () => page.evaluate('document.activeElement.textContent');
  await region.getByText('2 dead letters').waitFor();
  await boxes.nth(1).waitFor();
  t.regex((await region.getByRole('listitem').first().textContent())!, /^1: 300 refused readings 1 to 300, /);
  t.is(await button('Discard …').getAttribute('title'), 'choose some first');
  t.deepEqual(await seriousFaults(page), []);

  await boxes.nth(1).focus();
  await page.keyboard.press('Space');
  await button('Discard …').focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Discard 1 dead letter with 320 readings?' });
  await dialog.waitFor();
  t.is(await focused(), 'Leave them');
  await page.emulateMedia({ colorScheme: 'dark' });
  t.deepEqual(await seriousFaults(page), []);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  t.is(await focused(), 'Discard …');
  t.is(await boxes.count(), 2);
  await page.keyboard.press('Enter');
  await button('Discard them').focus();
  await page.keyboard.press('Enter');
  await region.getByText('1 dead letter with 320 readings discarded').waitFor();
  await region.getByText(/^1 dead letter 300 readings/).waitFor();
  t.is(await boxes.count(), 1);

  // With no cloud there they stay queued, and do not become a dead letter once more.
  await cloud.end('SIGKILL');
  await boxes.focus();
  await page.keyboard.press('Space');
  await button('Requeue …').focus();
  await page.keyboard.press('Enter');
  await button('Requeue them').focus();
  await page.keyboard.press('Enter');
  await region.getByText('1 dead letter with 300 readings queued once more').waitFor();
  await region.getByRole('heading', { name: 'No dead letter is left' }).waitFor();
  t.is(await region.getByRole('button').count(), 0);
  await page.waitForFunction("document.activeElement.getAttribute('aria-label') === 'Dead letters'");
  t.deepEqual(await audited(state), [
    ['discard', 'edge dead letters 2', 'done', '1 dead letter, 320 readings'],
    ['requeue', 'edge dead letters 1', 'done', '1 dead letter, 300 readings'],
  ]);
  t.deepEqual(complaints, []);
});
