import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { SegmentInfo } from '../../src/contract/control.ts';
import { type Fogrun, type LogLine, moved, segment, shipped, startFogrun, world } from '../helpers/fogrun.ts';
import { lossyWay } from '../helpers/lossy-way.ts';

type Env = Record<string, string>;

/** Runs a command to its end. */
async function command(t: ExecutionContext, env: Env, ...words: string[]) {
  const fogrun = startFogrun(t, words, env);
  const { code } = await fogrun.ended;
  return { code, lines: fogrun.lines, stderr: fogrun.stderr() };
}

const run = (t: ExecutionContext, env: Env, name: string) =>
  startFogrun(t, [shipped(`${name}.yaml`), '--log', 'json'], env);

async function held(t: ExecutionContext, env: Env): Promise<readonly SegmentInfo[]> {
  const { code, lines, stderr } = await command(
    t,
    env,
    'segments',
    'list',
    'edge',
    '--stream',
    'readings',
    '--json',
  );
  t.is(code, 0, stderr);
  return lines[0]!.segments;
}

/** What the cloud has: numbers of readings, and of those that gaps cover. */
async function inCloud(t: ExecutionContext, env: Env) {
  const { lines, stderr } = await command(t, env, 'cat', env.EDGE_ID!);
  const gaps = [...stderr.matchAll(/gap \((\w+)\): seq (\d+) to (\d+)/g)].map(([, reason, from, to]) => ({
    reason,
    seqs: numbers(Number(from), Number(to)),
  }));
  return { seqs: lines.map(({ seq }) => Number(seq)), gaps, stderr };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const seqsOf = (some: readonly SegmentInfo[]) =>
  some.flatMap(({ fromSeq, count }) => numbers(fromSeq, fromSeq + count - 1));

/** Lines of the audit log, as far as they are told here. */
async function audit(env: Env) {
  const text = await readFile(join(env.FOGRUN_STATE!, 'edge', 'audit.ndjson'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ action, target, outcome }) => ({ action, target, outcome }));
}

/** On a busy machine a poller misses readings, and there are gaps between the segments that hold some. */
const withReadings = (some: readonly SegmentInfo[]) => some.filter(({ type }) => type === 'readings');

const sealedReadings = (line: LogLine) => segment('sealed')(line) && line.gap !== true;

/** Waits until so many segments with readings were sealed. */
async function sealed(edge: Fogrun, count: number): Promise<void> {
  for (let from = 0, n = 0; n < count; n++) {
    const line = await edge.line(sealedReadings, from);
    from = edge.lines.indexOf(line) + 1;
  }
}

/** Runs the edge until the cloud has acknowledged a segment that was sealed after `sequence`. */
async function deliver(t: ExecutionContext, env: Env, sequence: number): Promise<void> {
  const edge = run(t, env, 'edge');
  await edge.line((line) => segment('deleted')(line) && Number(line.segment) > sequence);
  await edge.end();
  t.false(edge.lines.some(moved('uploader', 'forked')));
}

async function assertCoveredOnce(t: ExecutionContext, env: Env) {
  const { seqs, gaps, stderr } = await inCloud(t, env);
  t.notRegex(stderr, /epoch/);
  const all = [...seqs, ...gaps.flatMap((gap) => gap.seqs)].sort((a, b) => a - b);
  t.deepEqual(all, numbers(1, all.length));
  return { seqs, gaps };
}

test('what is discarded while the cloud is away is a gap there, and every number is covered once', async (t) => {
  const env = await world(t);
  const edge = run(t, env, 'edge');
  await sealed(edge, 6);
  await edge.end();
  const before = await held(t, env);
  const [, a, b, , c] = withReadings(before) as SegmentInfo[];
  const [from, to, other] = [a!.sequence, b!.sequence, c!.sequence];
  const words = ['segments', 'discard', 'edge', '--yes', '--json'];
  const first = await command(t, env, ...words, '--from', `${from}`, '--to', `${to}`, '--reason', 'too hot');
  t.like(first.lines[0], { pipeline: 'edge', stream: 'readings', from, to });
  t.like(first.lines[0]!.discarded, { segments: 2, readings: a!.count + b!.count });
  t.is((await command(t, env, ...words, '--from', `${other}`, '--to', `${other}`)).code, 0);
  t.deepEqual(
    (await held(t, env)).map((each) => ({ ...each, discarded: false })),
    [...before],
  );
  t.is((await command(t, env, ...words, '--from', '9', '--to', '9999')).code, 2);
  t.deepEqual(await audit(env), [
    { action: 'discard', target: `edge readings ${from} to ${to}`, outcome: 'done' },
    { action: 'discard', target: `edge readings ${other} to ${other}`, outcome: 'done' },
    { action: 'discard', target: 'edge readings 9 to 9999', outcome: 'control-unknown' },
  ]);
  run(t, env, 'cloud');
  await deliver(t, env, before.length);
  const { gaps } = await assertCoveredOnce(t, env);
  t.deepEqual(
    gaps.flatMap((gap) => gap.seqs),
    seqsOf([a!, b!, c!]),
  );
  t.true(gaps.every(({ reason }) => reason === 'discarded'));
});

test('a running pipeline is asked: it lists, exports and discards by itself, and goes on', async (t) => {
  const env = await world(t);
  const edge = run(t, env, 'edge');
  await sealed(edge, 5);
  const listed = await command(t, env, 'segments', 'list', '--stream', 'readings', '--json');
  t.like(listed.lines[0], { pipeline: 'edge', running: true });
  const all = withReadings(listed.lines[0]!.segments).slice(0, 5);
  const [before, first, , last, after] = all as [
    SegmentInfo,
    SegmentInfo,
    SegmentInfo,
    SegmentInfo,
    SegmentInfo,
  ];
  const range = ['--from', `${first.sequence}`, '--to', `${last.sequence}`];
  const words = ['segments', 'discard', 'edge', '--yes', '--reason', 'too hot'];
  const { code, lines, stderr } = await command(t, env, ...words, ...range);
  t.is(code, 0, stderr);
  t.regex(lines[0]!.text, /^discarded 3 segments with \d+ readings/);
  t.deepEqual(
    withReadings(await held(t, env))
      .slice(0, 5)
      .map(({ discarded }) => discarded),
    [false, true, true, true, false],
  );
  const target = `edge readings ${first.sequence} to ${last.sequence}`;
  t.deepEqual(await audit(env), [{ action: 'discard', target, outcome: 'done' }]);
  const exported = await command(t, env, 'segments', 'export', '--to', `${after.sequence}`);
  t.deepEqual(
    exported.lines.map(({ seq }) => seq),
    seqsOf([before, after]),
  );
  const from = edge.lines.length;
  run(t, env, 'cloud');
  await edge.line((line) => segment('deleted')(line) && line.segment > after.sequence, from);
  await edge.end();
  t.false(edge.lines.some(moved('uploader', 'forked')));
  const { gaps } = await assertCoveredOnce(t, env);
  t.deepEqual(
    gaps.flatMap((gap) => gap.seqs),
    seqsOf(all.slice(1, 4)),
  );
});

test('what the cloud had stored before its acknowledgement was lost is there once, and is no gap', async (t) => {
  const env = await world(t);
  const way = await lossyWay(t, Number(env.CLOUD_PORT));
  const viaWay = { ...env, CLOUD_PORT: String(way.port) };
  const cloud = run(t, env, 'cloud');
  const edge = run(t, viaWay, 'edge');
  await edge.line(segment('deleted'));
  way.lose.toEdge = true;
  const from = cloud.lines.length;
  for (let at = from, n = 0; n < 3; n++) {
    const line = await cloud.line(
      ({ type, actor }) => type !== 'transition' && actor.startsWith('receiver/'),
      at,
    );
    at = cloud.lines.indexOf(line) + 1;
  }
  way.lose.toCloud = true;
  const sealedBefore = edge.lines.filter(sealedReadings).length;
  await sealed(edge, sealedBefore + 3);
  await edge.end('SIGKILL');
  await cloud.end();
  const stored = Math.max(...(await inCloud(t, env)).seqs);
  const all = withReadings(await held(t, env));
  const isStored = ({ fromSeq, count }: SegmentInfo) => fromSeq + count - 1 <= stored;
  const [there, missing] = [all.filter(isStored), all.filter((each) => !isStored(each))];
  t.true(there.length >= 2 && missing.length >= 2, `${there.length} stored, ${missing.length} not`);
  const range = { from: there.at(-2)!.sequence, to: missing[1]!.sequence };
  const words = ['segments', 'discard', 'edge', '--yes', '--from', `${range.from}`, '--to', `${range.to}`];
  t.is((await command(t, env, ...words)).code, 0);
  run(t, env, 'cloud');
  await deliver(t, env, all.at(-1)!.sequence);
  const { gaps } = await assertCoveredOnce(t, env);
  t.deepEqual(
    gaps.flatMap((gap) => gap.seqs),
    seqsOf(missing.slice(0, 2)),
  );
});

test('an export has every reading once, in order; a file appears when it is whole', async (t) => {
  const env = await world(t);
  const edge = run(t, env, 'edge');
  await sealed(edge, 4);
  await edge.end();
  const all = await held(t, env);
  const directory = env.FOGRUN_STATE!;
  const out = join(directory, 'saved.ndjson');
  await writeFile(out, 'older');
  const exported = await command(t, env, 'segments', 'export', '--out', out, '--json');
  t.like(exported.lines[0], { pipeline: 'edge', file: out, damaged: 0 });
  const lines = (await readFile(out, 'utf8')).trimEnd().split('\n');
  t.deepEqual(
    lines.map((line) => JSON.parse(line).seq),
    seqsOf(all),
  );
  t.deepEqual((await readdir(directory)).sort(), ['edge', 'saved.ndjson']);
  const beyond = await command(t, env, 'segments', 'list', 'edge', '--from', '999999');
  const [first, last] = [all[0]!.sequence, all.at(-1)!.sequence];
  t.is(beyond.code, 0);
  t.regex(
    beyond.lines[0]!.text,
    new RegExp(`^edge holds none of these segments, but \\d+ others: .*${first} to ${last} of readings`),
  );
  const [, second, third] = withReadings(all).map(({ sequence }) => `${sequence}`) as string[];
  await command(t, env, 'segments', 'discard', 'edge', '--from', second!, '--to', second!, '--yes');
  const part = await command(t, env, 'segments', 'export', 'edge', '--from', second!, '--to', third!);
  t.is(part.code, 0);
  t.deepEqual(
    part.lines.map(({ seq }) => seq),
    seqsOf([withReadings(all)[2]!]),
  );
  t.regex(part.stderr, new RegExp(`segment ${second}, seq \\d+ to \\d+, was discarded`));
  const nowhere = await command(t, env, 'segments', 'export', 'edge', '--out', join(directory, 'no', 'file'));
  t.is(nowhere.code, 2);
  t.regex(nowhere.stderr, /file-unwritable/);
});

test('on a terminal it asks first, and anything but yes is no', async (t) => {
  const env = await world(t);
  const edge = run(t, env, 'edge');
  await sealed(edge, 2);
  await edge.end();
  const main = new URL('../../src/cli/main.js', import.meta.url).pathname;
  const first = withReadings(await held(t, env))[0]!.sequence;
  const words = `${process.execPath} ${main} segments discard edge --from ${first} --to ${first}`;
  const answer = (text: string) =>
    new Promise<{ code: number | null; output: string }>((resolve, reject) => {
      // util-linux's, which gives it a terminal of its own.
      const child = spawn('script', ['-qec', words, '/dev/null'], { env: { ...process.env, ...env } });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (some: string) => {
        output += some;
        if (/\[y\/N\]/.test(some)) child.stdin.write(text);
      });
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, output }));
    });
  for (const text of ['\n', 'n\n', 'yesterday\n', '\u0004', '\u0003']) {
    const { code, output } = await answer(text);
    t.is(code, 1, output);
    t.regex(output, /Discard 1 segment of edge with \d+ readings? \(.*for good\?/);
    t.regex(output, /nothing was discarded/);
  }
  t.true((await held(t, env)).every(({ discarded }) => !discarded));
  const { code, output } = await answer('y\n');
  t.is(code, 0, output);
  t.regex(output, /discarded 1 segment with/);
});

test('what is asked wrongly is refused with what to do, and nothing is given up', async (t) => {
  const env = await world(t);
  t.regex((await command(t, env, 'segments', 'list')).stderr, /no edge's store in .*store-absent/);
  const edge = run(t, env, 'edge');
  await sealed(edge, 2);
  await edge.end();
  const cloud = run(t, env, 'cloud');
  await cloud.line(moved('receiver', 'serving.listening'));
  await cloud.end();
  const first = `${withReadings(await held(t, env))[0]!.sequence}`;
  const refusals: [string[], RegExp, number][] = [
    [['list', 'egde'], /there is `edge`.*store-absent/s, 2],
    [['list', '../edge'], /store-absent/, 2],
    [['list', 'cloud'], /segments wait with the edges.*fogrun cat EDGE/s, 1],
    [['lits', 'edge'], /did you mean `list`/, 2],
    [['list', 'edge', '--yes'], /no option --yes/, 2],
    [['list', 'edge', '--from', 'x'], /--from takes the sequence/, 2],
    [['list', 'edge', '--from', '3', '--to', '2'], /behind/, 2],
    [['export', 'edge', '--json'], /needs --out/, 2],
    [['discard', 'edge', '--from', '1'], /--from N --to N/, 2],
    [['discard', '--from', '1', '--to', '1', '--yes'], /discard PIPELINE/, 2],
    [['discard', 'edge', '--from', first, '--to', first], /nobody to ask here.*--yes/s, 2],
    [['discard', 'edge', '--from', '1', '--to', '9999', '--yes'], /not sealed yet/, 2],
    [['discard', 'edge', '--from', '1', '--to', '1', '--yes', '--stream', 'x'], /only of readings/, 2],
  ];
  for (const [words, message, exit] of refusals) {
    const { code, stderr } = await command(t, env, 'segments', ...words);
    t.regex(stderr, message, words.join(' '));
    t.is(code, exit, words.join(' '));
  }
  t.true((await held(t, env)).every(({ discarded }) => !discarded));
});
