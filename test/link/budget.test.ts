import test from 'ava';
import { cloudReceiver } from '../../machines/cloud-receiver.ts';
import { cloudSession } from '../../machines/cloud-session.ts';
import type { OutPort, ReceivedSegment } from '../../src/contract/port.ts';
import { Budget } from '../../src/link/budget.ts';
import { Door } from '../../src/link/door.ts';
import { createSession } from '../../src/link/session.ts';
import { runActor } from '../../src/runtime/actor.ts';
import { createWorld, cursor } from '../helpers/two-sides.ts';
import { causes, isDrained, moved, range, storedValues } from '../helpers/two-sides-facts.ts';

const KiB = 1024;

/** A session that can be asked whether it is held back. */
function member(budget: Budget) {
  const session = { held: false, share: budget.join((on) => (session.held = on)) };
  return session;
}

test('who brings the sum above the budget is held back, and goes on when half of it is free', (t) => {
  const budget = new Budget(100 * KiB);
  const [first, second] = [member(budget), member(budget)];
  first.share.take(59 * KiB);
  second.share.take(29 * KiB);
  t.deepEqual([first.held, second.held], [false, false]);
  second.share.take(29 * KiB);
  t.deepEqual([first.held, second.held], [false, true]);
  first.share.take(1);
  t.true(first.held);
  first.share.give(59 * KiB);
  t.deepEqual([first.held, second.held], [true, true]);
  second.share.give(29 * KiB);
  t.deepEqual([first.held, second.held], [false, false]);
  t.is(budget.bytes, 31 * KiB + 1);
});

test('tiny segments cost what they take in memory, not only their few bytes', (t) => {
  const budget = new Budget(100 * KiB);
  const { held, share } = member(budget);
  t.false(held);
  for (const _ of range(1, 100)) share.take(40);
  t.true(budget.bytes > 100 * KiB);
  for (const _ of range(1, 100)) share.give(40);
  t.is(budget.bytes, 0);
});

test('those held back go on one after the other: what they hand on at once counts before the next one does', (t) => {
  const budget = new Budget(100 * KiB);
  const order: string[] = [];
  /** Has so many segments of 40 KiB at hand, and hands them on until it is held back. */
  const eager = (name: string, count: number) => {
    let held = false;
    const handOn = () => {
      while (!held && count > 0) {
        count -= 1;
        order.push(name);
        share.take(39 * KiB);
      }
    };
    const share = budget.join((on) => {
      held = on;
      if (!on) handOn();
    });
    handOn();
    return share;
  };
  const a = eager('a', 9);
  const b = eager('b', 9);
  const c = eager('c', 9);
  t.is(order.join(''), 'aaabc');
  for (const share of [a, a, a, b]) share.give(39 * KiB);
  t.is(order.join(''), 'aaabcaa');
  c.give(39 * KiB);
  t.is(budget.bytes, 80 * KiB);
  a.give(39 * KiB);
  t.is(order.join(''), 'aaabcaabb');
});

test('a segment larger than the budget is taken, alone', (t) => {
  const budget = new Budget(100 * KiB);
  const session = member(budget);
  session.share.take(500 * KiB);
  t.true(session.held);
  session.share.give(500 * KiB);
  t.false(session.held);
  t.is(budget.bytes, 0);
});

test('a session that is over is left alone, and what it held is free once it is stored', (t) => {
  const budget = new Budget(100 * KiB);
  const [gone, other] = [member(budget), member(budget)];
  gone.share.take(150 * KiB);
  other.share.take(1);
  gone.share.leave();
  t.true(other.held);
  gone.share.give(150 * KiB);
  t.deepEqual([gone.held, other.held], [true, false]);
});

test('however many edges send at once, memory stays within the budget and a segment each, and all of them get through', async (t) => {
  const bytesMax = 30_000;
  const world = createWorld();
  const cloud = await world.cloud({ forecaster: false });
  const { clock } = world;
  let [held, most, largest] = [0, 0, 0];
  const output: OutPort<ReceivedSegment> = {
    blocked: false,
    flush() {},
    async send({ body, stored }) {
      held += body.length;
      most = Math.max(most, held);
      largest = Math.max(largest, body.length);
      await stored.catch(() => {});
      held -= body.length;
    },
  };
  const config = cloudReceiver.config.parse({ heartbeat: '1s' });
  const shared = { greeted: new Map(), door: new Door(256, () => 0), budget: new Budget(bytesMax) };
  const report = () => {};
  const env = { store: cloud.store, output, clock, report, agent: 'test/1', config, ...shared };
  await world.network.join().transport.listen({ host: 'c', port: 7071 }, (connection) => {
    runActor(cloudSession, { clock, report, input: createSession(connection, env).effects });
  });
  const names = ['a', 'b', 'c', 'd', 'e'];
  const edges = [];
  for (const name of names) {
    const edge = await world.edge({ name, uploader: { cloud: { port: 7071 } } });
    await edge.until(moved(cursor, 'idle'));
    await edge.send(cursor, 'PAUSE');
    for (const at of range(0, 19)) {
      await clock.until(edge.append(...range(at * 50, at * 50 + 49)));
      await clock.until(edge.store.seal('readings'));
    }
    edges.push(edge);
  }
  // Longer than silence may last: who is held back is not taken for dead.
  cloud.kv.commitMs = () => 4_000;
  for (const edge of edges) await edge.send(cursor, 'RESUME');
  await clock.advance(600_000);
  for (const [i, edge] of edges.entries()) {
    t.true(isDrained(edge));
    t.deepEqual(causes(edge.lines, cursor), []);
    t.deepEqual(await storedValues(cloud.disk, names[i]!), range(0, 999));
  }
  t.true(most > bytesMax / 2);
  t.true(most <= bytesMax + names.length * largest, `${most} bytes, segments of ${largest}`);
  t.is(shared.budget.bytes, 0);
});
