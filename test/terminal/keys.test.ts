import test from 'ava';
import fc from 'fast-check';
import { createKeyReader } from '../../src/terminal/keys.ts';

const read = (...texts: string[]) => {
  const reader = createKeyReader();
  return texts.flatMap((text) => reader(text));
};

test('keys have names, however the terminal spells them', (t) => {
  t.deepEqual(read('\u001b[A\u001bOA\u001b[B\u001bOB'), ['up', 'up', 'down', 'down']);
  t.deepEqual(read('\u001b[5~\u001b[6~\u001b[H\u001b[F\t\u001b[Z'), [
    'pageUp',
    'pageDown',
    'home',
    'end',
    'tab',
    'backTab',
  ]);
  t.deepEqual(read('q?R\u0003\u001a\r'), ['q', '?', 'R', 'ctrl-c', 'ctrl-z', 'enter']);
});

test('a key that comes in two pieces is one key', (t) => {
  t.deepEqual(read('\u001b[', 'A'), ['up']);
  t.deepEqual(read('\u001b[5', '~q'), ['pageUp', 'q']);
});

test('a sequence that is no key of ours does not become letters', (t) => {
  t.deepEqual(read('\u001b[1;5C\u001b[200~q\u001b[24~'), ['q']);
  t.deepEqual(read('\u001b'), ['escape']);
});

test('whatever comes in, the next key is heard', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
      const reader = createKeyReader();
      for (const text of texts) reader(text);
      // At most one more letter ends what was begun.
      reader('~');
      t.true(reader('q').includes('q'));
    }),
  );
});
