import test from 'ava';
import type { Measured } from '../../bench/scenario.ts';
import { backlog } from '../../bench/scenarios/backlog.ts';

const good = {
  'restart to the first segment stored in the cloud': 300,
  'rate of the first 1,000,000': 950_000,
  'edge: peak memory without mapped files': 80,
  'a small backlog: edge: peak memory without mapped files': 70,
  'store file after a second filling, by the first': 1,
};

/** Ten million that went as fast as a small backlog did. */
function measuredWith(figures: Partial<typeof good> = {}, ratio = 1): Measured {
  const entries = Object.entries({ ...good, ...figures });
  return {
    name: 'backlog',
    unit: 'readings/s',
    median: ratio * 1e6,
    min: ratio * 1e6,
    max: ratio * 1e6,
    runs: [ratio * 1e6],
    reference: { name: 'a small backlog', unit: 'readings/s', median: 1e6 },
    ratio,
    figures: Object.fromEntries(entries.map(([name, value]) => [name, { value, unit: '' }])),
  };
}

test('a large backlog is judged beside a small one: rate and memory', (t) => {
  t.true(backlog.holds!(measuredWith()));
  t.false(backlog.holds!(measuredWith({}, 0.89)));
  t.false(backlog.holds!(measuredWith({ 'edge: peak memory without mapped files': 91 })));
});

test('a backlog must also start quickly and leave room that is used again', (t) => {
  t.false(backlog.holds!(measuredWith({ 'restart to the first segment stored in the cloud': 1_001 })));
  t.false(backlog.holds!(measuredWith({ 'store file after a second filling, by the first': 1.3 })));
});
