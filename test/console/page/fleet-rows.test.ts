import test from 'ava';
import {
  asOf,
  concernText,
  pick,
  rowOf,
  summaryOf,
  type Wish,
} from '../../../src/console/page/fleet/rows.ts';
import { actorToldMs, type EdgeSummary } from '../../../src/contract/fleet.ts';

const nowMs = 1_800_000_000_000;
const dayMs = 86_400_000;

function summary(edge: string, over: Partial<EdgeSummary> = {}): EdgeSummary {
  return {
    edge,
    epoch: 'ab',
    session: 'receiver/10.0.0.7:44294',
    sessionState: 'receiving',
    connectedMs: nowMs - 60_000,
    lastWordMs: nowMs - 1_000,
    agent: 'fogrun/0.1.0',
    clockOffsetMs: 12,
    certificateUntilMs: nowMs + 90 * dayMs,
    backlog: null,
    readings: 100,
    lost: {},
    actors: [{ actor: 'uploader', state: 'idle', health: 'well', sinceMs: nowMs, cause: null }],
    ...over,
  };
}
const row = (edge: string, over: Partial<EdgeSummary> = {}) => rowOf(summary(edge, over), nowMs);
const away = { session: null, sessionState: null };
const waits = (ageMs: number) => ({
  backlog: { readings: 40, bytes: 5_000, oldestMs: nowMs - ageMs, atMs: nowMs },
});
const wish = (over: Partial<Wish> = {}): Wish => ({
  text: '',
  onlyConcerns: false,
  order: { column: 'edge', down: false },
  ...over,
});
const namesOf = (rows: readonly { edge: EdgeSummary }[]) => rows.map(({ edge }) => edge.edge);

test('an edge that is connected and well needs nobody', (t) => {
  t.deepEqual(row('a').concerns, []);
  t.deepEqual(row('a', { ...waits(10_000), certificateUntilMs: null, clockOffsetMs: null }).concerns, []);
});

test('an edge that is gone needs somebody at once, and is called silent after five minutes', (t) => {
  t.deepEqual(row('a', { ...away, lastWordMs: nowMs - 10_000 }).concerns, ['away']);
  t.deepEqual(row('a', { ...away, lastWordMs: nowMs - 301_000 }).concerns, ['silent']);
  t.deepEqual(row('a', { ...away, lastWordMs: null }).concerns, ['silent']);
});

test('what an edge said of its actors before it went says nothing of now', (t) => {
  const actors = [
    { actor: 'uploader', state: 'waitingToRetry', health: 'trouble' as const, sinceMs: 0, cause: null },
  ];
  t.deepEqual(row('a', { actors }).concerns, ['trouble']);
  t.deepEqual(row('a', { ...away, lastWordMs: nowMs, actors }).concerns, ['away']);
});

test('a clock that is off is told: more than two seconds ahead, or further behind than a slow greeting makes it look', (t) => {
  for (const clockOffsetMs of [2_001, -12_001]) t.deepEqual(row('a', { clockOffsetMs }).concerns, ['clock']);
  for (const clockOffsetMs of [2_000, -12_000]) t.deepEqual(row('a', { clockOffsetMs }).concerns, []);
  const ahead = row('a', { clockOffsetMs: 65_000 });
  t.is(concernText(ahead, 'clock', nowMs), 'its clock is 1 m 05 s ahead');
});

test('a certificate is told when it ends within thirty days, and when it has ended', (t) => {
  t.deepEqual(row('a', { certificateUntilMs: nowMs + 29 * dayMs }).concerns, ['certificate']);
  t.deepEqual(row('a', { certificateUntilMs: nowMs + 31 * dayMs }).concerns, []);
  t.deepEqual(row('a', { certificateUntilMs: nowMs }).concerns, ['certificate-over']);
});

test('a backlog counts by how long its oldest reading waited when the edge said so, not by the clock of the cloud', (t) => {
  t.deepEqual(row('a', waits(61_000)).concerns, ['backlog']);
  const wrongClock = { readings: 40, bytes: 5_000, oldestMs: 1_000, atMs: 2_000 };
  t.is(row('a', { backlog: wrongClock }).backlogAgeMs, 1_000);
  t.is(row('a', { backlog: { ...wrongClock, readings: 0 } }).backlogAgeMs, null);
});

test('what an edge said is as old as its own clock has it, whichever state it was told with', (t) => {
  const edge = summary('a', { clockOffsetMs: -60_000, ...waits(2_000) });
  t.is(asOf(edge, edge.backlog!.atMs - 60_000, nowMs + 180_000), 'as of 3 m 00 s ago');
  const [actor] = edge.actors;
  t.is(actorToldMs(edge, { ...actor!, sinceMs: nowMs - 5_000 }), nowMs, 'with all of them');
  t.is(actorToldMs(edge, { ...actor!, sinceMs: nowMs + 5_000 }), nowMs + 5_000, 'alone, after that');
  t.regex(concernText(row('a', waits(61_000)), 'backlog', nowMs + 180_000), /, as of 3 m 00 s ago$/);
});

test('readings lost are counted over all reasons but those that came in an earlier epoch', (t) => {
  t.is(row('a', { lost: { missed: 2, dropped: 3, epoch: 100 } }).lost, 5);
});

test('a search finds rows that hold every word, in any of their texts and in any case', (t) => {
  const rows = [row('Shed-1'), row('shed-2', { agent: 'fogrun/0.2.0' }), row('attic')];
  t.deepEqual(namesOf(pick(rows, wish({ text: 'SHED' }))), ['Shed-1', 'shed-2']);
  t.deepEqual(namesOf(pick(rows, wish({ text: 'shed 0.2' }))), ['shed-2']);
  t.deepEqual(namesOf(pick(rows, wish({ text: 'no such' }))), []);
});

test('names are ordered as people count, and what is not known stands last either way', (t) => {
  const rows = [row('edge-10'), row('edge-9'), row('edge-1', { clockOffsetMs: null })];
  t.deepEqual(namesOf(pick(rows, wish())), ['edge-1', 'edge-9', 'edge-10']);
  for (const down of [true, false]) {
    const picked = pick(rows, wish({ order: { column: 'clock', down } }));
    t.is(picked.at(-1)!.edge.edge, 'edge-1');
  }
});

test('only those that need attention are shown when that is wished for', (t) => {
  const rows = [row('a'), row('b', { clockOffsetMs: 9_000 })];
  t.deepEqual(namesOf(pick(rows, wish({ onlyConcerns: true }))), ['b']);
});

test('the worst stands on top when rows are ordered by connection downwards', (t) => {
  const rows = [row('a'), row('b', { ...away, lastWordMs: null }), row('c', { ...away, lastWordMs: nowMs })];
  t.deepEqual(namesOf(pick(rows, wish({ order: { column: 'connection', down: true } }))), ['b', 'c', 'a']);
});

test('one line sums the fleet up', (t) => {
  const rows = Array.from({ length: 1_000 }, (_, i) => {
    if (i < 4) return row(`e${i}`, { ...away, lastWordMs: null });
    return row(`e${i}`, i < 6 ? waits(120_000) : {});
  });
  t.is(
    summaryOf(rows),
    '1,000 edges: 996 connected, 4 not heard of for more than 5 min, 2 waiting with a backlog',
  );
  t.is(summaryOf([row('a'), row('b')]), '2 edges: all connected');
  t.is(summaryOf([row('a')]), '1 edge: 1 connected');
});
