import test from 'ava';
import { createProgress, type ProgressOptions } from '../../src/terminal/progress.ts';
import { cellsOf } from '../../src/terminal/width.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

function setup(options: Partial<ProgressOptions> = {}, isTTY = true, columns = 80) {
  const clock = createVirtualClock();
  let text = '';
  const write = (more: string) => {
    text += more;
  };
  const output = { isTTY, columns, write };
  const progress = createProgress({
    label: 'exporting edge',
    total: 10 * 2 ** 20,
    unit: 'bytes',
    output,
    clock,
    ...options,
  });
  return { clock, progress, text: () => text, last: () => text.split('\u001b[K').at(-1)! };
}

test('long work says its share, amount, rate and what is left of it', async (t) => {
  const { clock, progress, last } = setup();
  for (let i = 0; i < 4; i++) {
    await clock.advance(500);
    progress.add(2 ** 20);
  }
  t.regex(last(), /^exporting edge ▕█+▍░+▏ 40 % · 4 MiB of 10 MiB · 2 MiB\/s · 3s left$/);
});

test('without a total there is an amount and a rate', async (t) => {
  const { clock, progress, last } = setup({ total: null, unit: 'readings' });
  await clock.advance(2_000);
  progress.add(3_000);
  t.is(last(), 'exporting edge · 3,000 readings · 1,500/s');
});

test('it is drawn ten times a second at most, and leaves an empty line', async (t) => {
  const { clock, progress, text, last } = setup();
  for (let i = 0; i < 1_000; i++) {
    await clock.advance(1);
    progress.add(1);
  }
  t.true(text().split('\r').length - 1 <= 11);
  progress.clear();
  t.is(last(), '');
  const before = text();
  progress.clear();
  t.is(text(), before);
});

test('it never wraps', async (t) => {
  for (const columns of [1, 10, 20, 40, 200]) {
    const { clock, progress, last } = setup({}, true, columns);
    await clock.advance(1_500);
    progress.add(5 * 2 ** 20);
    t.true(cellsOf(last()) <= Math.max(1, columns - 1), `${columns}`);
  }
});

test('where there is no terminal nothing is written', (t) => {
  const { progress, text } = setup({}, false);
  progress.add(2 ** 20);
  progress.clear();
  t.is(text(), '');
});
