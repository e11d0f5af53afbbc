import test from 'ava';
import type { Report } from '../../src/contract/report.ts';
import { encodeReading } from '../../src/domain/reading.ts';
import { CloudStoreReader } from '../../src/store/cloud-reader.ts';
import { createStampJudge } from '../../src/store/rotator-clock.ts';
import { MemoryKv } from '../helpers/memory-kv.ts';
import { batch } from '../helpers/store-fixtures.ts';
import { type Cloud, createWorld, cursor, type Edge, stream, type World } from '../helpers/two-sides.ts';
import { isDrained, moved, storedReadings } from '../helpers/two-sides-facts.ts';

const day = 86_400_000;

test('only readings that were stamped here are marked, and it is said once that it begins and ends', (t) => {
  let doubt: string | null = null;
  const reports: Report[] = [];
  const trust = { doubt: () => doubt, learnPast: () => {}, compare: () => {} };
  const judge = createStampJudge(trust, (report) => void reports.push(report));
  const [foreign, own] = [batch(2), { ...batch(2), stamped: true as const }];
  t.deepEqual(judge([foreign, own]), [foreign, own]);
  doubt = 'the clock here is wrong';
  for (let i = 0; i < 3; i++) {
    const [first, second] = judge([foreign, own]);
    t.is(first, foreign);
    t.is(
      Buffer.from(second!.lines)
        .toString()
        .match(/^\{"clock":"unsynced","device"/gm)!.length,
      2,
    );
  }
  doubt = null;
  judge([own]);
  t.deepEqual(
    reports.map((report) => 'text' in report && report.text),
    [
      'the clock here is wrong: readings are marked `"clock":"unsynced"` until it is right',
      'the clock here can be right again: readings are no longer marked',
    ],
  );
});

/** A poller's reading, stamped by the edge's clock. */
async function measure(world: World, edge: Edge, value: number): Promise<void> {
  const time = new Date(edge.clock.now()).toISOString();
  const lines = encodeReading({ device: 'd', sensor: 'pressure', time, value, unit: 'hPa' });
  await world.clock.until(edge.source.send({ stream, lines: Buffer.from(lines), count: 1, stamped: true }));
  await world.clock.advance(1_000);
}

const marks = async (cloud: Cloud) =>
  (await storedReadings(cloud.disk)).map((reading) => [
    reading.seq,
    reading.value,
    (reading as { clock?: string }).clock ?? 'known',
  ]);

test('a clock that jumps 30 days back or 2 days ahead marks readings until it is right; order and delivery do not care', async (t) => {
  const world = createWorld('clock jumps');
  const cloud = await world.cloud();
  const edge = await world.edge();
  await edge.until(moved(cursor, 'idle'));
  await measure(world, edge, 1);
  edge.clock.jump(-30 * day);
  await measure(world, edge, 2);
  edge.clock.jump(32 * day);
  await measure(world, edge, 3);
  edge.clock.jump(-2 * day);
  await measure(world, edge, 4);
  await world.clock.advance(60_000);
  t.true(isDrained(edge));
  t.deepEqual(await marks(cloud), [
    [1, 1, 'known'],
    [2, 2, 'unsynced'],
    [3, 3, 'unsynced'],
    [4, 4, 'known'],
  ]);
  const reader = new CloudStoreReader(new MemoryKv(cloud.disk.kv), cloud.disk.files);
  t.is(new Set([...reader.receipts('e1', stream)].map(({ header }) => header.epoch)).size, 1);
});

test('without a clock at boot readings are marked until it is set, and also after a restart it is known what time it was', async (t) => {
  const world = createWorld('no clock');
  const cloud = await world.cloud();
  const first = await world.edge();
  await first.until(moved(cursor, 'idle'));
  await first.stop();
  await cloud.stop();
  // Plausible, but a cloud has said a later time before.
  const edge = await world.edge({ disk: first.disk });
  edge.clock.jump(-day);
  await measure(world, edge, 1);
  edge.clock.jump(day - edge.clock.now());
  await measure(world, edge, 2);
  edge.clock.jump(world.clock.now() - edge.clock.now());
  await measure(world, edge, 3);
  const again = await world.cloud({ disk: cloud.disk });
  await edge.until(moved(cursor, 'idle'));
  await world.clock.advance(60_000);
  t.deepEqual(await marks(again), [
    [1, 1, 'unsynced'],
    [2, 2, 'unsynced'],
    [3, 3, 'known'],
  ]);
});

test("a clock that is days off the cloud's is told at the greeting", async (t) => {
  const world = createWorld('apart');
  await world.cloud();
  const edge = await world.edge();
  await edge.until(moved(cursor, 'idle'));
  edge.clock.jump(2 * day);
  world.network.cut();
  const said = await edge.until(
    ({ report }) =>
      report.type === 'note' && / ahead of the cloud's \(.* here, .* there\): set the one/.test(report.text),
  );
  t.is(said.actor, cursor);
});
