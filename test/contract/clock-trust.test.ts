import test from 'ava';
import { createClockTrust } from '../../src/contract/clock-trust.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 5, 1);

test('a clock that stands before this program existed cannot be right', async (t) => {
  const clock = createVirtualClock(0);
  const trust = createClockTrust(clock);
  t.is(
    trust.doubt(),
    'the clock here stands at 1970-01-01T00:00:00.000Z, and it was 2026-01-01T00:00:00.000Z before that',
  );
  clock.jump(start);
  t.is(trust.doubt(), null);
});

test('a clock that stands before what a cloud said once cannot be right', (t) => {
  const clock = createVirtualClock(start);
  const trust = createClockTrust(clock);
  trust.learnPast(start + day);
  t.regex(trust.doubt()!, /^the clock here stands at 2026-06-01/);
  trust.learnPast(start);
  t.not(trust.doubt(), null);
  clock.jump(day);
  t.is(trust.doubt(), null);
});

test('once the cloud was met, each jump is seen at once, and that it is over', async (t) => {
  const clock = createVirtualClock(start);
  const trust = createClockTrust(clock);
  trust.compare(start + 60_000);
  t.is(trust.doubt(), null);
  await clock.advance(3 * day);
  t.is(trust.doubt(), null);
  clock.jump(-30 * day);
  t.is(trust.doubt(), "the clock here is 30d behind the cloud's");
  clock.jump(32 * day);
  t.regex(trust.doubt()!, / ahead of the cloud's$/);
  clock.jump(-2 * day);
  t.is(trust.doubt(), null);
});

test("a cloud's word counts more than what was known before", (t) => {
  const clock = createVirtualClock(start);
  const trust = createClockTrust(clock);
  trust.learnPast(start + 400 * day);
  t.not(trust.doubt(), null);
  trust.compare(start);
  t.is(trust.doubt(), null);
});
