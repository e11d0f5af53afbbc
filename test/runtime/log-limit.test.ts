import test from 'ava';
import type { Level, Report } from '../../src/contract/report.ts';
import { limitLog } from '../../src/runtime/log-limit.ts';
import { problem } from '../helpers/statechart.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

function start() {
  const clock = createVirtualClock();
  const lines: { actor: string; report: Report; level: Level | undefined }[] = [];
  const log = limitLog(
    { reporter: (_, actor) => (report, level) => void lines.push({ actor, report, level }) },
    clock,
  );
  const say = (actor: string, report: Report, times = 1, level?: Level) => {
    for (let i = 0; i < times; i++) log.reporter('cloud', actor)(report, level);
  };
  const texts = () => lines.map(({ report }) => (report.type === 'note' ? report.text : report.type));
  return { clock, lines, log, say, texts };
}

const turnedAway: Report = { type: 'note', text: '192.0.2.1:5 was turned away: too many connections' };
const broken: Report = { type: 'problem', ...problem('link-foreign', 'not a greeting') };
const change: Report = { type: 'transition', from: 'greeting', to: 'lost', event: 'CLOSED' };

test('a flood of warnings is cut to 50 lines and then 10 a second, with one line that counts the rest', async (t) => {
  const { clock, lines, say, texts } = start();
  say('receiver', turnedAway, 173, 'warn');
  t.is(lines.length, 50);
  await clock.advance(1_000);
  t.deepEqual(texts().slice(50), ['… 123 more like this']);
  t.is(lines.at(-1)!.level, 'warn');
  t.is(lines.at(-1)!.actor, 'receiver');
  say('receiver', turnedAway, 100, 'warn');
  t.is(lines.length, 51 + 10);
  await clock.advance(1_000);
  t.is(texts().at(-1), '… 90 more like this');
  t.is(clock.pending, 0);
});

test('a flood that lasts an hour leaves few lines, and every line is told or counted', async (t) => {
  const { clock, say, texts } = start();
  for (let i = 0; i < 36_000; i++) {
    say('receiver', turnedAway, 10, 'warn');
    await clock.advance(100);
  }
  await clock.advance(2_000);
  const counted = texts().flatMap((text) => /^… (\d+) more/.exec(text)?.[1] ?? []);
  const told = texts().length - counted.length;
  t.true(texts().length <= 50 + 3_600 * 11 + 10, `${texts().length} lines`);
  t.is(told + counted.reduce((sum, n) => sum + Number(n), 0), 360_000);
});

test('actors and kinds of line have an allowance each', (t) => {
  const { lines, say } = start();
  say('receiver', turnedAway, 60, 'warn');
  say('receiver', broken, 60);
  say('lines', turnedAway, 60, 'warn');
  t.is(lines.length, 150);
});

test('strangers with a new name each share the allowance of whom they come to', (t) => {
  const { lines, say } = start();
  for (let port = 1; port <= 1_000; port++) say(`receiver/192.0.2.1:${port}`, broken);
  t.is(lines.length, 50);
});

test('what says no trouble, and state changes of declared actors, are never left out', (t) => {
  const { lines, say } = start();
  say('receiver', { type: 'note', text: 'listening' }, 1_000);
  say('uploader', { ...change, cause: problem('link-lost') }, 1_000);
  say('rotator', { type: 'segment', what: 'sealed', segment: 1, readings: 1, stream: 's' }, 1_000);
  t.is(lines.length, 3_000);
});

test('state changes of connections come under 200 a second for all of an actor together', async (t) => {
  const { clock, lines, say, texts } = start();
  for (let port = 1; port <= 500; port++) {
    say(`receiver/192.0.2.1:${port}`, change);
    say(`lines/192.0.2.1:${port}`, change);
  }
  say('receiver/192.0.2.1:1', { type: 'note', text: 'edge e1 greeted' });
  t.is(lines.length, 400);
  await clock.advance(1_000);
  t.deepEqual(texts().slice(400), [
    '… 301 more lines of its connections',
    '… 300 more lines of its connections',
  ]);
  t.deepEqual(
    lines.slice(400).map(({ actor }) => actor),
    ['receiver', 'lines'],
  );
  say('receiver/192.0.2.1:7', change, 300);
  t.is(lines.length, 602);
});

test('what connections store is always told', (t) => {
  const { lines, say } = start();
  const stored = { edge: 'e', stream: 's', segment: 1, readings: 1, file: 'f' };
  say('receiver/192.0.2.1:1', { type: 'stored', ...stored }, 1_000);
  t.is(lines.length, 1_000);
});

test('at the end the rest is counted at once, and no timer is left', (t) => {
  const { clock, log, say, texts } = start();
  say('receiver', broken, 51);
  log.flush();
  t.is(texts().at(-1), '… 1 more like this');
  log.flush();
  t.is(texts().length, 51);
  t.is(clock.pending, 0);
});
