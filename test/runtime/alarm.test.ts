import test from 'ava';
import type { Report } from '../../src/contract/report.ts';
import { sentence } from '../../src/runtime/log.ts';
import { Board } from '../../src/runtime/status.ts';
import { createModel, takeStatus } from '../../src/terminal/model.ts';
import { render } from '../../src/terminal/render.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { actorStatus, edgeStatus, startMs } from '../terminal/fixtures.ts';

const alarm = (about: string, text: string | null): Report => ({ type: 'alarm', about, text });

test('alarms of an actor stand in its status until each is over', (t) => {
  const clock = createVirtualClock();
  const board = new Board('edge', { reporter: () => () => {} }, clock);
  const sight = board.declare('up', 'uploader');
  sight.source = {
    condition: () => ({ state: 'idle', health: 'well', settled: true, cause: null, attempt: 0 }),
  };
  const report = board.reporter('up');
  t.is(sight.status(null).alarm, null);
  report(alarm('insecure', 'plain'));
  report(alarm('certificate', 'ends soon'));
  t.is(sight.status(null).alarm, 'plain; ends soon');
  t.is(sight.status(null).health, 'well');
  report(alarm('insecure', null));
  t.is(sight.status(null).alarm, 'ends soon');
  report(alarm('certificate', null));
  t.is(sight.status(null).alarm, null);
});

test('an alarm is a line of its own in the log and in the live view, in red', (t) => {
  t.is(sentence(alarm('insecure', 'plain') as never), 'alarm: plain');
  const model = createModel('run');
  takeStatus(model, edgeStatus({ actors: [actorStatus('up', { alarm: 'plain \u001b[0m TCP' })] }));
  const options = { columns: 100, rows: 20, unicode: true, nowMs: startMs };
  const plain = render(model, { ...options, colour: false });
  t.true(plain.some((line) => /^ +! plain \\u001b\[0m TCP/.test(line)));
  const line = render(model, { ...options, colour: true }).find((text) => text.includes('! plain'))!;
  t.regex(line, /\u001b\[[\d;]*31/);
});
