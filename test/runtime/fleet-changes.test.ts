/** Whoever looks at a fleet again and again asks for what has changed, and knows the same as one who asks for all of it. */
import test from 'ava';
import { withChanges } from '../../src/console/page/fleet/changes.ts';
import type { FleetChanges } from '../../src/contract/fleet.ts';
import { ChangedEdges } from '../../src/runtime/fleet-changes.ts';
import { createWorld } from '../helpers/two-sides.ts';
import { Stored, startMs, state, visit, word } from './fleet-fixtures.ts';

const names = ({ edges }: FleetChanges) => edges.map(({ edge }) => edge);
const bytesOf = (answer: object) => Buffer.byteLength(JSON.stringify(answer));

/** A fleet whose edges are connected, and were heard when a test says so. */
async function fleetOf(edges: number) {
  const cloud = await new Stored().open();
  const fleet = cloud.fleet();
  const heardMs = new Map<string, number>();
  const all = Array.from({ length: edges }, (_, n) => `edge-${String(n).padStart(4, '0')}`);
  const gone = new Map<string, () => void>();
  for (const [n, edge] of all.entries()) {
    gone.set(edge, fleet.came(visit(edge, () => heardMs.get(edge) ?? startMs)));
    fleet.stored(...(await cloud.put(edge, [word(n)])));
  }
  return { cloud, fleet, heardMs, all, gone };
}

test('since a mark, only the edges that changed are told: by what they said, by coming and by going', async (t) => {
  const { cloud, fleet, gone } = await fleetOf(5);
  const first = await fleet.changes();
  t.true(first.whole);
  t.is(first.edges.length, 5);
  const nothing = await fleet.changes(first.mark!);
  t.deepEqual(nothing, { mark: first.mark, whole: false, edges: [], heardMs: {} });

  fleet.stored(...(await cloud.put('edge-0003', [state(9)])));
  fleet.stored(...(await cloud.put('edge-0001', ['{"value":1}\n'], 'readings')));
  const second = await fleet.changes(first.mark!);
  t.false(second.whole);
  t.deepEqual(names(second), ['edge-0001', 'edge-0003']);
  t.is(second.edges[0]!.readings, 1);

  gone.get('edge-0004')!();
  fleet.came(visit('edge-0005'));
  const third = await fleet.changes(second.mark!);
  t.deepEqual(names(third), ['edge-0004', 'edge-0005']);
  t.is(third.edges[0]!.session, null);
  t.deepEqual(names(await fleet.changes(first.mark!)), ['edge-0001', 'edge-0003', 'edge-0004', 'edge-0005']);
});

test('an edge of which only a word was heard is told with when that was', async (t) => {
  const { fleet, heardMs } = await fleetOf(3);
  const { mark } = await fleet.changes();
  heardMs.set('edge-0002', startMs + 5_000);
  // Less than a second is no word: the two clocks it is made of do not go alike.
  heardMs.set('edge-0001', startMs + 1);
  const { edges, heardMs: told } = await fleet.changes(mark!);
  t.deepEqual(edges, []);
  t.deepEqual(told, { 'edge-0002': startMs + 5_000 });
});

test('each of several watchers is told all that is new to it, whoever asked meanwhile', async (t) => {
  const { cloud, fleet, heardMs } = await fleetOf(2);
  const { mark } = await fleet.changes();
  fleet.stored(...(await cloud.put('edge-0000', [state(7)])));
  const one = await fleet.changes(mark!);
  heardMs.set('edge-0000', startMs + 9_000);
  fleet.stored(...(await cloud.put('edge-0001', [state(8)])));
  t.deepEqual(names(await fleet.changes(one.mark!)), ['edge-0001']);
  const other = await fleet.changes(mark!);
  t.deepEqual(names(other), ['edge-0000', 'edge-0001']);
  t.is(other.edges[0]!.lastWordMs, startMs + 9_000);
  t.deepEqual(other.heardMs, {}, 'not twice');
});

test('a mark that is not of this life of the cloud brings the whole fleet', async (t) => {
  const { cloud, fleet } = await fleetOf(3);
  const { mark } = await fleet.changes();
  await cloud.clock.advance(1);
  const restarted = cloud.fleet();
  await restarted.open();
  await restarted.changes();
  const strange = [
    mark!,
    '',
    'x',
    `${mark}9`,
    `${mark}.1`,
    mark!.replace(/\d+$/, '-1'),
    '.',
    '9'.repeat(5_000),
  ];
  for (const since of strange) {
    const answer = await restarted.changes(since);
    t.true(answer.whole, since);
    t.is(answer.edges.length, 3);
  }
  t.true((await fleet.changes(mark!.replace(/\d+$/, '99'))).whole, 'a moment that has not come');
});

test('marks hold on clocks that tell parts of a millisecond', (t) => {
  const changed = new ChangedEdges({ now: () => startMs + 0.25, monotonic: () => 1_234.567_891 });
  const { mark } = changed.since([]);
  t.false(changed.since([], mark!).whole);
});

test('what is put together from changes is what the whole fleet is', async (t) => {
  const { cloud, fleet, heardMs, all, gone } = await fleetOf(40);
  let known = withChanges(null, await fleet.changes());
  for (let round = 1; round <= 30; round += 1) {
    for (const [n, edge] of all.entries()) {
      if ((n + round) % 3 === 0) heardMs.set(edge, startMs + round * 2_000);
      if ((n * round) % 7 === 1) fleet.stored(...(await cloud.put(edge, [state(round)])));
      if ((n + round) % 11 === 0) gone.get(edge)?.();
      if ((n + round) % 13 === 0) gone.set(edge, fleet.came(visit(edge, () => heardMs.get(edge) ?? startMs)));
    }
    if (round % 4 === 0) fleet.came(visit(`attic-${round}`));
    known = withChanges(known, await fleet.changes(known.mark!));
    t.deepEqual(known.edges, await fleet.edges(), `round ${round}`);
  }
});

test('of a thousand edges of which ten changed, some KiB are told and not all of them', async (t) => {
  const { cloud, fleet, heardMs, all } = await fleetOf(1_000);
  const whole = await fleet.changes();
  for (const edge of all.slice(0, 10)) fleet.stored(...(await cloud.put(edge, [word(7)])));
  const ten = await fleet.changes(whole.mark!);
  // By heartbeats of 5 s, asked every 3 s.
  for (const edge of all.slice(0, 600)) heardMs.set(edge, startMs + 5_000);
  for (const edge of all.slice(0, 10)) fleet.stored(...(await cloud.put(edge, [word(8)])));
  const beating = await fleet.changes(ten.mark!);
  t.is(Object.keys(beating.heardMs).length, 590);
  const [all1000, changed, heard] = [whole, ten, beating].map(bytesOf);
  t.log(`${all1000} bytes of all, ${changed} of ten, ${heard} with 590 that were heard`);
  t.true(changed! < 0.02 * all1000!);
  t.true(heard! < 0.05 * all1000!);
});

test('a cloud tells what changed through its control, and an edge knows of nobody', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge({ states: 'changes', rotator: { every: '1s' } });
  await world.clock.advance(20_000);
  const { fleet } = cloud.pipeline.control;
  const first = await fleet.changes();
  t.deepEqual(first.edges, await fleet.edges());
  void edge.append(1, 2, 3);
  await world.clock.advance(20_000);
  const next = await fleet.changes(first.mark!);
  t.like(next, { whole: false, edges: [{ edge: 'e1', readings: 3 }] });
  edge.crash();
  await world.clock.advance(20_000);
  t.like(await fleet.changes(next.mark!), { edges: [{ edge: 'e1', session: null }] });
  t.like(await edge.pipeline.control.fleet.changes(), { whole: true, edges: [], heardMs: {} });
});
