import test from 'ava';
import { hasViewers, whileRead } from '../../src/cli/process.ts';

test('lines that nobody reads are left out in the end, and counted once somebody reads again', (t) => {
  const told: number[] = [];
  const output = {
    writableLength: 0,
    text: '',
    write(text: string) {
      output.text += text;
    },
  };
  const write = whileRead(output, (lines) => told.push(lines));
  write('one\n');
  output.writableLength = 17 * 2 ** 20;
  write('two\nthree\n');
  write('four\n');
  t.deepEqual(told, []);
  output.writableLength = 0;
  write('five\n');
  write('six\n');
  t.is(output.text, 'one\nfive\nsix\n');
  t.deepEqual(told, [3]);
});

test('there is no view where nobody looks on or somebody said so', (t) => {
  // Under the test runner there is no terminal at all.
  t.false(hasViewers({}));
  for (const env of [{ NO_COLOR: '1' }, { CI: 'true' }, { TERM: 'dumb' }, { FOGRUN_PARENT_SOCKET: '/x' }])
    t.false(hasViewers(env));
});
