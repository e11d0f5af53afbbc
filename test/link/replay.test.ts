import test from 'ava';
import { openEdgeLink } from '../../src/link/edge-link.ts';
import { createWorld, type World } from '../helpers/two-sides.ts';
import { storedReadings } from '../helpers/two-sides-facts.ts';
import { hello, recorder, segment } from './fixtures.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Whoever speaks the protocol, as an edge that has sealed these segments and knows that token. */
async function attacker(world: World, sealed: readonly ReturnType<typeof segment>[], token = 0) {
  const { transport } = world.network.join();
  const { signal } = new AbortController();
  const connection = await world.clock.until(
    transport.dial({ host: 'cloud', port: 7070, timeoutMs: 1_000, signal }),
  );
  const side = recorder();
  const last = sealed.at(-1)!.header;
  const readings = {
    ...hello.streams.readings!,
    sealed: last.sequence,
    sealedHash: hex(last.hash),
  };
  const link = openEdgeLink(connection, {
    clock: world.clock,
    hello: { ...hello, token, streams: { readings } },
    on: side.on,
  });
  const greeted = await world.clock.until(link.greeting);
  return { link, side, token: greeted.token };
}

const other = Buffer.from('{"seq":1,"device":"evil","value":666}\n');

test('a replayed segment is acknowledged again and not stored again, also over a later connection', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const one = segment(1);
  const first = await attacker(world, [one]);
  for (let i = 0; i < 3; i++) await world.clock.until(first.link.send(one.header, one.body));
  await world.clock.advance(1_000);
  t.true(first.side.acks.length >= 1 && first.side.acks.every(({ sequence }) => sequence === 1));
  const again = await attacker(world, [one], first.token);
  await world.clock.until(again.link.send(one.header, one.body));
  await world.clock.advance(1_000);
  t.deepEqual(again.side.acks.map(({ hash }) => hex(hash)).at(-1), hex(one.header.hash));
  t.deepEqual(
    (await storedReadings(cloud.disk, hello.edge)).map(({ seq }) => seq),
    [1],
  );
});

test('the same identity with another hash is refused and alarmed, and what is stored stays as it was', async (t) => {
  const world = createWorld();
  const cloud = await world.cloud();
  const one = segment(1);
  const { link, side } = await attacker(world, [one]);
  await world.clock.until(link.send(one.header, one.body));
  await world.clock.advance(1_000);
  const forged = segment(1, { body: other });
  await world.clock.until(link.send(forged.header, forged.body));
  await world.clock.advance(3_000);
  t.deepEqual(
    side.refusals.map(({ code }) => code),
    ['forked'],
  );
  t.regex(
    JSON.stringify(cloud.lines),
    /edge-forked.{1,40}segment 1 of stream readings of edge attic was stored before with another hash/,
  );
  const [stored, ...more] = await storedReadings(cloud.disk, hello.edge);
  t.deepEqual(more, []);
  t.like(stored, { seq: 1, value: 1013.25 });
});

test('a sequence that jumps, up to the largest there is, is refused and moves no mark: what is honest goes on', async (t) => {
  const sequences = [3, 2 ** 52, Number.MAX_SAFE_INTEGER - 1];
  for (const [sequence, fromSeq] of sequences.flatMap((each) => [
    [each, each] as const,
    // All else continues what is stored.
    [each, 2] as const,
  ])) {
    const world = createWorld();
    const cloud = await world.cloud();
    const one = segment(1);
    const jump = segment(sequence, { previousHash: one.header.hash, fromSeq });
    const { link, side, token } = await attacker(world, [one]);
    await world.clock.until(link.send(one.header, one.body));
    await world.clock.advance(1_000);
    await world.clock.until(link.send(jump.header, jump.body));
    await world.clock.advance(3_000);
    t.deepEqual(
      side.refusals.map(({ code }) => code),
      ['invalid'],
    );
    t.is(cloud.store.mark(hello.edge, hello.epoch, 'readings')!.sequence, 1);
    const two = segment(2, { previousHash: one.header.hash });
    const honest = await attacker(world, [one, two], token);
    await world.clock.until(honest.link.send(two.header, two.body));
    await world.clock.advance(1_000);
    t.is(cloud.store.mark(hello.edge, hello.epoch, 'readings')!.sequence, 2);
  }
});
