import test from 'ava';
import { edgeStatus, entry, unreachable } from './fixtures.ts';
import { attached, setup } from './open-view.ts';

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
