/** What a cloud knows of its edges: from their sessions, from what they said of themselves, and over restarts. */
import test from 'ava';
import { encodeState } from '../../src/contract/state-records.ts';
import type { FleetKeeper } from '../../src/runtime/fleet.ts';
import { leastMs } from '../helpers/least-ms.ts';
import { createWorld } from '../helpers/two-sides.ts';
import { epoch, Stored, startMs, state, visit, word } from './fleet-fixtures.ts';

function keeperOf(text: string | null = null): FleetKeeper & { text: string | null; writes: number } {
  return {
    text,
    writes: 0,
    async read() {
      return this.text;
    },
    async write(some) {
      this.writes += 1;
      this.text = some;
    },
  };
}

test('an edge is known by its session, its readings, and its last word on each of its actors', async (t) => {
  const cloud = await new Stored().open();
  const fleet = cloud.fleet();
  await fleet.open();
  const gone = fleet.came(visit('shed', () => startMs + 5_000));
  fleet.stored(...(await cloud.put('shed', ['{"value":1}\n', '{"value":2}\n'], 'readings')));
  fleet.stored(...(await cloud.put('shed', [word(1, 'start'), state(2)])));
  const lost = { to: 'waitingToRetry', health: 'trouble', cause: 'link-lost: gone' } as const;
  fleet.stored(...(await cloud.put('shed', [state(3, lost)])));
  const [shed] = await fleet.edges();
  t.like(shed, {
    ...{ edge: 'shed', epoch, session: 'receiver/10.0.0.7:1', sessionState: 'receiving' },
    ...{ lastWordMs: startMs + 5_000, agent: 'fogrun/0.1.0', clockOffsetMs: 40, readings: 2 },
    backlog: { readings: 1, bytes: 127, oldestMs: null, atMs: startMs + 1_000 },
  });
  t.deepEqual(
    shed!.actors.find(({ actor }) => actor === 'uploader'),
    {
      ...{ actor: 'uploader', state: 'waitingToRetry', health: 'trouble' },
      ...{ sinceMs: startMs + 3_000, cause: 'link-lost: gone' },
    },
  );
  gone();
  const [away] = await fleet.edges();
  t.like(away, { session: null, sessionState: null, lastWordMs: startMs + 5_000 });
  fleet.stored(...(await cloud.put('shed', [word(4, 'end')])));
  const [ended] = await fleet.edges();
  t.true(
    ended!.actors.every(({ health }) => health === 'ended'),
    'after an orderly end nothing of it runs',
  );
});

test('a session that comes before the last one of its edge has gone stays', async (t) => {
  const cloud = await new Stored().open();
  const fleet = cloud.fleet();
  const first = fleet.came(visit('shed'));
  fleet.came(visit('shed'));
  first();
  t.not((await fleet.edges())[0]!.session, null);
});

test('what it knew outlasts a restart, with a file and, as far as segments tell, without one or with a damaged one', async (t) => {
  const cloud = await new Stored().open();
  const keeper = keeperOf();
  const fleet = cloud.fleet(keeper);
  await fleet.open();
  fleet.came(visit('shed'));
  fleet.stored(...(await cloud.put('shed', [word(1, 'start'), state(2)])));
  t.is(keeper.writes, 0);
  await cloud.clock.advance(20_000);
  t.is(keeper.writes, 1, 'not for each word');
  fleet.stored(...(await cloud.put('shed', [state(3, { actor: 'acks', to: 'deleting' })])));
  const [before] = await fleet.edges();

  const crashed = cloud.fleet(keeperOf(keeper.text));
  await crashed.open();
  t.like((await crashed.edges())[0], { session: null, agent: 'fogrun/0.1.0', actors: before!.actors });
  await fleet.close();
  t.is(keeper.writes, 2);

  for (const text of [
    null,
    '{',
    '[]',
    '{"format":1,"edges":[{"edge":"../x"},null,7]}',
    keeper.text!.slice(0, -9),
  ]) {
    const notes: string[] = [];
    const anew = cloud.fleet(keeperOf(text), notes);
    await anew.open();
    const [shed] = await anew.edges();
    t.deepEqual(shed!.actors, before!.actors, `${text}`);
    t.deepEqual(shed!.backlog, before!.backlog);
    t.is(shed!.agent, null, 'what no segment tells is gone with the file');
    t.is(notes.length > 0, text !== null && !text.includes('../x'), `${text}: ${notes}`);
  }
});

test('a disk that takes no file is told of once, and costs nothing else', async (t) => {
  const cloud = await new Stored().open();
  const notes: string[] = [];
  const full = async () => {
    throw new Error('ENOSPC: no space left');
  };
  const fleet = cloud.fleet({ read: async () => null, write: full }, notes);
  for (let i = 0; i < 5; i++) {
    fleet.stored(...(await cloud.put('shed', [state(i)])));
    await cloud.clock.advance(20_000);
  }
  await fleet.close();
  t.is(notes.length, 1);
  t.regex(notes[0]!, /could not be written/);
});

test('the past of an edge comes in parts, the newest first, each transition once', async (t) => {
  const cloud = await new Stored().open();
  for (let segment = 0; segment < 30; segment++) {
    await cloud.put('shed', [
      state(segment * 3),
      word(segment),
      state(segment * 3 + 1),
      state(segment * 3 + 2),
    ]);
  }
  const fleet = cloud.fleet();
  for (const countMax of [1, 4, 7, 1_000]) {
    const parts = [];
    for (let before: string | null | undefined; before !== null; ) {
      const part = await fleet.history('shed', { countMax, ...(before === undefined ? {} : { before }) });
      t.true(part.transitions.length <= countMax);
      parts.push(part.transitions);
      before = part.before;
    }
    const all = parts.reverse().flat();
    t.deepEqual(
      all.map(({ timeMs }) => (timeMs - startMs) / 1_000),
      Array.from({ length: 90 }, (_, i) => i),
      `${countMax} at a time`,
    );
    t.like(all[0], { actor: 'uploader', from: 'idle', to: 'sending', epoch, seq: 1 });
  }
  t.deepEqual(await fleet.history('nobody'), { edge: 'nobody', transitions: [], before: null });
  for (const before of ['', 'x', `${epoch}.1`, `${'cd'.repeat(16)}.1.1`, `${epoch}.1.1.1`, `${epoch}.-1.1`]) {
    await t.throwsAsync(fleet.history('shed', { before }), { code: 'control-unknown' });
  }
});

test('a damaged segment is passed over in the past of an edge, and counted', async (t) => {
  const cloud = await new Stored().open();
  const receipts = [];
  for (let n = 0; n < 3; n++) receipts.push((await cloud.put('shed', [state(n)]))[0]);
  await cloud.store.filed();
  await cloud.files.write(receipts[1]!.file, Buffer.from('{"seq":2}\n'));
  const { transitions, damaged } = await cloud.fleet().history('shed');
  t.deepEqual(
    transitions.map(({ seq }) => seq),
    [1, 3],
  );
  t.is(damaged, 1);
});

test('a thousand edges are an answer of less than 1 MiB within 20 ms', async (t) => {
  const cloud = await new Stored().open();
  const fleet = cloud.fleet();
  for (let n = 0; n < 1_000; n++) {
    const edge = `edge-${String(n).padStart(4, '0')}`;
    fleet.came(visit(edge));
    fleet.stored(...(await cloud.put(edge, [word(n)])));
  }
  const edges = await fleet.edges();
  t.is(edges.length, 1_000);
  const bytes = Buffer.byteLength(JSON.stringify(edges));
  const ms = await leastMs(5, () => fleet.edges());
  t.log(`${ms.toFixed(2)} ms, ${(bytes / 1024).toFixed(0)} KiB`);
  t.true(ms < 20);
  t.true(bytes < 2 ** 20);
});

test('a cloud tells of an edge that is there, of one that has gone, and what it said before', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const edge = await world.edge({ states: 'changes', rotator: { every: '1s' } });
  void edge.append(1, 2, 3);
  await world.clock.advance(20_000);
  const { fleet } = cloud.pipeline.control;
  const [there] = await fleet.edges();
  t.like(there, { edge: 'e1', readings: 3, agent: 'test/1', certificateUntilMs: null });
  t.regex(there!.session ?? '', /^receiver\/./);
  t.is(there!.sessionState, 'receiving');
  t.true(Math.abs(there!.lastWordMs! - world.clock.now()) <= 2_000, 'heartbeats are words too');
  t.true(there!.actors.some(({ actor, state: is }) => actor === 'uploader' && is === 'idle'));
  edge.crash();
  await world.clock.advance(20_000);
  const [gone] = await fleet.edges();
  t.like(gone, { session: null, sessionState: null });
  t.true(world.clock.now() - gone!.lastWordMs! > 15_000);
  const { transitions } = await fleet.history('e1');
  t.deepEqual(
    transitions.slice(0, 3).map(({ actor, from, to }) => `${actor} ${from} → ${to}`),
    ['acks off → waiting', 'uploader off → connecting', 'rotator off → empty'],
  );
  t.true(transitions.some(({ actor, to }) => actor === 'edge' && to === 'running'));
  const own = await edge.pipeline.control.fleet.edges();
  t.deepEqual(own, [], 'an edge knows of nobody');
});

test('of a large segment only the end is looked at, so that no edge holds up the others', async (t) => {
  const cloud = await new Stored().open();
  const fleet = cloud.fleet();
  const junk = Array.from({ length: 4_000 }, () => `{"x":"${'y'.repeat(1_000)}"}\n`);
  const line = (actor: string) =>
    encodeState({
      ...{ actor, timeMs: startMs, from: 'off', to: 'idle', event: 'E', health: 'well' },
      ...{ cause: null, attempt: null, retryInMs: null },
    });
  fleet.stored(...(await cloud.put('e1', [line('far'), ...junk, line('near')])));
  const [edge] = await fleet.edges();
  t.deepEqual(
    edge!.actors.map(({ actor }) => actor),
    ['near'],
  );
});
