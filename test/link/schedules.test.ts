import test from 'ava';
import {
  damages,
  inOrder,
  losses,
  mishaps,
  type Play,
  reloads,
  run,
  same,
  without,
} from '../helpers/schedule.ts';
import { range, storedReadings, storedValues } from '../helpers/two-sides-facts.ts';

test('whatever breaks when: what was accepted is in the cloud once and in order, and everything ends well', async (t) => {
  t.timeout(180_000);
  await run('schedule', mishaps, onceAndInOrder);
  t.pass();
});

test('both sides reloaded at any moment besides: what was accepted is in the cloud once and in order', async (t) => {
  t.timeout(180_000);
  await run('reload', [...mishaps, ...reloads], onceAndInOrder);
  t.pass();
});

test('bytes damaged on the way at any moment besides: what was accepted is in the cloud once, in order and in one epoch', async (t) => {
  t.timeout(180_000);
  await run('damage', [...mishaps, ...damages], onceAndInOrder, 0.5);
  t.pass();
});

async function onceAndInOrder({ cloud, accepted, offered }: Play): Promise<void> {
  const readings = await storedReadings(cloud.disk);
  same('epochs', new Set(readings.map(({ epoch }) => epoch)).size <= 1, true);
  same(
    'seqs',
    readings.map(({ seq }) => seq),
    range(1, readings.length),
  );
  const values = readings.map(({ value }) => value);
  same('order', values, inOrder(values));
  same('lost', without(accepted, values), []);
  same('made up', without(values, [...offered]), []);
}

test('clouds wiped or restored at any moment besides: once and in order in each, and in all of them together everything', async (t) => {
  t.timeout(180_000);
  await run('fork', [...mishaps, ...losses], async ({ disks, accepted, offered }) => {
    const all: number[] = [];
    for (const disk of disks) {
      const values = await storedValues(disk);
      same('order', values, inOrder(values));
      all.push(...values);
    }
    same('lost', without(accepted, all), []);
    same('made up', without(all, [...offered]), []);
  });
  t.pass();
});
