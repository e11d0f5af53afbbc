import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import type { ActorStatus, Health } from '../../src/contract/status.ts';
import {
  createModel,
  type Model,
  rows,
  say,
  takeEntry,
  takeLine,
  takeOver,
  takeStatus,
} from '../../src/terminal/model.ts';
import { type RenderOptions, render } from '../../src/terminal/render.ts';
import { cellsOf } from '../../src/terminal/width.ts';
import { actorStatus, cloudStatus, edgeStatus, entry, foreign, startMs, unreachable } from './fixtures.ts';

const usual: RenderOptions = { columns: 120, rows: 30, colour: false, unicode: true, nowMs: startMs };

function both(): Model {
  const model = createModel('run');
  takeStatus(model, cloudStatus());
  takeStatus(model, edgeStatus());
  return model;
}

const select = (model: Model, pipeline: string, actor: string) => {
  model.selected = { pipeline, actor };
  return model;
};
const lineOf = (lines: readonly string[], word: string) => lines.find((line) => line.includes(word)) ?? '';

test('each actor has a row with its state, since when, rate, backlog and last minute', (t) => {
  const lines = render(both(), { ...usual, columns: 140 });
  const row = lineOf(lines, 'uploader');
  t.regex(row, /▲ waitingToRetry +0s +0\/s ▕█+▎░+▏ 1,204 · 180 MiB/);
  t.regex(row, /[▁-█]{20}/);
  t.regex(lineOf(lines, 'barometer'), /● polling +4m12s +12\.3\/s/);
  t.regex(lineOf(lines, 'rotator'), /12 · 1\.4 KiB · 3s/);
});

test('a pipeline says how long it runs, who it is, and how full its store is', (t) => {
  const title = lineOf(render(both(), usual), ' edge');
  for (const part of ['up 4m12s', '12 MiB of 256 MiB', 'greenhouse-7', 'pid 4242'])
    t.true(title.includes(part), part);
});

test('a state can be told without colour, by a word and a shape of its own', (t) => {
  const shapes = { well: '●', paused: '‖', trouble: '▲', failed: '✗', ended: '○' } satisfies Record<
    Health,
    string
  >;
  for (const unicode of [true, false]) {
    const seen = new Set<string>();
    for (const [health, shape] of Object.entries(shapes) as [Health, string][]) {
      const model = createModel('run');
      takeStatus(model, edgeStatus({ actors: [actorStatus('it', { state: 'someState', health })] }));
      const row = lineOf(render(model, { ...usual, unicode }), 'someState');
      if (unicode) t.true(row.includes(`${shape} someState`), health);
      seen.add(row);
    }
    t.is(seen.size, 5);
  }
});

test('colour follows health', (t) => {
  const codes = { well: '42', paused: '46', trouble: '43', failed: '41', ended: '7;2' } satisfies Record<
    Health,
    string
  >;
  for (const [health, code] of Object.entries(codes) as [Health, string][]) {
    const model = createModel('run');
    takeStatus(model, edgeStatus({ actors: [actorStatus('it', { state: 'someState', health })] }));
    const row = lineOf(render(model, { ...usual, colour: true }), 'someState');
    t.regex(row, new RegExp(`\\u001b\\[[0-9;]*${code}m [^\\u001b]*someState`), health);
  }
});

test('a wait is counted down on the clock, and said again below where there is no column for it', (t) => {
  const model = select(both(), 'edge', 'barometer');
  const at = (nowMs: number, columns: number) => render(model, { ...usual, nowMs, columns }).join('\n');
  t.regex(at(startMs, 200), /waitingToRetry.*retry in 2\.3s · attempt 4/);
  t.regex(at(startMs + 1_000, 200), /waitingToRetry.*retry in 1\.3s · attempt 4/);
  t.regex(at(startMs + 5_000, 200), /retries now · attempt 4/);
  t.regex(at(startMs, 100), /\n {4}retry in 2\.3s · attempt 4 · link-unreachable: /);
});

test('what is wrong stands below an actor in trouble; below the selected one also what to do', (t) => {
  const model = select(both(), 'edge', 'barometer');
  const text = () => render(model, usual).join('\n');
  t.true(text().includes(unreachable.message));
  t.false(text().includes(unreachable.advice));
  select(model, 'edge', 'uploader');
  t.true(text().includes(unreachable.advice));
});

test('below the selected actor stands whom it serves', (t) => {
  const model = select(both(), 'edge', 'uploader');
  const status = edgeStatus();
  const about = 'e\u001b[2J';
  const actors = status.actors.map((one) => (one.name === 'uploader' ? { ...one, about } : one));
  takeStatus(model, { ...status, actors });
  const text = render(model, usual).join('\n');
  t.regex(text, /\n {4}serves e/);
  t.notRegex(text, /e\u001b\[2J/);
});

test('the selected actor is marked, and on the screen however low that is', (t) => {
  for (const height of [5, 8, 10, 12, 20]) {
    const model = both();
    for (const { pipeline, actor } of rows(model)) {
      select(model, pipeline, actor.name);
      const marked = render(model, { ...usual, rows: height }).filter((line) => line.startsWith('▶'));
      t.is(marked.length, 1, `${actor.name} at ${height}`);
      t.true(marked[0]!.includes(actor.name.split('/').at(-1)!), `${actor.name} at ${height}`);
    }
  }
});

test('narrow screens lose the last column first, and never the state', (t) => {
  const words = ['waitingToRetry', '0s', '0/s', '▕', 'LAST 60 s', '1,204', 'NEXT TRY'];
  let before = 0;
  for (let columns = 38; columns <= 200; columns++) {
    const lines = render(select(both(), 'edge', 'barometer'), { ...usual, columns });
    const table = [lineOf(lines, 'STATE'), lineOf(lines, 'waitingToRetry')].join('\n');
    const shown = words.filter((word) => table.includes(word)).length;
    t.true(shown >= before, `${columns} columns show fewer than ${columns - 1}`);
    t.true(shown >= 1);
    before = shown;
  }
  t.is(before, words.length);
});

test('of many sessions those in trouble are shown, the rest is counted', (t) => {
  const sessions = Array.from({ length: 100 }, (_, i) =>
    actorStatus(`receiver/10.0.0.${i}`, { state: 'receiving' }),
  );
  sessions[77] = actorStatus('receiver/10.0.0.77', {
    state: 'refusing',
    health: 'trouble',
    cause: unreachable,
  });
  const model = createModel('run');
  takeStatus(
    model,
    cloudStatus({
      actors: [actorStatus('receiver'), ...sessions, actorStatus('forecaster')],
      actorsLeftOut: 400,
    }),
  );
  const text = render(model, { ...usual, rows: 40 }).join('\n');
  t.true(text.includes('10.0.0.77'));
  t.true(text.includes('93 more, nothing wrong there'));
  t.true(text.includes('400 more that are not listed'));
  t.true(text.includes('forecaster'));
});

test('a draining pipeline says what is still waited for', (t) => {
  const model = createModel('run');
  const waiting = { readings: 3, bytes: 5_734, oldestMs: null, bytesMax: null };
  const actors = [
    actorStatus('poller', { health: 'ended', state: 'stopped' }),
    actorStatus('uploader', { waiting }),
  ];
  takeStatus(model, edgeStatus({ ending: true, actors }));
  t.true(render(model, usual).join('\n').includes('draining: uploader has 3 readings (5.6 KiB)'));
});

test('a pipeline whose process died says so, with its countdown, until it runs again', (t) => {
  const model = both();
  const cause = { code: 'process-ended', message: 'its process 7 was ended by SIGKILL', advice: '' } as const;
  const said = (to: string, more: object = {}) =>
    takeEntry(
      model,
      entry(
        { type: 'transition', from: 'alive', to, event: 'DIED', ...more },
        { pipeline: 'fogrun', actor: 'edge' },
      ),
      'parent',
    );
  said('waitingToRestart', { cause, attempt: 1, retryInMs: 1_500 });
  const text = render(model, usual).join('\n');
  t.regex(text, / edge +▲ waitingToRestart/);
  t.regex(text, /retry in 1\.5s · attempt 1 · process-ended: its process 7 was ended by SIGKILL/);
  t.regex(lineOf(text.split('\n'), 'barometer'), /○ off/);
  said('alive.starting');
  takeStatus(model, edgeStatus());
  const after = render(model, usual).join('\n');
  t.notRegex(after.slice(0, after.indexOf(' transitions ')), /waitingToRestart|ended by/);
});

test('a pipeline that has ended stays marked', (t) => {
  const model = both();
  takeOver(model, 'edge', null, startMs);
  takeOver(model, 'cloud', { code: 'control-lost', message: 'the connection ended', advice: '' }, startMs);
  const text = render(model, usual).join('\n');
  t.regex(text, / edge +○ ended/);
  t.regex(text, / cloud +✗ lost/);
});

test('transitions scroll: the newest at the bottom, older ones while somebody reads back', (t) => {
  const model = both();
  for (let i = 1; i <= 100; i++)
    takeLine(model, { timeMs: startMs, level: 'info', who: 'edge/rotator', text: `line ${i}.` });
  const shown = () => render(model, usual).join('\n');
  t.true(shown().includes('line 100.'));
  model.scroll = 50;
  t.true(shown().includes('line 50.'));
  t.false(shown().includes('line 51.'));
  takeLine(model, { timeMs: startMs, level: 'info', who: 'edge/rotator', text: 'line 101.' });
  t.true(shown().includes('line 50.'));
  t.false(shown().includes('line 51.'));
});

test('lines of several processes stand in the order of their times', (t) => {
  const model = both();
  for (const [second, text] of [
    [1, 'one.'],
    [3, 'three.'],
    [2, 'two.'],
    [3, 'four.'],
  ] as const)
    takeLine(model, { timeMs: startMs + second * 1_000, level: 'info', who: 'edge/rotator', text });
  const shown = render(model, usual).join(' ');
  t.deepEqual(shown.match(/\b(?:one|two|three|four)\./g), ['one.', 'two.', 'three.', 'four.']);
});

test('without Unicode there is ASCII alone', (t) => {
  const model = both();
  takeEntry(model, entry({ type: 'transition', from: 'a', to: 'b', event: 'X', cause: unreachable }));
  takeLine(model, { timeMs: startMs, level: 'warn', who: 'x/気', text: '気圧 → ▲' });
  for (const line of render(model, { ...usual, unicode: false })) t.regex(line, /^[\x20-\x7e]*$/);
});

test('nobody running says where it looked and how to leave', (t) => {
  const text = render(createModel('top', '/var/lib/fogrun'), usual).join('\n');
  t.true(text.includes('/var/lib/fogrun') && text.includes('--state') && text.includes('q leaves'));
});

const hostile = fc.record({
  name: foreign,
  state: foreign,
  message: foreign,
  health: fc.constantFrom<Health>('well', 'paused', 'trouble', 'failed', 'ended'),
  bytes: fc.oneof(fc.nat(), fc.constantFrom(0, Number.MAX_SAFE_INTEGER)),
  retry: fc.option(fc.integer({ min: -1e6, max: 1e6 })),
  rates: fc.array(fc.nat(1e6), { maxLength: 60 }),
});
const sizes = fc.oneof(
  fc.constantFrom([20, 5], [40, 10], [80, 24], [200, 60]),
  fc.tuple(fc.integer({ min: 1, max: 220 }), fc.integer({ min: 1, max: 70 })),
);

test('every line fits at every size, and nothing foreign steers the terminal', (t) => {
  fc.assert(
    fc.property(
      fc.array(hostile, { maxLength: 12 }),
      sizes,
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      (all, [columns, height], unicode, help, colour) => {
        const actors = all.map(
          (one): ActorStatus =>
            actorStatus(one.name, {
              state: one.state,
              health: one.health,
              cause: { code: 'device-error', message: one.message, advice: one.message },
              retryAtMs: one.retry === null ? null : startMs + one.retry,
              readings: 1,
              readingsPerSecond: one.bytes,
              perSecond: one.rates,
              waiting: { readings: one.bytes, bytes: one.bytes, oldestMs: startMs, bytesMax: one.bytes },
            }),
        );
        const model = createModel('run');
        takeStatus(model, edgeStatus({ actors, edge: all[0]?.name ?? '', ending: help }));
        for (const { name, message } of all) {
          takeLine(model, { timeMs: startMs, level: 'warn', who: name, text: message });
          if (colour) say(model, message, 'failed', startMs);
        }
        model.selected = { pipeline: 'edge', actor: all.at(-1)?.name ?? '' };
        model.help = help;
        if (unicode && help) model.asking = model.selected;
        const lines = render(model, { columns: columns!, rows: height!, colour, unicode, nowMs: startMs });
        t.is(lines.length, height);
        for (const line of lines) {
          // What remains once our own colours are taken away is plain text.
          const plain = line.replace(/\u001b\[[0-9;]*m/g, '');
          t.notRegex(plain, /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
          t.is(plain, stripVTControlCharacters(plain));
          t.true(cellsOf(plain) <= columns!, JSON.stringify(line));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a forecast is shown whole, in as many lines as it takes', (t) => {
  const model = both();
  const words =
    'forecast for segment 2 · 1013.3 hPa (simulated, station pressure) · no tendency yet: needs 30 min';
  takeLine(model, { timeMs: startMs, level: 'info', who: 'edge/acks', text: words });
  const lines = render(model, { ...usual, columns: 80 }).map((line) => line.trimEnd());
  const at = lines.findIndex((line) => line.includes('forecast for segment 2'));
  const indent = ' '.repeat(lines[at]!.indexOf('forecast'));
  t.true(lines[at + 1]!.startsWith(`${indent}`) && lines[at + 1]!.trim() !== '');
  const told = lines.slice(at).join(' ').replace(/ +/g, ' ');
  t.true(told.includes(words), told);
});
