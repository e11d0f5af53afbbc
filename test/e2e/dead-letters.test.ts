import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  type Fogrun,
  freePort,
  type LogLine,
  moved,
  segment,
  shipped,
  startFogrun,
  world,
} from '../helpers/fogrun.ts';

type Env = Record<string, string>;

/** As much as is looked at of what commands print: readings, or a list of dead letters. */
interface Told {
  readonly seq: number;
  readonly value: number;
  readonly pipeline: string;
  readonly running: boolean;
  readonly letters: readonly object[];
}

async function command(t: ExecutionContext, env: Env, ...words: string[]) {
  const fogrun = startFogrun(t, words, env);
  const { code } = await fogrun.ended;
  return { code, lines: fogrun.lines as unknown as readonly Told[], stderr: fogrun.stderr() };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** An edge that reads numbered lines from a file, and a cloud beside it. */
async function setup(t: ExecutionContext) {
  const env = await world(t, { RETRY_EVERY: '50ms', INGEST_PORT: String(await freePort()) });
  const state = env.FOGRUN_STATE!;
  const source = join(state, 'source.ndjson');
  const line = (value: number) => `{"device":"d","sensor":"s","value":${value},"unit":"x"}\n`;
  await writeFile(source, range(1, 300).map(line).join(''));
  await writeFile(
    join(state, 'edge.yaml'),
    `fogrun: 1
pipeline: edge
edge: "\${EDGE_ID}"
store: { path: "${join(state, 'edge')}", max: 64MiB }
actors:
  source: { kind: file-source, path: "${source}", to: rotator }
  rotator: { kind: file-rotator, every: 200ms, to: uploader }
  uploader:
    kind: uploader
    cloud: { port: "\${CLOUD_PORT}" }
    retry: { every: 50ms, max: 500ms }
    to: acks
  acks: { kind: ack-handler }
`,
  );
  const cloudText = await readFile(shipped('cloud.yaml'), 'utf8');
  const cloud = (frameMax: string) => async () => {
    await writeFile(
      join(state, 'cloud.yaml'),
      cloudText.replace('kind: cloud-receiver', `kind: cloud-receiver\n    frame-max: ${frameMax}`),
    );
    return startFogrun(t, [join(state, 'cloud.yaml'), '--log', 'json'], env);
  };
  const edge = () => startFogrun(t, [join(state, 'edge.yaml'), '--log', 'json'], env);
  return { env, state, cloud, edge };
}

const problem = (code: string) => (line: LogLine) => line.type === 'problem' && line.code === code;

async function seqsInCloud(t: ExecutionContext, env: Env) {
  const { lines, stderr } = await command(t, env, 'cat', env.EDGE_ID!);
  const gaps = [...stderr.matchAll(/gap \((\w+)\): seq (\d+) to (\d+)/g)];
  return {
    values: lines.map(({ value }) => Number(value)),
    seqs: lines.map(({ seq }) => Number(seq)),
    gaps: gaps.map(([, reason, from, to]) => [reason, Number(from), Number(to)]),
  };
}

async function end(...all: Fogrun[]) {
  for (const each of all) await each.end();
}

test('what a cloud refuses for good is a dead letter and a gap; when the cloud is mended it is requeued and arrives once', async (t) => {
  const { env, cloud, edge } = await setup(t);
  const strict = await cloud('16KiB')();
  const first = edge();
  const dead = await first.line(problem('segment-dead'));
  // It was idle before as well.
  await first.line(moved('uploader', 'idle'), first.lines.indexOf(dead));
  t.deepEqual((await seqsInCloud(t, env)).gaps, [['refused', 1, 300]]);
  const { lines } = await command(t, env, 'dead-letters', 'list', '--json');
  t.like(lines[0]!, { pipeline: 'edge', running: true });
  t.like(lines[0]!.letters[0], { id: 1, reason: 'refused', count: 300, refusals: 5, settled: true });
  await end(strict);
  const mild = await cloud('1MiB')();
  const { code, stderr } = await command(t, env, 'dead-letters', 'requeue', '--id', '1');
  t.is(code, 0, stderr);
  await first.line((line) => segment('deleted')(line) && Number(line.readings) === 300);
  const { values, seqs } = await seqsInCloud(t, env);
  t.deepEqual(values, range(1, 300));
  t.deepEqual(seqs, range(301, 600));
  t.is((await command(t, env, 'dead-letters', 'requeue', '--id', '1')).code, 2);
  t.is((await command(t, env, 'verify')).code, 0);
  await end(first, mild);
  // Of the stopped one as well.
  t.deepEqual((await command(t, env, 'dead-letters', 'list', 'edge', '--json')).lines[0]!.letters, []);
});

test("a flipped byte in the store's file costs the readings of one commit; what is left of them can be exported", async (t) => {
  const { env, state, cloud, edge } = await setup(t);
  const first = edge();
  await first.line(segment('sealed'));
  await first.end();
  const file = join(state, 'edge', 'lmdb', 'data.mdb');
  const bytes = await readFile(file);
  const mark = Buffer.from('"value":77,');
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + 1)) bytes[at + 9]! ^= 1;
  await writeFile(file, bytes);
  const [mild, again] = [await cloud('1MiB')(), edge()];
  const found = await again.line(problem('segment-corrupt'));
  await again.line(moved('uploader', 'idle'), again.lines.indexOf(found));
  const { values, seqs, gaps } = await seqsInCloud(t, env);
  const [reason, from, to] = gaps[0] as [string, number, number];
  t.is(gaps.length, 1);
  t.is(reason, 'corrupt');
  t.true(from <= 77 && 77 <= to);
  t.deepEqual(
    [...seqs, ...range(from, to)].sort((a, b) => a - b),
    range(1, 300),
  );
  t.deepEqual(values, seqs);
  const out = join(state, 'left.ndjson');
  t.is((await command(t, env, 'dead-letters', 'export', '--out', out)).code, 0);
  t.true(
    (await readFile(out, 'utf8')).includes('"value":67,') ||
      (await readFile(out, 'utf8')).includes('"value":76,'),
  );
  t.is((await command(t, env, 'dead-letters', 'requeue', '--id', '1')).code, 1);
  t.is((await command(t, env, 'dead-letters', 'discard', '--id', 'all', '--yes')).code, 0);
  t.is((await command(t, env, 'verify')).code, 0);
  await end(again, mild);
});
