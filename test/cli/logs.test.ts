import test from 'ava';
import { wantedOf } from '../../src/cli/logs.ts';
import type { Level } from '../../src/contract/report.ts';
import { entry } from '../helpers/fake-control.ts';

test('all of the past is printed, before what comes only the last 20 lines, or as many as somebody wants', (t) => {
  t.is(wantedOf({ follow: false }).linesMax, Number.POSITIVE_INFINITY);
  t.is(wantedOf({ follow: true }).linesMax, 20);
  t.is(wantedOf({ follow: true, lines: 'all' }).linesMax, Number.POSITIVE_INFINITY);
  t.is(wantedOf({ follow: false, lines: '0' }).linesMax, 0);
  for (const lines of ['', '-1', 'some', '1.5']) {
    t.throws(() => wantedOf({ follow: true, lines }), { code: 'usage', message: /--lines/ });
  }
});

test('a level leaves out what is less, and nothing whose level is not known', (t) => {
  const shown = (level?: string) => {
    const { fits } = wantedOf({ follow: false, level });
    return ['debug', 'info', 'warn', 'error', 'new'].filter((own) =>
      fits(entry('x', { level: own as Level })),
    );
  };
  t.deepEqual(shown(), ['debug', 'info', 'warn', 'error', 'new']);
  t.deepEqual(shown('warn'), ['warn', 'error', 'new']);
  t.throws(() => shown('loud'), { code: 'usage', message: /--level takes/ });
});
