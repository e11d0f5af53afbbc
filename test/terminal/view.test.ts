import test from 'ava';
import { FogrunError } from '../../src/contract/errors.ts';
import { openView, type ViewOptions } from '../../src/terminal/view.ts';
import { smallTerminal } from '../helpers/small-terminal.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import {
  actorStatus,
  edgeStatus,
  entry,
  type FakeTty,
  fakeControl,
  fakeTty,
  startMs,
  unreachable,
} from './fixtures.ts';

function setup(options: Partial<ViewOptions> = {}) {
  const clock = createVirtualClock(startMs);
  const tty: FakeTty = fakeTty();
  let quits = 0;
  let suspends = 0;
  const view = openView({
    mode: 'run',
    tty,
    clock,
    colour: true,
    unicode: true,
    user: 'ada',
    on: {
      quit: () => {
        quits += 1;
      },
      suspend: () => {
        suspends += 1;
      },
    },
    ...options,
  });
  const screen = () => {
    const terminal = smallTerminal();
    terminal.write(tty.text);
    return terminal;
  };
  const text = () => screen().lines().join('\n');
  return { clock, tty, view, screen, text, quits: () => quits, suspends: () => suspends };
}

async function attached(options: Partial<ViewOptions> = {}) {
  const all = setup(options);
  const control = fakeControl('edge');
  all.view.attach(control);
  control.watcher()!.status(edgeStatus());
  await all.clock.advance(200);
  const type = async (keys: string) => {
    all.tty.type(keys);
    await all.clock.advance(200);
  };
  return { ...all, control, type };
}

test('the terminal is taken whole and given back whole', (t) => {
  const { view, screen, tty } = setup();
  t.true(screen().alternate() && !screen().cursorShown() && !screen().wraps() && tty.raw);
  view.close();
  view.close();
  t.true(!screen().alternate() && screen().cursorShown() && screen().wraps() && !tty.raw);
  t.is(screen().normal(), '');
});

test('a closed view writes nothing more and leaves no timers', async (t) => {
  const { clock, control, tty, view } = await attached();
  const watcher = control.watcher()!;
  view.close();
  const { text } = tty;
  watcher.status(edgeStatus({ pid: 1 }));
  watcher.over(null);
  view.entry(entry({ type: 'note', text: 'late' }));
  tty.type('p');
  await clock.advance(10_000);
  t.is(tty.text, text);
  t.is(clock.pending, 0);
  t.is(control.watcher(), null);
});

test('what is known from the file is shown before anything was said', async (t) => {
  const { view, clock, text } = setup();
  view.expect('edge', [{ name: 'poller', kind: 'sensor-poller' }]);
  await clock.advance(100);
  t.regex(text(), /poller +○ off/);
});

test('a transition is seen at once, between statuses', async (t) => {
  const { view, clock, text } = await attached();
  view.entry(
    entry(
      { type: 'transition', from: 'rotating', to: 'full', event: 'X', cause: unreachable },
      { actor: 'rotator', level: 'warn' },
    ),
  );
  await clock.advance(100);
  t.regex(text(), /rotator +▲ full/);
  t.regex(text(), /rotating → full · link-unreachable/);
});

test('a burst makes ten pictures a second, and an idle view one that changes its clocks alone', async (t) => {
  const { view, clock, tty } = await attached();
  const pictures = async (act: () => Promise<void>) => {
    const from = tty.text.length;
    await act();
    return tty.text.slice(from).split('\u001b[?2026h').slice(1);
  };
  const burst = await pictures(async () => {
    for (let i = 0; i < 1_000; i++) {
      view.entry(entry({ type: 'note', text: `line ${i}` }));
      await clock.advance(1);
    }
  });
  t.true(burst.length >= 5 && burst.length <= 11, `${burst.length}`);
  // Until nothing counts down any more.
  await clock.advance(20_000);
  const idle = await pictures(() => clock.advance(10_000));
  t.true(idle.length >= 5 && idle.length <= 11, `${idle.length}`);
  const lines = idle.map((picture) => picture.split(';1H').length - 1);
  t.true(Math.max(...lines) <= 8, `${lines}`);
});

test('a terminal that takes nothing gets the newest picture once it does, and no others', async (t) => {
  const { view, clock, tty, text } = await attached();
  tty.stuck = true;
  view.entry(entry({ type: 'note', text: 'first' }));
  await clock.advance(100);
  const { length } = tty.text;
  for (let i = 0; i < 50; i++) {
    view.entry(entry({ type: 'note', text: `then ${i}` }));
    await clock.advance(100);
  }
  t.is(tty.text.length, length);
  tty.release();
  await clock.advance(100);
  t.true(text().includes('then 49'));
});

test('a resized terminal is painted anew', async (t) => {
  const { clock, tty, screen } = await attached();
  tty.resize(60, 12);
  await clock.advance(100);
  const from = tty.text.lastIndexOf('\u001b[2J');
  t.true(tty.text.slice(from).includes('uploader'));
  tty.resize(40, 10);
  await clock.advance(100);
  t.true(screen().lines().length <= 10);
});

test('p pauses the selected actor and lets it go on, in the name of who pressed it', async (t) => {
  const { control, type, text } = await attached();
  await type('jjp');
  control.answer = { from: 'paused', to: 'waiting' };
  await type('jp');
  const by = { user: 'ada', command: 'key p' };
  t.deepEqual(control.acts, [
    { actor: 'uploader', action: 'pause', by },
    { actor: 'acks', action: 'resume', by },
  ]);
  t.true(text().includes('edge/acks: paused → waiting'));
});

test('a refusal is shown in its own words, and goes away', async (t) => {
  const { control, clock, type, text } = await attached();
  control.answer = new FogrunError(
    'control-refused',
    'edge/barometer is not waiting to retry: it is \u001b[2Jpolling',
  );
  await type('r');
  t.true(text().includes('edge/barometer is not waiting to retry: it is \\u001b[2Jpolling'));
  await clock.advance(10_000);
  t.false(text().includes('is not waiting to retry'));
});

test('R restarts only after y', async (t) => {
  const { control, type, text } = await attached();
  await type('R');
  t.true(text().includes('restart edge/barometer?'));
  await type('n');
  t.deepEqual(control.acts, []);
  await type('Ry');
  t.deepEqual(control.acts, [
    { actor: 'barometer', action: 'restart', by: { user: 'ada', command: 'key R' } },
  ]);
});

test('a pipeline that cannot be reached is not acted on', async (t) => {
  const { control, type, text } = await attached();
  control.watcher()!.over({ code: 'control-lost', message: 'the connection ended', advice: '' });
  await type('p');
  t.deepEqual(control.acts, []);
  t.true(text().includes('edge/barometer: its pipeline cannot be reached now'));
});

test('q and Ctrl-C ask for the end, each time', async (t) => {
  const { type, quits } = await attached();
  await type('q');
  t.is(quits(), 1);
  await type('\u0003');
  t.is(quits(), 2);
  await type('?q');
  t.is(quits(), 3);
});

test('? explains the keys until the next one', async (t) => {
  const { type, text } = await attached();
  await type('?');
  t.true(text().includes('retry now instead of waiting'));
  await type('x');
  t.false(text().includes('retry now instead of waiting'));
  t.true(text().includes('barometer'));
});

test('tab goes through the pipelines, arrows through the actors', async (t) => {
  const { view, clock, tty, text } = await attached();
  const other = fakeControl('greenhouse');
  view.attach(other);
  other.watcher()!.status(edgeStatus({ pipeline: 'greenhouse', actors: [actorStatus('fan')] }));
  const marked = async (keys: string) => {
    tty.type(keys);
    await clock.advance(200);
    return text()
      .split('\n')
      .filter((line) => line.startsWith('▶'))
      .map((line) => line.split(/ +/)[1]);
  };
  t.deepEqual(await marked(''), ['barometer']);
  t.deepEqual(await marked('\u001b[B\u001b[B\u001b[A'), ['rotator']);
  t.deepEqual(await marked('\t'), ['fan']);
  t.deepEqual(await marked('\t'), ['barometer']);
  t.deepEqual(await marked('kkk'), ['barometer']);
  t.deepEqual(await marked('jjjjjjjjj'), ['fan']);
});

test('PgUp reads back, End follows again', async (t) => {
  const { view, clock, tty, text } = await attached();
  for (let i = 0; i < 100; i++) view.entry(entry({ type: 'note', text: `line ${i}.` }));
  const after = async (keys: string) => {
    tty.type(keys);
    await clock.advance(200);
    return text();
  };
  t.true((await after('')).includes('line 99.'));
  const back = await after('\u001b[5~\u001b[5~');
  t.false(back.includes('line 99.'));
  t.regex(back, /newer lines below/);
  t.true((await after('\u001b[H')).includes('line 0.'));
  t.true((await after('\u001b[F')).includes('line 99.'));
});

test('Ctrl-Z gives the terminal back until it goes on', async (t) => {
  const { view, clock, type, screen, suspends, tty } = await attached();
  await type('\u001a');
  t.is(suspends(), 1);
  t.false(screen().alternate() || tty.raw);
  view.resume();
  await clock.advance(100);
  t.true(screen().alternate() && tty.raw);
  t.true(screen().lines().join('\n').includes('barometer'));
});

test('a terminal that another program wrote on is painted whole again', async (t) => {
  const { view, clock, tty, text } = await attached();
  const modes: boolean[] = [];
  tty.setRaw = (raw) => void modes.push(raw);
  tty.text += '\u001b[?1049l\u001b[?25h$ kill -STOP';
  view.resume();
  await clock.advance(100);
  t.deepEqual(modes, [false, true]);
  t.true(text().includes('barometer') && text().includes('uploader'));
});

test('how a pipeline ended is told by its process where it has one', async (t) => {
  const cause = {
    code: 'process-ended',
    message: 'its process 7 ended with exit code 3',
    advice: '',
  } as const;
  const ended = async (to: string, more: object = {}) => {
    const { view } = await attached();
    const report = { type: 'transition', from: 'alive.running', to, event: 'X', ...more } as const;
    view.entry(entry(report, { pipeline: 'fogrun', actor: 'edge' }), 'parent');
    return view.close().pipelines[0]!.how;
  };
  t.is(await ended('stopped'), 'ended in order');
  t.is(await ended('failed', { cause }), `failed, process-ended: ${cause.message}`);
  t.is(await ended('waitingToRestart', { cause, retryInMs: 500 }), `failed, process-ended: ${cause.message}`);
  t.is(await ended('alive.running'), 'was ended at once');
});

test('at the end it tells how each pipeline ended, and what was said in the meantime', async (t) => {
  const { view } = await attached();
  for (let i = 0; i < 30; i++) view.line('edge/stderr', `warning ${i}`);
  for (let attempt = 1; attempt <= 9; attempt++)
    view.entry(
      entry(
        {
          type: 'transition',
          from: 'connecting',
          to: 'waitingToRetry',
          event: 'X',
          cause: unreachable,
          attempt,
        },
        { level: 'warn' },
      ),
    );
  view.entry(entry({ type: 'note', text: 'nothing to see' }));
  view.over('edge', null);
  const { pipelines, complaints, complaintsTotal } = view.close();
  t.deepEqual(pipelines, [{ name: 'edge', how: 'ended in order' }]);
  t.is(complaintsTotal, 39);
  t.is(complaints.length, 20);
  t.is(complaints.at(-1)!.times, 9);
  t.regex(complaints.at(-1)!.text, /attempt 9/);
  t.is(complaints.at(-2)!.text, 'warning 29');
});
