import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Fogrun, type LogLine, moved, segment, shipped, startFogrun, world } from '../helpers/fogrun.ts';

type Env = Record<string, string>;

const run = (t: ExecutionContext, env: Env, name: string) =>
  startFogrun(t, [shipped(`${name}.yaml`), '--log', 'json'], env);

/** Runs a command to its end. */
async function command(t: ExecutionContext, env: Env, ...words: string[]) {
  const fogrun = startFogrun(t, words, env);
  const { code } = await fogrun.ended;
  const text = fogrun.lines.map((line) => line.text ?? '').join('\n');
  return { code, json: fogrun.lines[0] as LogLine, text, stderr: fogrun.stderr() };
}

/** The first segment of at least two readings that the cloud has. */
const delivered = (fogrun: Fogrun) => fogrun.line((line) => segment('deleted')(line) && line.readings > 1);

test('a reading is followed from the open segment to its line in the cloud', async (t) => {
  const env = await world(t, { ROTATE_EVERY: '2s' });
  const edge = run(t, env, 'edge');
  await edge.line(moved('barometer', 'polling'));
  const where = (seq: number, ...more: string[]) => command(t, env, 'where', `${seq}`, '--json', ...more);
  // While the cloud is away it is at the edge, first open, then sealed.
  let seq = 0;
  for (let answer = await where(1); seq === 0; answer = await where(answer.json.edges[0].nextSeq - 1)) {
    if (answer.json.edges[0].state === 'open') seq = answer.json.seq;
  }
  const { toSeq } = await edge.line((line) => segment('sealed')(line) && line.toSeq >= seq);
  const waiting = (await where(toSeq)).json;
  t.like(waiting.edges[0], {
    pipeline: 'edge',
    running: true,
    edge: 'edge-under-test',
    state: 'sealed',
    sent: null,
  });
  t.deepEqual(waiting.clouds, []);

  run(t, env, 'cloud');
  await edge.line((line) => segment('deleted')(line) && line.toSeq >= toSeq);
  const stored = await where(toSeq);
  t.is(stored.code, 0);
  const [atEdge] = stored.json.edges;
  t.like(atEdge, { state: 'acknowledged', sent: { times: 1 } });
  t.true(atEdge.acknowledgedMs >= atEdge.sent.firstMs - 50);
  const [place] = stored.json.clouds[0].places;
  t.is(place.state, 'stored');
  // What the answer points at is the reading.
  let file = await readFile(join(env.FOGRUN_STATE!, 'cloud', place.file)).catch(() => null);
  while (!file) file = await readFile(join(env.FOGRUN_STATE!, 'cloud', place.file)).catch(() => null);
  t.is(file.toString('utf8', place.offset, place.offset + place.bytes), `${place.text}\n`);
  t.is(file.toString('utf8').split('\n')[place.line - 1], place.text);
  t.is(JSON.parse(place.text).seq, toSeq);

  const never = await where(99_999_999, '--stream', 'readings');
  t.is(never.code, 1);
  t.is(never.json.edges[0].state, 'never');
  t.regex(
    (await command(t, env, 'where', 'nobody', '1')).stderr,
    /no state in .* knows an edge `nobody`, there is `edge-under-test`/,
  );
  t.is((await command(t, env, 'where', 'zero')).code, 2);
});

test('a run is verified while the cloud runs and when it does not, and damage is told by file and line', async (t) => {
  const env = await world(t);
  const cloud = run(t, env, 'cloud');
  const edge = run(t, env, 'edge');
  await delivered(edge);
  const during = [];
  for (let i = 0; i < 3; i++) during.push(await command(t, env, 'verify', '--json'));
  for (const { code, json } of during) {
    t.is(code, 0);
    t.like(json, { complete: true, flaws: [] });
  }
  await edge.end();
  await cloud.end();
  const whole = await command(t, env, 'verify', 'edge-under-test', '--json');
  t.is(whole.code, 0);
  const { epoch, streams } = whole.json.edges[0].epochs[0];
  t.true(streams[0].readings > 1);
  t.like(streams[0], { stream: 'readings', fromSeq: 1, toSeq: streams[0].readings });
  const again = await command(t, env, 'verify', '--json');
  t.is(again.json.digest, whole.json.digest);

  const home = join(env.FOGRUN_STATE!, 'cloud', 'data', 'edge-under-test', epoch);
  const name = (await readdir(home)).find((each) => each.endsWith('.ndjson'))!;
  const text = await readFile(join(home, name), 'utf8');
  await writeFile(join(home, name), text.replace(/^/, '{"seq":0,"value":1}\n'));
  const damaged = await command(t, env, 'verify');
  t.is(damaged.code, 1);
  t.regex(
    damaged.text,
    new RegExp(
      `^flaw: data/edge-under-test/${epoch}/${name}:1: has line 1 that the edge never sent \\(line-inserted\\)$`,
      'm',
    ),
  );
  t.regex(damaged.text, /^NOT COMPLETE: 1 flaw;/m);
  t.is((await command(t, env, 'verify', 'nobody')).code, 2);
  t.is((await command(t, env, 'verify', '--stream', 'nothing')).code, 2);
});
