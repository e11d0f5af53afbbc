import test from 'ava';
import type { Report } from '../../src/contract/report.ts';
import { tellDrops } from '../../src/runtime/drops.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

test('of a store that goes on dropping one line in ten seconds tells the sum, and the rest is told when it ends', async (t) => {
  const clock = createVirtualClock();
  const said: string[] = [];
  const drops = tellDrops((report: Report) => void (report.type === 'note' && said.push(report.text)), clock);
  for (let second = 0; second < 13; second++) {
    const at = (ms: number) => new Date(second * 1_000 + ms).toISOString();
    drops.tell({ segments: 1, readings: 10, bytes: 1_024, fromTime: at(0), toTime: at(900) }, 'full');
    await clock.advance(1_000);
  }
  drops.rest();
  drops.rest();
  t.deepEqual(said, [
    'dropped 10 readings in 1 segment (1KiB) of 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:00.900Z: full',
    'dropped 100 readings in 10 segments (10KiB) of 1970-01-01T00:00:01.000Z to 1970-01-01T00:00:10.900Z: full',
    'dropped 20 readings in 2 segments (2KiB) of 1970-01-01T00:00:11.000Z to 1970-01-01T00:00:12.900Z: full',
  ]);
});

test('two policies that drop are told apart', (t) => {
  const said: string[] = [];
  const drops = tellDrops(
    (report: Report) => void (report.type === 'note' && said.push(report.text)),
    createVirtualClock(),
  );
  const one = { segments: 1, readings: 1, bytes: 0 };
  drops.tell(one, 'full');
  drops.tell(one, 'full');
  drops.tell(one, 'too old');
  drops.rest();
  t.deepEqual(said, [
    'dropped 1 reading in 1 segment (0B): full',
    'dropped 1 reading in 1 segment (0B): full',
    'dropped 1 reading in 1 segment (0B): too old',
  ]);
});
