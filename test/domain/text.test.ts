import test from 'ava';
import fc from 'fast-check';
import { clip, escapeControls, nearest, quoteList } from '../../src/domain/text.ts';

test('what would steer a terminal or deceive a reader is escaped', (t) => {
  t.is(escapeControls('\u001b[31mred\n\t\r'), '\\u001b[31mred\\n\\t\\r');
  t.is(
    escapeControls('a\u0000\u007f\u009b\u200b\u202e\u2066\ufeff\ud800'),
    'a\\u0000\\u007f\\u009b\\u200b\\u202e\\u2066\\ufeff\\ud800',
  );
  t.is(escapeControls('Grüße, 気圧 🌧 hPa'), 'Grüße, 気圧 🌧 hPa');
});

test('text once escaped is safe and stays as it is', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const safe = escapeControls(text);
      t.notRegex(safe, /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
      return escapeControls(safe) === safe;
    }),
  );
  t.pass();
});

test('words are listed as people would', (t) => {
  t.is(quoteList([]), '');
  t.is(quoteList(['a']), '`a`');
  t.is(quoteList(['a', 'b', 'c']), '`a`, `b` or `c`');
  t.is(quoteList(['a', 'b'], 'and'), '`a` and `b`');
});

test('the nearest word is found through one mistake of each sort', (t) => {
  const known = ['every', 'size', 'to', 'retry'];
  for (const word of ['evry', 'eevery', 'evrey', 'eveny', 'EVERY'])
    t.deepEqual(nearest(word, known), ['every'], word);
  t.deepEqual(nearest('ot', known), ['to']);
});

test('nothing is near what is far, and equally near words come together', (t) => {
  t.deepEqual(nearest('zzzzz', ['every', 'size']), []);
  t.deepEqual(nearest('', ['a']), []);
  t.deepEqual(nearest('x'.repeat(1_000_000), ['every']), []);
  t.deepEqual(nearest('sizs', ['size', 'sizt', 'other']), ['size', 'sizt']);
});

test('long text is cut, and never between the halves of a pair', (t) => {
  t.is(clip('abc', 3), 'abc');
  t.is(clip('abcdef', 4), 'abc…');
  t.is(clip('ab🌧cdef', 4), 'ab…');
});
