import test from 'ava';
import { FogrunError } from '../../src/contract/errors.ts';
import { entriesOf } from '../helpers/memory-kv.ts';
import { type Acts, inOrder, losses, mishaps, type Play, run, same, without } from '../helpers/schedule.ts';
import { type Cloud, createWorld, cursor, type Edge, type World } from '../helpers/two-sides.ts';
import {
  causes,
  isDrained,
  moved,
  range,
  storedGaps,
  storedReadings,
  storedValues,
} from '../helpers/two-sides-facts.ts';

const stream = 'readings';

/** One segment a value. */
async function sealEach(world: World, edge: Edge, ...values: number[]): Promise<void> {
  for (const value of values) {
    await world.clock.until(edge.append(value));
    await world.clock.until(edge.store.seal(stream));
  }
}

/** Lets a cloud refuse every segment of readings that holds one of these values. */
function poison(
  { store, clock }: Cloud,
  values: ReadonlySet<number>,
  untilMs = Number.POSITIVE_INFINITY,
): void {
  const put = store.put.bind(store);
  store.put = async (token, header, body) => {
    const isBad = [
      ...Buffer.from(body)
        .toString()
        .matchAll(/"value":(\d+)/g),
    ].some(([, value]) => values.has(Number(value)));
    if (isBad && clock.monotonic() < untilMs)
      throw new FogrunError('segment-refused', `segment ${header.sequence} is poison`);
    return put(token, header, body);
  };
}

/** Damages one value of readings on an edge's disk, while it is asleep or works from its disk. */
function damage({ disk }: Edge, value: number): void {
  const hit = entriesOf(disk).find(
    ({ key, value: bytes }) => key[0] === 'batch' && Buffer.from(bytes).includes(`"value":${value},`),
  );
  if (hit) hit.value[20]! ^= 1;
}

const gapsIn = async (world: { disk: Parameters<typeof storedGaps>[0] }) =>
  (await storedGaps(world.disk)).map(({ gap, fromSeq, toSeq }) => [gap, fromSeq, toSeq]);
const waits = (edge: Edge) =>
  edge.lines.flatMap(({ report }) =>
    report.type === 'transition' && report.to === 'refused' ? [report.attempt] : [],
  );

test('a segment that the cloud refuses for good is a dead letter after five refusals with backoff, a gap there, and the queue moves on', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  poison(cloud, new Set([2]));
  const edge = await world.edge();
  await sealEach(world, edge, 1, 2, 3);
  await edge.until(({ report }) => report.type === 'problem' && report.code === 'segment-dead', 60_000);
  t.deepEqual(waits(edge).slice(0, 4), [1, 2, 3, 4]);
  t.regex(JSON.stringify(edge.lines), /is poison \(4 of 5 times\)/);
  await world.clock.advance(10_000);
  t.is(edge.state(cursor), 'idle');
  t.deepEqual(await storedValues(cloud.disk), [1, 3]);
  t.deepEqual(await gapsIn(cloud), [['refused', 2, 2]]);
  t.true(isDrained(edge));
  t.like(edge.store.letters.list()[0], { id: 1, reason: 'refused', count: 1, refusals: 5, settled: true });
  t.regex(edge.store.letters.list()[0]!.text, /poison/);
  t.deepEqual(world.deletedUnstored, []);
  t.deepEqual([...new Set(causes(edge.lines, cursor))], ['segment-refused', 'segment-dead']);
});

test('refusals are counted across crashes of the edge and the cloud', async (t) => {
  const world = createWorld();
  let cloud = await world.cloud();
  poison(cloud, new Set([1]));
  let edge = await world.edge();
  await sealEach(world, edge, 1, 2);
  for (let crash = 0; crash < 2; crash++) {
    await edge.until(moved(cursor, 'refused'));
    edge.crash({ written: true });
    cloud.crash({ written: true });
    cloud = await world.cloud({ disk: cloud.disk });
    poison(cloud, new Set([1]));
    edge = await world.edge({ disk: edge.disk });
  }
  await world.clock.advance(60_000);
  t.true(waits(edge).length <= 3 && waits(edge)[0]! >= 3, `${waits(edge)}`);
  t.deepEqual(await storedValues(cloud.disk), [2]);
  t.is(edge.store.letters.list()[0]?.refusals, 5);
});

test('requeued once the cloud takes it, a dead letter arrives once, under a new number, with its time', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const bad = new Set([2]);
  poison(cloud, bad);
  const edge = await world.edge();
  await sealEach(world, edge, 1, 2, 3);
  await world.clock.advance(60_000);
  const [, time] = /"time":"([^"]+)"/.exec(Buffer.from(await edge.store.letters.body(1)).toString())!;
  bad.clear();
  await world.clock.until(edge.store.letters.requeue([1]));
  await world.clock.advance(10_000);
  const found = await storedReadings(cloud.disk);
  t.deepEqual(
    found.map(({ seq, value }) => [seq, value]),
    [
      [1, 1],
      [3, 3],
      [4, 2],
    ],
  );
  t.is((found[2] as unknown as { time: string }).time, time!);
  t.deepEqual(edge.store.letters.list(), []);
  t.is(edge.store.status().bytes, 0);
});

test('more than there is room for is no accident: the stream waits in refused, and nothing is given up', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  poison(cloud, new Set(range(1, 2_000)));
  const edge = await world.edge({ bytesMax: 80_000 });
  for (let i = 0; i < 20; i++) {
    await world.clock.until(edge.append(...range(1 + i * 12, 12 + i * 12)));
    await world.clock.until(edge.store.seal(stream));
  }
  await world.clock.advance(600_000);
  t.is(edge.state(cursor), 'refused');
  const { letters, readings, bytes } = edge.store.letters.totals();
  t.true(letters > 2 && bytes <= 20_000, `${letters} letters`);
  t.is(edge.store.backlog(cursor).readings + readings, 240);
  t.regex(JSON.stringify(edge.lines.at(-1)), /it waits, because dead letters take/);
});

test('a segment that is damaged on the disk costs what is damaged of it; the rest and all behind it arrives in order', async (t) => {
  const world = createWorld();
  let edge = await world.edge();
  await world.clock.until(edge.append(1));
  await world.clock.until(edge.append(2));
  await world.clock.until(edge.append(3));
  await world.clock.until(edge.store.seal(stream));
  await sealEach(world, edge, 4);
  edge.crash();
  damage(edge, 2);
  edge = await world.edge({ disk: edge.disk });
  const cloud = await world.cloud();
  await world.clock.advance(30_000);
  t.deepEqual(await storedValues(cloud.disk), [1, 3, 4]);
  t.deepEqual(await gapsIn(cloud), [['corrupt', 2, 2]]);
  t.is(edge.state(cursor), 'idle');
  t.true(isDrained(edge));
  t.deepEqual(causes(edge.lines, cursor).slice(-1), ['segment-corrupt']);
  t.regex(
    JSON.stringify(edge.lines),
    /segment 1 of readings was damaged on the disk: 2 readings of 3 go on, 1 are lost; what is left of them is dead letter 1/,
  );
});

const bad = (value: number) => value % 7 === 3;

/** Values that were in dead letters when some of these were requeued. */
const requeued = new WeakMap<Play, Set<number>>();

/** Refusals and damage besides all other mishaps. */
const acts: Acts = [
  [
    2,
    function poisonCloud({ cloud }) {
      // Later it takes them, so that what found no room as a dead letter arrives after all.
      poison(cloud, new Set(range(1, 500).filter(bad)), 120_000);
    },
  ],
  [
    3,
    async function damageEdge(play: Play) {
      const values = entriesOf(play.edge.disk).filter(({ key }) => key[0] === 'batch');
      const hit = values[Math.floor(play.world.random.next() * values.length)];
      if (!hit) return;
      for (const [, value] of Buffer.from(hit.value)
        .toString()
        .matchAll(/"value":(\d+)/g)) {
        play.discarded.add(Number(value));
      }
      hit.value[20]! ^= 1;
    },
  ],
  [
    1,
    async function requeue(play: Play) {
      const { edge } = play;
      const ready = edge.store.letters.list().filter((each) => each.settled && each.reason === 'refused');
      const again = requeued.get(play) ?? new Set();
      requeued.set(play, again);
      for (const value of await inLetters(edge)) again.add(value);
      edge.store.letters.requeue(ready.map(({ id }) => id)).catch(() => {});
    },
  ],
];

/** Values that dead letters hold. */
async function inLetters({ store }: Edge): Promise<number[]> {
  const bodies = await Promise.all(store.letters.list().map(({ id }) => store.letters.body(id)));
  return bodies.flatMap((body) =>
    [
      ...Buffer.from(body)
        .toString()
        .matchAll(/"value":(\d+)/g),
    ].map(([, value]) => Number(value)),
  );
}

test('whatever is refused and damaged when: stored once, or a gap and a dead letter, and nothing forks', async (t) => {
  t.timeout(180_000);
  let [dead, corrupt] = [0, 0];
  await run(
    'poison',
    [...mishaps, ...acts],
    async (played) => {
      const { cloud, edge, accepted, offered, discarded } = played;
      const readings = await storedReadings(cloud.disk);
      const gaps = await storedGaps(cloud.disk);
      same('epochs', new Set([...readings, ...gaps].map(({ epoch }) => epoch)).size <= 1, true);
      const covered = gaps.flatMap(({ fromSeq, toSeq }) => range(fromSeq, toSeq));
      const all = [...readings.map(({ seq }) => seq), ...covered].sort((a, b) => a - b);
      same('seqs', all, range(1, all.length));
      const values = readings.map(({ value }) => value);
      same('twice', values.length, new Set(values).size);
      const letters = await inLetters(edge);
      same('lost', without(without(without(accepted, values), letters), [...discarded]), []);
      same('made up', without(values, [...offered]), []);
      // Requeued ones come later; all others in order.
      const first = without(values, [...(requeued.get(played) ?? [])]);
      same('order', first, inOrder(first));
      dead += gaps.filter(({ gap }) => gap === 'refused').length;
      corrupt += gaps.filter(({ gap }) => gap === 'corrupt').length;
    },
    1 / 3,
  );
  t.true(dead > 0 && corrupt > 0, `${dead} refused, ${corrupt} corrupt`);
});

test('clouds wiped or restored besides: everything that was not damaged is in one of them or in a dead letter', async (t) => {
  t.timeout(180_000);
  await run(
    'poison and fork',
    [...mishaps, ...losses, ...acts],
    async (played) => {
      const all: number[] = [];
      for (const disk of played.disks) all.push(...(await storedValues(disk)));
      all.push(...(await inLetters(played.edge)));
      same('lost', without(without(played.accepted, all), [...played.discarded]), []);
      same('made up', without(all, [...played.offered]), []);
    },
    1 / 3,
  );
  t.pass();
});
