import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { ConsoleEvent } from '../../src/console/wire.ts';
import type { StepFrame } from '../../src/contract/inspect.ts';
import { freePort, moved, shipped, startFogrun, temporaryDirectory, world } from '../helpers/fogrun.ts';

/** What `fogrun replay` hands to its page. */
async function replayed(t: Parameters<typeof startFogrun>[0], file: string): Promise<ConsoleEvent[]> {
  const port = await freePort();
  const replay = startFogrun(t, ['replay', file, '--console', `127.0.0.1:${port}`]);
  const { text: url } = await replay.line(({ text }) => /^http:/.test(text));
  const answer = await fetch(new URL('/api/recording', url));
  const [, ...events] = (await answer.text()).trimEnd().split('\n');
  const act = await fetch(new URL('/api/act', url), { method: 'POST', body: '{}' });
  if (act.status < 400) throw new Error('a recording took an order');
  await replay.end();
  return events.map((line) => JSON.parse(line) as ConsoleEvent);
}

const steps = (events: readonly ConsoleEvent[], actor: string) =>
  events
    .flatMap((event) => (event.type === 'frames' ? event.frames : []))
    .filter((frame): frame is StepFrame => frame.type === 'step' && frame.actor === actor)
    .map(({ from, to }) => `${from} → ${to}`);

test('what was recorded of an outage is replayed: the lost link, the attempts, the link again', async (t) => {
  const env = await world(t);
  const file = join(await temporaryDirectory(t), 'outage.ndjson');
  const begin = (name: string) => startFogrun(t, [shipped(name), '--log', 'json'], env);
  const cloud = begin('cloud.yaml');
  await cloud.line(moved('receiver', 'serving.listening'));
  const edge = begin('edge.yaml');
  await edge.line(moved('uploader', 'awaitingAck'));
  const record = startFogrun(t, ['record', file], env);
  await Promise.all(['cloud', 'edge'].map((name) => record.said(new RegExp(`${name} is recorded`))));
  await cloud.end('SIGKILL');
  await edge.line(moved('uploader', 'waitingToRetry'));
  const known = edge.lines.length;
  const back = begin('cloud.yaml');
  await edge.line(moved('uploader', 'sending'), known);
  await edge.line(moved('uploader', 'idle'), known);
  await record.said(/(?:cloud is recorded[\s\S]*){2}/);
  // What was done last is still on its way to the recorder.
  const whole = /→ waitingToRetry,.* waitingToRetry → connecting,.* connecting → greeting,.* → sending/;
  const isThere = async () => {
    const [, ...written] = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
    return whole.test(
      steps(
        written.map((line) => JSON.parse(line)),
        'uploader',
      ).join(', '),
    );
  };
  for (let looks = 0; looks < 600 && !(await isThere()); looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  t.is((await record.end('SIGINT')).code, 0);
  t.regex(record.stderr(), /recorded .* of cloud, edge: \d+ events/);
  await Promise.all([back.end(), edge.end()]);

  t.is((await stat(file)).mode & 0o777, 0o600);
  const events = await replayed(t, file);
  t.regex(steps(events, 'uploader').join(', '), whole);
  const attachments = events.flatMap((event) =>
    event.type === 'pipeline' && event.pipeline === 'cloud' ? [event.attached] : [],
  );
  t.regex(attachments.join(' '), /true.* false.* true/, JSON.stringify(attachments));
});

test('a recorder that is killed leaves what it had written a moment before', async (t) => {
  const env = await world(t);
  const file = join(await temporaryDirectory(t), 'killed.ndjson.gz');
  const cloud = startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  await cloud.line(moved('receiver', 'serving.listening'));
  const record = startFogrun(t, ['record', file], env);
  for (let looks = 0; ((await stat(file).catch(() => null))?.size ?? 0) < 200; looks += 1) {
    if (looks === 600) return t.fail('nothing was written');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await record.end('SIGKILL');
  await cloud.end();
  const events = await replayed(t, file);
  t.true(events.some(({ type }) => type === 'entries'));
});

test('a recording is not written over unless somebody says so, and what is no recording is not shown', async (t) => {
  const file = shipped('cloud.yaml');
  const over = startFogrun(t, ['record', file]);
  t.is((await over.ended).code, 2);
  t.regex(over.stderr(), /it is there already \(file-unwritable\)\n.*--force/);
  const shown = startFogrun(t, ['replay', file]);
  t.is((await shown.ended).code, 2);
  t.regex(shown.stderr(), /recording-unreadable/);
  for (const [option, value] of [
    ['--for', 'soon'],
    ['--max', '1TiB'],
  ] as const) {
    const wrong = startFogrun(t, ['record', join(await temporaryDirectory(t), 'a'), option, value]);
    t.is((await wrong.ended).code, 2, option);
  }
});

test('whoever records where nothing runs is told so, and gets what is started later', async (t) => {
  const file = join(await temporaryDirectory(t), 'early.ndjson');
  const record = startFogrun(t, ['record', file], await world(t));
  await record.said(/nothing runs there: what is started later is recorded/);
  t.is((await record.end('SIGINT')).code, 0);
});
