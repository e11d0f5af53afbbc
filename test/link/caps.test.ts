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
  t.is(seats.take('a'), 'maxConnectionsPerAddress');
  take(seats, 'b');
  t.is(seats.take('c'), 'maxConnections');
  t.is(seats.taken, 3);
});

test('greeting or leaving twice frees one place only', (t) => {
  const seats = new Seats(caps);
  const first = take(seats, 'a');
  const second = take(seats, 'b');
  t.is(seats.take('c'), 'maxUngreeted');
  first.greeted();
  first.greeted();
  first.leave();
  first.leave();
  t.is(seats.taken, 1);
  take(seats, 'a');
  t.is(seats.take('c'), 'maxUngreeted');
  second.leave();
  take(seats, 'c');
});
