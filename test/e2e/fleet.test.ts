/** What a cloud knows of an edge, between real processes: of an outage afterwards, and after either of them was killed. */
import test, { type ExecutionContext } from 'ava';
import type { EdgeHistory, EdgeSummary, EdgeTransition } from '../../src/contract/fleet.ts';
import { type Fogrun, moved, segment, shipped, startFogrun, world } from '../helpers/fogrun.ts';

type Env = Record<string, string>;
const edgeId = 'edge-under-test';

async function command(t: ExecutionContext, env: Env, ...words: string[]) {
  const fogrun = startFogrun(t, words, env);
  const { code } = await fogrun.ended;
  t.is(code, 0, fogrun.stderr());
  return fogrun.lines;
}

const run = (t: ExecutionContext, env: Env, name: string) =>
  startFogrun(t, [shipped(`${name}.yaml`), '--log', 'json', '--log-level', 'debug'], env);

const history = async (t: ExecutionContext, env: Env) =>
  ((await command(t, env, 'fleet', edgeId, '--json', '--last', '1000'))[0] as unknown as EdgeHistory)
    .transitions;

const table = async (t: ExecutionContext, env: Env) =>
  JSON.parse((await command(t, env, 'fleet', '--json'))[0]!.text) as EdgeSummary[];

/** The past of the edge once the cloud has stored a certain part of it. */
async function historyWith(
  t: ExecutionContext,
  env: Env,
  isThere: (all: readonly EdgeTransition[]) => boolean,
): Promise<readonly EdgeTransition[]> {
  for (let tries = 0; ; tries++) {
    const all = await history(t, env);
    if (isThere(all) || tries >= 40) return all;
  }
}

const uploads = (all: readonly EdgeTransition[]) => all.filter(({ actor }) => actor === 'uploader');
const starts = (all: readonly EdgeTransition[]) =>
  all.filter(({ actor, event }) => actor === 'edge' && event === 'start').length;
const isInOrder = (all: readonly EdgeTransition[]) =>
  all.every(({ seq }, i) => i === 0 || seq > all[i - 1]!.seq);

async function outage(
  t: ExecutionContext,
  env: Env,
  edge: Fogrun,
  cloud: Fogrun,
): Promise<{ fromMs: number; toMs: number }> {
  const from = edge.lines.length;
  const fromMs = Date.now();
  await cloud.end('SIGKILL');
  await edge.line(
    ({ actor, to, attempt }) => actor === 'uploader' && to === 'waitingToRetry' && attempt >= 3,
    from,
  );
  const toMs = Date.now();
  run(t, env, 'cloud');
  const back = edge.lines.length;
  await edge.line(moved('uploader', 'idle'), back);
  await edge.line(
    (line) => line.type === 'segment' && line.what === 'deleted' && line.stream === 'states',
    back,
  );
  return { fromMs, toMs };
}

test('an outage is told afterwards by the cloud: what the edge did meanwhile, once, in order, with the times of the edge', async (t) => {
  const env = await world(t);
  const cloud = run(t, env, 'cloud');
  const edge = run(t, env, 'edge');
  await edge.line(segment('deleted'));
  const { fromMs, toMs } = await outage(t, env, edge, cloud);
  const all = await historyWith(t, env, (some) => uploads(some).at(-1)?.health === 'well');
  t.true(isInOrder(all), 'once each, in order');
  const told = uploads(all);
  const wrong = told.find(({ to, timeMs }) => to === 'waitingToRetry' && timeMs >= fromMs)!;
  t.regex(wrong.from, /^(?:idle|sending|awaitingAck)$/);
  t.regex(wrong.cause ?? '', /^link-/);
  t.is(wrong.attempt, 1);
  t.true(wrong.timeMs <= toMs, 'the time at which it was');
  t.true(wrong.storedMs >= toMs, 'heard of when there was somebody to hear it');
  const moves = told.slice(told.indexOf(wrong)).map(({ from, to }) => `${from} → ${to}`);
  t.deepEqual(
    ['waitingToRetry → connecting', 'connecting → greeting', 'greeting → sending'].filter((move) =>
      moves.includes(move),
    ),
    ['waitingToRetry → connecting', 'connecting → greeting', 'greeting → sending'],
  );
  // Exactly what its own log says that it did while something was wrong.
  const logged = edge.lines.flatMap(({ type, actor, from, to, time }) =>
    type === 'transition' && actor === 'uploader'
      ? [{ move: `${from} → ${to}`, timeMs: Date.parse(time) }]
      : [],
  );
  const start = logged.findIndex(({ move, timeMs }) => move.endsWith('→ waitingToRetry') && timeMs >= fromMs);
  t.deepEqual(
    moves.slice(0, 6),
    logged.slice(start, start + 6).map(({ move }) => move),
  );

  const [there] = await table(t, env);
  t.is(there!.edge, edgeId);
  t.truthy(there!.session);
  t.true(there!.readings > 0);
  const shown = await command(t, env, 'fleet');
  t.regex(shown[0]!.text, /^EDGE +LINK +LAST WORD/);
  t.regex(shown[1]!.text, /^edge-under-test +(?:receiving|committing|acknowledging) /);
  const lines = await command(t, env, 'fleet', edgeId);
  t.true(lines.some(({ text }) => /uploader +\S+ → waitingToRetry · link-\S+: .* · attempt 1/.test(text)));
});

test('whoever is killed, the past of an edge has each transition once, and the cloud remembers who it was', async (t) => {
  const env = await world(t);
  const cloud = run(t, env, 'cloud');
  const first = run(t, env, 'edge');
  await first.line(segment('deleted'));
  await outage(t, env, first, cloud);
  await first.end('SIGKILL');
  const edge = run(t, env, 'edge');
  await historyWith(t, env, (some) => starts(some) === 2);
  await edge.end();
  const all = await history(t, env);
  t.true(isInOrder(all));
  t.is(starts(all), 2);
  t.is(all.at(-1)?.event, 'end', 'an orderly end is the last that is heard');
  const [gone] = await table(t, env);
  t.like(gone, { session: null, edge: edgeId });
  t.true(gone!.actors.every(({ health }) => health === 'ended'));
  const states = await command(t, env, 'cat', edgeId, '--stream', 'states');
  t.deepEqual(
    states.map(({ seq }) => seq),
    states.map((_, i) => i + 1),
  );
  const readings = await command(t, env, 'cat', edgeId);
  t.true(readings.every(({ sensor }) => sensor === 'pressure'));
  const where = await command(t, env, 'where', edgeId, '1', '--stream', 'states', '--json');
  t.truthy(where[0]);
  const [proof] = await command(t, env, 'verify', '--json');
  t.true(proof!.complete);
});
