import test from 'ava';
import { absencesOf, lanesOf } from '../../../src/console/page/fleet/lanes.ts';
import { outagesOf } from '../../../src/console/page/fleet/outages.ts';
import { withNewest, withOlder } from '../../../src/console/page/fleet/pages.ts';
import { transitionLines } from '../../../src/console/page/fleet/transition-lines.ts';
import type { EdgeTransition } from '../../../src/contract/fleet.ts';

let lastSeq = 0;
function went(timeMs: number, from: string, to: string, over: Partial<EdgeTransition> = {}): EdgeTransition {
  lastSeq += 1;
  const wrong = to === 'waitingToRetry' || over.cause !== undefined;
  return {
    seq: lastSeq,
    epoch: 'ab',
    timeMs,
    actor: 'uploader',
    from,
    to,
    event: 'X',
    health: wrong ? 'trouble' : 'well',
    cause: null,
    attempt: null,
    retryInMs: null,
    storedMs: timeMs + 100,
    ...over,
  };
}
const lost = { cause: 'link-lost: gone', storedMs: 90_000 };
/** The cloud is gone from 10 s to 40 s; the edge tries twice. */
const outage = () => [
  went(1_000, 'connecting', 'sending'),
  went(10_000, 'sending', 'waitingToRetry', lost),
  went(20_000, 'waitingToRetry', 'connecting', lost),
  went(21_000, 'connecting', 'waitingToRetry', lost),
  went(39_000, 'waitingToRetry', 'connecting', lost),
  went(39_500, 'connecting', 'greeting', lost),
  went(40_000, 'greeting', 'sending'),
];

test('an outage goes from the first cause to the first state without one, and counts its retries', (t) => {
  t.deepEqual(outagesOf(outage()), [
    {
      actor: 'uploader',
      fromMs: 10_000,
      toMs: 40_000,
      cause: 'link-lost: gone',
      state: 'waitingToRetry',
      retries: 2,
    },
  ]);
});

test('an attempt to connect does not end an outage where only states are known', (t) => {
  const turns = outage().map(({ health: _, cause, to, ...rest }) => ({
    ...rest,
    to,
    cause: to === 'waitingToRetry' ? cause : null,
  }));
  t.deepEqual(
    outagesOf(turns).map(({ fromMs, toMs }) => [fromMs, toMs]),
    [[10_000, 40_000]],
  );
});

test('outages of several actors are told apart, and one that lasts has no end', (t) => {
  const stale = went(15_000, 'polling', 'stale', { actor: 'barometer', cause: 'sensor-silent' });
  const turns = [...outage(), stale].sort((a, b) => a.timeMs - b.timeMs);
  t.deepEqual(
    outagesOf(turns).map(({ actor, toMs }) => [actor, toMs]),
    [
      ['uploader', 40_000],
      ['barometer', null],
    ],
  );
});

test('times without the cloud are those of who sends, with when the cloud had the word', (t) => {
  const stale = went(5_000, 'polling', 'stale', { actor: 'barometer', cause: 'sensor-silent' });
  const [absence, ...others] = absencesOf([stale, ...outage()]);
  t.deepEqual(others, []);
  t.is(absence?.fromMs, 10_000);
  t.is(absence?.heardMs, 90_000);
});

test('a lane holds the states one after the other, the last of them up to the end of the axis', (t) => {
  const [lane] = lanesOf(outage(), { fromMs: 0, toMs: 60_000 }, 0);
  t.deepEqual(
    lane?.spans.map(({ state, fromMs, toMs, lasts }) => [state, fromMs, toMs, lasts]),
    [
      ['sending', 1_000, 10_000, false],
      ['waitingToRetry', 10_000, 20_000, false],
      ['connecting', 20_000, 21_000, false],
      ['waitingToRetry', 21_000, 39_000, false],
      ['connecting', 39_000, 39_500, false],
      ['greeting', 39_500, 40_000, false],
      ['sending', 40_000, 60_000, true],
    ],
  );
});

test('short states of one colour become one span, and trouble never hides in what is well', (t) => {
  const [lane] = lanesOf(outage(), { fromMs: 0, toMs: 60_000 }, 5_000);
  t.deepEqual(
    lane?.spans.map(({ state, health, states }) => [state, health, states]),
    [
      ['sending', 'well', 1],
      ['waitingToRetry', 'trouble', 2],
      ['waitingToRetry', 'trouble', 3],
      ['sending', 'well', 1],
    ],
  );
});

test('an older part stands before what is known, and nothing twice', (t) => {
  const all = outage();
  const known = { transitions: all.slice(3), before: 'p3' };
  const joined = withOlder(known, { edge: 'e', transitions: all.slice(0, 4), before: null });
  t.deepEqual(joined, { transitions: all, before: null });
});

test('the newest part is put behind what was fetched, and replaces it where both do not meet', (t) => {
  const all = outage();
  const known = { transitions: all.slice(0, 5), before: 'p0' };
  const meets = withNewest(known, { edge: 'e', transitions: all.slice(3), before: 'p3' });
  t.deepEqual(meets, { transitions: all, before: 'p0' });
  const apart = withNewest(
    { transitions: all.slice(0, 2), before: null },
    { edge: 'e', transitions: all.slice(5), before: 'p5' },
  );
  t.deepEqual(apart, { transitions: all.slice(5), before: 'p5' });
});

test('attempts in a row are one line, with what began and what ended the outage beside it', (t) => {
  t.deepEqual(
    transitionLines(outage()).map(({ transitions }) => transitions.map(({ timeMs }) => timeMs)),
    [[40_000], [39_500, 39_000, 21_000, 20_000], [10_000], [1_000]],
  );
});

test('an actor that is well again and again is not folded away', (t) => {
  const well = [1, 2, 3, 4, 5, 6].map((timeMs) => went(timeMs, 'idle', 'sending'));
  t.is(transitionLines(well).length, 6);
});
