import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { filedReadings, moved, segment, shipped, startFogrun, world } from '../helpers/fogrun.ts';

const both = [shipped('cloud.yaml'), shipped('edge.yaml'), '--log', 'json'];

test('a reading is polled, sealed, uploaded, filed, forecast, acknowledged and deleted', async (t) => {
  const env = await world(t);
  const fogrun = startFogrun(t, both, env);
  const deleted = await fogrun.line(segment('deleted'));
  t.true(deleted.readings > 0);
  const forecast = await fogrun.line((line) => line.type === 'forecast');
  t.is(forecast.actor, 'acks');
  t.is(forecast.segment, 1);
  t.is(forecast.unit, 'hPa');
  t.true(Math.abs(forecast.mean - 1013.25) < 5);
  t.is(forecast.tendency, null);
  t.is(typeof forecast.text, 'string');

  const { code } = await fogrun.end('SIGTERM');
  t.is(code, 0, fogrun.stderr());
  const [readings] = [...(await filedReadings(env.FOGRUN_STATE!, 'edge-under-test')).values()];
  t.deepEqual(
    readings!.map(({ seq }) => seq),
    readings!.map((_, i) => i + 1),
  );
  const first = readings![0] as unknown as Record<string, unknown>;
  t.deepEqual(Object.keys(first).slice(0, 6), ['seq', 'device', 'sensor', 'time', 'value', 'unit']);
  t.is(first.simulated, true);
  t.false(Number.isNaN(Date.parse(first.time as string)));
});

test('an edge that starts before its cloud waits, shows it, and then delivers everything', async (t) => {
  const env = await world(t);
  const edge = startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env);
  const waiting = await edge.line(moved('uploader', 'waitingToRetry'));
  t.is(waiting.code, 'link-unreachable');
  t.is(waiting.attempt, 1);
  t.true(waiting.retryInMs > 0);
  await edge.line((line) => segment('sealed')(line) && line.segment === 3);
  const cloud = startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  await edge.line((line) => segment('deleted')(line) && line.segment === 3);
  t.is((await edge.end()).code, 0);
  t.is((await cloud.end()).code, 0);
  const [readings] = [...(await filedReadings(env.FOGRUN_STATE!, 'edge-under-test')).values()];
  t.deepEqual(
    readings!.map(({ seq }) => seq),
    readings!.map((_, i) => i + 1),
  );
});

test('a cloud that goes away is a state of the uploader, and its return drains the backlog', async (t) => {
  const env = await world(t);
  const cloud = startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  const edge = startFogrun(t, [shipped('edge.yaml'), '--log', 'json'], env);
  await edge.line(segment('deleted'));
  await cloud.end('SIGKILL');
  const from = edge.lines.length;
  await edge.line(moved('uploader', 'waitingToRetry'), Math.max(0, from - 20));
  await edge.line(segment('sealed'), from);
  const again = startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  const back = edge.lines.length;
  await edge.line(moved('uploader', 'idle'), back);
  t.is((await edge.end()).code, 0);
  t.is((await again.end()).code, 0);
  const [readings] = [...(await filedReadings(env.FOGRUN_STATE!, 'edge-under-test')).values()];
  t.deepEqual(
    readings!.map(({ seq }) => seq),
    readings!.map((_, i) => i + 1),
  );
});

test('`fogrun cat` prints what the files hold, also while the cloud runs', async (t) => {
  const env = await world(t);
  const fogrun = startFogrun(t, both, env);
  await fogrun.line((line) => segment('deleted')(line) && line.segment === 2);
  const cat = startFogrun(t, ['cat', 'edge-under-test'], env);
  t.is((await cat.ended).code, 0, cat.stderr());
  const seqs = cat.lines.map((line) => line.seq);
  t.true(seqs.length > 0);
  t.deepEqual(
    seqs,
    seqs.map((_, i) => i + 1),
  );
  await fogrun.end();
  const after = startFogrun(t, ['cat', 'edge-under-test'], env);
  await after.ended;
  const [readings] = [...(await filedReadings(env.FOGRUN_STATE!, 'edge-under-test')).values()];
  t.is(after.lines.length, readings!.length);
  const known = startFogrun(t, ['cat'], env);
  await known.ended;
  t.is(known.lines.length, 1);
  t.like(known.lines[0], {
    text: `edge-under-test  ${readings!.length.toLocaleString('en-US')} readings`,
  });
  for (const count of [1, 7, readings!.length + 1]) {
    const last = startFogrun(t, ['cat', 'edge-under-test', '--last', `${count}`], env);
    await last.ended;
    t.deepEqual(last.lines, after.lines.slice(-count));
  }
  t.is((await startFogrun(t, ['cat', '--last', '1'], env).ended).code, 2);
});

test('a second signal ends everything at once, and nothing accepted is lost by it', async (t) => {
  const env = await world(t);
  const fogrun = startFogrun(t, both, env);
  await fogrun.line(segment('sealed'));
  fogrun.child.kill('SIGTERM');
  fogrun.child.kill('SIGTERM');
  await fogrun.ended;
  const again = startFogrun(t, both, env);
  await again.line(segment('deleted'));
  await again.end();
  for (const readings of (await filedReadings(env.FOGRUN_STATE!, 'edge-under-test')).values()) {
    t.deepEqual(
      readings.map(({ seq }) => seq),
      readings.map((_, i) => i + 1),
    );
  }
});

test('the edge makes an id once and keeps it', async (t) => {
  const env = await world(t, { EDGE_ID: '' });
  const greeted = (line: { type: string; text?: string }) =>
    line.type === 'note' && /greeted/.test(line.text ?? '');
  const ids: string[] = [];
  for (let run = 0; run < 2; run++) {
    const fogrun = startFogrun(t, both, env);
    const { text } = await fogrun.line(greeted as never);
    ids.push(/edge (\S+)/.exec(text)![1]!);
    await fogrun.end();
  }
  t.is(ids[0], ids[1]);
  t.regex(ids[0]!, /^edge-/);
  await t.throwsAsync(readFile(join(env.FOGRUN_STATE!, 'cloud', 'data', 'edge-under-test')));
});

test('`fogrun cat` tells gaps and epochs on stderr, and finds files whose receipts are gone', async (t) => {
  const env = await world(t);
  const fogrun = startFogrun(t, both, env);
  await fogrun.line((line) => segment('deleted')(line) && line.segment === 2);
  await fogrun.end();
  const state = env.FOGRUN_STATE!;
  const [before] = [...(await filedReadings(state, 'edge-under-test')).values()];
  await rm(join(state, 'cloud', 'lmdb'), { recursive: true });
  const alone = startFogrun(t, ['cat', 'edge-under-test'], env);
  t.is((await alone.ended).code, 0, alone.stderr());
  t.deepEqual(
    alone.lines.map((line) => line.seq),
    before!.map(({ seq }) => seq),
  );
  t.regex(alone.stderr(), /from the files alone/);
  const states = startFogrun(t, ['cat', 'edge-under-test', '--stream', 'states'], env);
  t.is((await states.ended).code, 0, states.stderr());
  t.deepEqual(
    states.lines.map((line) => line.seq),
    states.lines.map((_, i) => i + 1),
  );
  t.true(states.lines.some((line) => (line as { device?: string }).device === 'uploader'));

  const again = startFogrun(t, both, env);
  await again.line((line) => line.actor === 'uploader' && line.to === 'forked');
  await again.line((line) => segment('deleted')(line) && line.readings > 0);
  await again.end();
  const both2 = startFogrun(t, ['cat', 'edge-under-test'], env);
  t.is((await both2.ended).code, 0);
  t.true(both2.lines.length > before!.length);
  t.regex(both2.stderr(), /gap \(epoch\): seq 1 to \d+/);
});
