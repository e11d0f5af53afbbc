/** What an edge tells of itself, over real statecharts, stores and a link, on a virtual clock. */
import test from 'ava';
import type { TransitionReport } from '../../src/contract/report.ts';
import { healthAfter, Notable } from '../../src/runtime/states-notable.ts';
import { StatesQueue, waitingMax } from '../../src/runtime/states-queue.ts';
import { createWorld, type Edge, type EdgeOptions, type World } from '../helpers/two-sides.ts';
import { moved, storedGaps, storedReadings } from '../helpers/two-sides-facts.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

interface Told {
  readonly seq: number;
  readonly device: string;
  readonly sensor: string;
  readonly time: string;
  readonly value: Record<string, unknown>;
}

const hourMs = 3_600_000;
/** Bytes of each stream that the edge ever held, by the numbers of its store. */
const written = async (world: World, cloud: Awaited<ReturnType<World['cloud']>>, name: string) => {
  await world.clock.advance(0);
  let bytes = 0;
  for (const { header } of cloud.store.receipts('e1', name)) bytes += header.bytes;
  return bytes;
};
const told = async (cloud: Awaited<ReturnType<World['cloud']>>) =>
  (await storedReadings(cloud.disk, 'e1', 'states')) as unknown as Told[];
const movesOf = (all: readonly Told[], actor: string) =>
  all.flatMap(({ device, sensor, value }) =>
    device === actor && sensor === 'state' ? [`${value.from} → ${value.to}`] : [],
  );

/** An edge that measures once in so many ms, for so long. */
async function measure(world: World, edge: Edge, everyMs: number, forMs: number): Promise<void> {
  for (let at = 0; at < forMs; at += everyMs) {
    void edge.append(1013.25);
    await world.clock.advance(everyMs);
  }
}

const steady: EdgeOptions = { rotator: { every: '15s' }, uploader: { retry: { every: '1s', max: '1m' } } };

test('an outage is told afterwards: each transition once, in order, with the times of the edge', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge({ ...steady, states: 'changes' });
  await measure(world, edge, 1_000, 20_000);
  const goneMs = world.clock.now();
  cloud.crash();
  await measure(world, edge, 1_000, 40_000);
  const backMs = world.clock.now();
  const again = await world.cloud({ disk: cloud.disk });
  await measure(world, edge, 1_000, 120_000);
  const all = await told(again);
  t.deepEqual(
    all.map(({ seq }) => seq),
    all.map((_, i) => i + 1),
  );
  const moves = movesOf(all, 'uploader');
  const lost = moves.findIndex((move) => move.endsWith('→ waitingToRetry'));
  t.regex(moves[lost]!, /^(?:idle|sending|awaitingAck) → waitingToRetry$/);
  const greeted = moves.indexOf('connecting → greeting');
  const tries = moves.slice(lost + 1, moves.indexOf('connecting → greeting', lost));
  t.true(tries.length >= 5);
  for (const [i, move] of tries.entries()) {
    t.is(move, i % 2 === 0 ? 'waitingToRetry → connecting' : 'connecting → waitingToRetry');
  }
  t.is(greeted, lost + 1 + tries.length, 'the greeting of the start was nothing to tell of');
  t.deepEqual(moves.slice(greeted, greeted + 2), ['connecting → greeting', 'greeting → sending']);
  t.regex(moves.at(-1)!, /^(?:sending|awaitingAck) → (?:awaitingAck|idle)$/);
  const during = all.filter(({ time }) => Date.parse(time) >= goneMs && Date.parse(time) <= backMs);
  t.true(during.length >= 5, 'what was told while nobody heard it has the time at which it was');
  const first = during.find(({ device, value }) => device === 'uploader' && value.to === 'waitingToRetry')!;
  t.like(first.value, { health: 'trouble', attempt: 1 });
  t.regex(String(first.value.cause), /^link-/);
  t.true(Number(first.value.retryInMs) > 0);
  const mended = all.find(({ sensor, value }) => sensor === 'status' && value.reason === 'mended')!;
  t.like(mended.value.actors, { uploader: { health: 'well' } });
});

for (const states of ['changes', 'all'] as const) {
  test(`an edge that measures nothing comes to rest, whatever bringing its states to the cloud does (${states})`, async (t) => {
    const world = createWorld();
    const cloud = await world.cloud();
    await world.edge({ ...steady, states });
    await world.clock.advance(hourMs);
    const first = await written(world, cloud, 'states');
    await world.clock.advance(5 * hourMs);
    const later = await written(world, cloud, 'states');
    t.log(`${first} bytes in the first hour, ${later - first} in five more`);
    t.true(first < 4_096);
    t.is(later, first);
  });
}

test('with a reading a second its states cost less than 2 % of the bytes', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge({ ...steady, states: 'changes' });
  await measure(world, edge, 1_000, hourMs);
  const [readings, states] = [await written(world, cloud, 'readings'), await written(world, cloud, 'states')];
  t.log(
    `${states} bytes of states beside ${readings} of readings: ${((states / readings) * 100).toFixed(2)} %`,
  );
  t.true(states < readings * 0.02);
  t.true(states > 0);
});

test('what each segment does is told by `all`, and by `changes` only when something is wrong or well again', async (t) => {
  const cycle = async (states: 'changes' | 'all') => {
    const world = createWorld();
    const cloud = await world.cloud();
    const edge = await world.edge({ ...steady, states });
    await measure(world, edge, 1_000, 100_000);
    return movesOf(await told(cloud), 'rotator');
  };
  t.deepEqual(await cycle('changes'), ['off → empty']);
  const all = await cycle('all');
  t.true(all.filter((move) => move === 'filling → sealing').length >= 4);
});

test('a pause, and whoever ends it, is told; so are the beginning and the orderly end', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge({ ...steady, states: 'changes' });
  await measure(world, edge, 1_000, 20_000);
  await edge.send('uploader', 'PAUSE');
  await measure(world, edge, 1_000, 20_000);
  await edge.send('uploader', 'RESUME');
  await measure(world, edge, 1_000, 20_000);
  await edge.stop();
  const all = await told(cloud);
  const moves = movesOf(all, 'uploader');
  t.true(moves.includes('idle → paused') && moves.includes('paused → connecting'));
  const resumed = moves.slice(moves.indexOf('paused → connecting') + 1);
  t.true(resumed[0]?.endsWith('→ idle'), `where it came to rest afterwards is told: ${resumed[0]}`);
  const words = all.filter(({ sensor }) => sensor === 'status').map(({ value }) => value.reason);
  t.is(words[0], 'start');
  t.is(words.at(-1), 'end');
  t.is(edge.store.openSegment('states').count, 0, 'an orderly end leaves nothing behind');
  t.false(edge.lines.some(({ report }) => report.type === 'note' && /stay/.test(report.text)));
});

test('a full store is told of when there is room: readings never wait for it, and nothing is dropped for it', async (t) => {
  const world = createWorld();
  const edge = await world.edge({ ...steady, states: 'changes', bytesMax: 40_000 });
  for (let i = 0; i < 400 && edge.store.status().state === 'open'; i++) {
    void edge.append(...Array.from({ length: 5 }, (_, n) => n));
    await world.clock.advance(500);
  }
  await edge.until(moved('rotator', 'full'));
  const before = edge.store.openSegment('states').fromSeq + edge.store.openSegment('states').count;
  await world.clock.advance(10 * 60_000);
  const { fromSeq, count } = edge.store.openSegment('states');
  t.is(fromSeq + count, before, 'nothing of the rest of its quota is taken for what it says of itself');
  const cloud = await world.cloud();
  await world.clock.advance(20 * 60_000);
  const moves = movesOf(await told(cloud), 'rotator');
  t.true(moves.some((move) => move.endsWith('→ full')));
  t.true(moves.some((move) => move.startsWith('full →')));
  t.deepEqual(await storedGaps(cloud.disk), []);
});

test('with `none`, or without an uploader, nothing is written', async (t) => {
  const world = createWorld();
  const edge = await world.edge({ ...steady, states: 'none' });
  await measure(world, edge, 1_000, 60_000);
  t.deepEqual(edge.store.streams(), ['readings']);
});

test('the marks of a clock that cannot be right stand in states as in readings', async (t) => {
  const clock = createVirtualClock();
  const queue = new StatesQueue(clock);
  queue.push('{"device":"a"}\n', 0);
  t.is(Buffer.from(queue.batch(true)!.lines).toString(), '{"clock":"unsynced","device":"a"}\n');
});

test('a sensor that comes and goes without end fills nothing, and what is left out is one gap', async (t) => {
  const clock = createVirtualClock();
  const queue = new StatesQueue(clock);
  let kept = 0;
  for (let i = 0; i < 3_600; i++) {
    if (queue.push(`{"device":"d","n":${i}}\n`, clock.now())) kept += 1;
    const batch = queue.batch(false);
    t.is(batch?.missed, undefined);
    if (batch) queue.taken(batch);
    await clock.advance(100);
  }
  t.true(kept >= 120 && kept <= 120 + 181, `${kept} of 3600`);
  await clock.advance(30_000);
  t.is(queue.dueInMs(), 0);
  const last = queue.batch(false)!;
  t.is(last.missed?.count, 3_600 - kept);
  queue.taken(last);
  t.is(queue.batch(false), null);
});

test('while there is no room the newest lines wait, and no more of them than memory has room for', (t) => {
  const queue = new StatesQueue({
    ...createVirtualClock(),
    monotonic: (() => {
      let at = 0;
      return () => (at += 10_000);
    })(),
  });
  for (let i = 0; i < 2 * waitingMax.lines; i++) queue.push(`{"n":${i}}\n`, i);
  const { count, missed, lines } = queue.batch(false, true)!;
  t.is(count, waitingMax.lines);
  t.is(missed?.count, waitingMax.lines);
  t.regex(Buffer.from(lines).toString(), new RegExp(`"n":${2 * waitingMax.lines - 1}}\n$`));
});

test('trouble, its attempts and its end are notable; the ordinary cycle is not', (t) => {
  const notable = new Notable();
  const at = (from: string, to: string, health: 'well' | 'trouble' | 'paused' | 'failed', settled = false) =>
    notable.isNotable('uploader', { type: 'transition', from, to, event: 'E' }, health, settled);
  t.true(at('off', 'connecting', 'well'));
  t.false(at('connecting', 'greeting', 'well'));
  t.true(at('greeting', 'idle', 'well', true), 'it came to rest where nobody has been told it is');
  t.false(at('idle', 'sending', 'well'));
  t.false(at('sending', 'idle', 'well', true));
  t.true(at('sending', 'waitingToRetry', 'trouble', true));
  t.true(at('waitingToRetry', 'connecting', 'trouble'));
  t.deepEqual(notable.troubled, ['uploader']);
  t.true(at('sending', 'idle', 'well', true));
  t.deepEqual(notable.troubled, []);
  t.false(at('sending', 'idle', 'well', true));
  t.true(at('idle', 'paused', 'paused', true));
});

test('an actor that comes back to rest in the state that was told of it last has nothing new to tell', (t) => {
  const notable = new Notable();
  const at = (from: string, to: string, settled: boolean) =>
    notable.isNotable('rotator', { type: 'transition', from, to, event: 'E' }, 'well', settled);
  t.true(at('off', 'empty', false));
  t.false(at('empty', 'filling', false));
  t.false(at('sealing', 'empty', true));
});

test('an actor that is only being started has the health that its state speaks of', (t) => {
  const condition = { state: 'off', health: 'ended', settled: true, cause: null, attempt: 0 } as const;
  const after = (to: string, more: Partial<TransitionReport> = {}) =>
    healthAfter({ type: 'transition', from: 'off', to, event: 'start', ...more }, condition);
  t.is(after('serving.starting'), 'well');
  t.is(after('waiting', { cause: { code: 'link-lost', message: '', advice: '' } }), 'trouble');
  t.is(after('a.failed'), 'failed');
  t.is(after('paused'), 'paused');
  t.is(after('off'), 'ended');
});
