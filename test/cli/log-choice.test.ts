import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { freePort, moved, segment, shipped, startFogrun, world } from '../helpers/fogrun.ts';

test('below the level asked for nothing is told, by option or by variable, also by children', async (t) => {
  const env = await world(t, { CLOUD_PORT: '1' });
  const edge = [shipped('edge.yaml'), '--log', 'json'];
  for (const [words, more] of [
    [[...edge, '--log-level', 'warn'], { FOGRUN_LOG_LEVEL: 'error' }],
    [edge, { FOGRUN_LOG_LEVEL: 'warn' }],
  ] as const) {
    const fogrun = startFogrun(t, words, { ...env, ...more });
    await fogrun.line(moved('uploader', 'waitingToRetry'));
    await fogrun.end();
    t.deepEqual(
      fogrun.lines.filter(({ level }) => level !== 'warn' && level !== 'error'),
      [],
    );
  }
  const two = [shipped('ingest.yaml'), ...edge, '--log-level', 'warn'];
  const parent = startFogrun(t, two, { ...env, INGEST_PORT: String(await freePort()) });
  for (const pipeline of ['ingest', 'edge']) {
    await parent.line((line) => line.pipeline === pipeline && moved('uploader', 'waitingToRetry')(line));
  }
  t.is((await parent.end()).code, 0);
  t.deepEqual(
    parent.lines.filter(({ level }) => level === 'info'),
    [],
  );
});

test('a level or a format that is none is wrong input, and the message says where it came from', async (t) => {
  const wrong: [string[], Record<string, string>, RegExp][] = [
    [['--log-level', 'loud'], {}, /--log-level takes debug, info, warn or error, not `loud`/],
    [[], { FOGRUN_LOG_LEVEL: 'loud' }, /FOGRUN_LOG_LEVEL takes/],
    [['--log', 'xml'], {}, /--log takes text, json or journal, not `xml`/],
  ];
  for (const [words, env, message] of wrong) {
    const fogrun = startFogrun(t, [shipped('edge.yaml'), ...words], env);
    t.is((await fogrun.ended).code, 2);
    t.regex(fogrun.stderr(), message);
  }
});

test('lines have the form of the journal where the journal reads stdout, and only there', async (t) => {
  const env = await world(t);
  const file = join(env.FOGRUN_STATE!, 'out');
  await writeFile(file, '');
  const main = join(shipped('..'), 'dist/src/cli/main.js');
  const command = `JOURNAL_STREAM=$(stat -c %d:%i '${file}') exec '${process.execPath}' '${main}' '${shipped('edge.yaml')}' > '${file}'`;
  const { PATH } = process.env;
  const child = spawn('sh', ['-c', command], { env: { PATH, ...env }, stdio: 'ignore' });
  t.teardown(() => void child.kill('SIGKILL'));
  let text = '';
  const late = Date.now() + 30_000;
  while (!/waitingToRetry/.test(text) && Date.now() < late) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    text = await readFile(file, 'utf8');
  }
  child.kill();
  await once(child, 'exit');
  t.regex(text, /^<6>edge\/store/m);
  t.regex(text, /^<4>edge\/uploader +connecting → waitingToRetry/m);
  t.false(text.split('\n').some((line) => line !== '' && !/^<[3467]>/.test(line)));

  const other = startFogrun(t, [shipped('edge.yaml')], { ...(await world(t)), JOURNAL_STREAM: '8:1' });
  const line = await other.line(({ text: shown }) => /edge\/rotator/.test(`${shown}`));
  t.regex(`${line.text}`, /^\d\d:\d\d:\d\d/);
  await other.end();
});

test('what was sealed is sealed all the same when nobody is told', async (t) => {
  const env = await world(t);
  const quiet = startFogrun(t, [shipped('edge.yaml'), '--log', 'json', '--log-level', 'error'], env);
  const cloud = startFogrun(t, [shipped('cloud.yaml'), '--log', 'json'], env);
  await cloud.line(({ type }) => type === 'stored');
  t.false(quiet.lines.some(segment('sealed')));
  t.is((await quiet.end()).code, 0);
  t.is((await cloud.end()).code, 0);
});
