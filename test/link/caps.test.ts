import test from 'ava';
import { Seats } from '../../src/link/caps.ts';

const caps = { maxConnections: 3, maxConnectionsPerAddress: 2, maxUngreeted: 2 };

function take(seats: Seats, address: string) {
  const seat = seats.take(address);
  if (typeof seat === 'string') throw new Error(seat);
  return seat;
}

test('each cap counts for itself', (t) => {
  const seats = new Seats(caps);
  take(seats, 'a').greeted();
  take(seats, 'a').greeted();
  t.is(seats.take('a'), 'connections.per-address');
  take(seats, 'b');
  t.is(seats.take('c'), 'connections.max');
  t.is(seats.taken, 3);
});

test('greeting or leaving twice frees one place only', (t) => {
  const seats = new Seats(caps);
  const first = take(seats, 'a');
  const second = take(seats, 'b');
  t.is(seats.take('c'), 'connections.ungreeted');
  first.greeted();
  first.greeted();
  first.leave();
  first.leave();
  t.is(seats.taken, 1);
  take(seats, 'a');
  t.is(seats.take('c'), 'connections.ungreeted');
  second.leave();
  take(seats, 'c');
});

test('a place on offer goes to a newcomer, the longest offer first, and to one address only from its own', (t) => {
  const seats = new Seats(caps);
  const turnedOut: string[] = [];
  const sit = (address: string, name: string) => {
    const seat = take(seats, address);
    seat.greeted();
    const offer = () =>
      seat.mayYield(() => {
        turnedOut.push(name);
        seat.leave();
      });
    return { seat, offer };
  };
  const b = sit('b', 'b');
  const a1 = sit('a', 'a1');
  const a2 = sit('a', 'a2');
  t.is(seats.take('c'), 'connections.max');
  b.offer();
  t.is(seats.take('a'), 'connections.per-address');
  a2.offer();
  a1.offer();
  b.offer();
  const a3 = sit('a', 'a3');
  t.deepEqual(turnedOut, ['a2']);
  b.seat.mayYield(null);
  sit('c', 'c');
  t.deepEqual(turnedOut, ['a2', 'a1']);
  a3.offer();
  a3.seat.leave();
  t.is(seats.taken, 2);
});

test('where strangers took all places, the address that has most of them yields its oldest to another', (t) => {
  const seats = new Seats({ maxConnections: 99, maxConnectionsPerAddress: 99, maxUngreeted: 4 });
  const turnedOut: string[] = [];
  const come = (address: string, name: string) => {
    return seats.take(address, () => void turnedOut.push(name));
  };
  for (const name of ['a1', 'a2', 'a3', 'a4']) come('a', name);
  t.is(come('a', 'a5'), 'connections.ungreeted');
  const b = come('b', 'b1');
  t.deepEqual(turnedOut, ['a1']);
  come('c', 'c1');
  t.deepEqual(turnedOut, ['a1', 'a2']);
  // Two of `a`, one of `b`: a second of `b` would only change places.
  t.is(come('b', 'b2'), 'connections.ungreeted');
  if (typeof b !== 'string') b.greeted();
  t.is(typeof come('d', 'd1'), 'object');
  t.is(seats.taken, 5);
});

test('who has greeted yields to no stranger', (t) => {
  const seats = new Seats({ maxConnections: 99, maxConnectionsPerAddress: 99, maxUngreeted: 1 });
  const first = seats.take('a', () => t.fail());
  if (typeof first !== 'string') first.greeted();
  seats.take('a');
  t.is(seats.take('b'), 'connections.ungreeted');
});
