import test from 'ava';
import fc from 'fast-check';
import { readRow } from '../../src/domain/csv.ts';

const comma = 44;

/** Every row of a text, or what is wrong with it; `parts` cuts what is known at a time. */
function rowsOf(text: string | Uint8Array, rowBytesMax = 1_000): (readonly string[] | string)[] {
  const bytes = Buffer.from(text as string);
  const found: (readonly string[] | string)[] = [];
  for (let at = 0; at < bytes.length; ) {
    const next = readRow(bytes, at, true, comma, rowBytesMax);
    if (next.found === 'cut') throw new Error('nothing more comes');
    if (next.found === 'row') found.push(next.row.fields);
    if (next.found === 'wrong') found.push(next.reason);
    at += next.bytes;
  }
  return found;
}

test('fields are split at the delimiter, rows at either line break, the last one at the end', (t) => {
  t.deepEqual(rowsOf('a,b,c\r\n1,,3\n4,5,6'), [
    ['a', 'b', 'c'],
    ['1', '', '3'],
    ['4', '5', '6'],
  ]);
  t.deepEqual(rowsOf('a,\n,b\n'), [
    ['a', ''],
    ['', 'b'],
  ]);
});

test('a field in quotes may hold the delimiter, line breaks and quotes written twice', (t) => {
  t.deepEqual(rowsOf('"a,b","c\nd","e""f",""\n"x"\r\n'), [['a,b', 'c\nd', 'e"f', ''], ['x']]);
});

test('empty lines are no rows, an empty text in quotes is one', (t) => {
  t.deepEqual(rowsOf('\n\r\na\n\n""\n'), [['a'], ['']]);
});

test('a wrong row costs no other', (t) => {
  t.deepEqual(rowsOf('a\n"b"c\nd"e\n"f\ng\n'), [
    ['a'],
    'has text after a closing quote',
    'has a quote within a field that does not begin with one',
    'has a quote that is never closed',
    ['g'],
  ]);
  t.deepEqual(rowsOf(Buffer.from([0x61, 0x0a, 0xff, 0x0a, 0x62])), [['a'], 'is not valid UTF-8', ['b']]);
  t.deepEqual(rowsOf(`a\n${'b'.repeat(50)}\nc`, 20), [['a'], 'is longer than 20 bytes', ['c']]);
});

test('what a writer wrote is read back, and no cut is taken for an end', (t) => {
  const field = fc.oneof(
    fc.constantFrom('', ',', '"', '\n', '\r\n', '\r', 'ä', '""', ' '),
    fc.string({ maxLength: 8 }),
  );
  const rows = fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 6 });
  fc.assert(
    fc.property(rows, fc.constantFrom('\n', '\r\n'), fc.boolean(), (wanted, end, closed) => {
      const text = wanted
        .map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(','))
        .join(end);
      t.deepEqual(rowsOf(closed ? text + end : text), wanted);
      const bytes = Buffer.from(text + end);
      // The first row must not be told before its line break has come.
      const whole = readRow(bytes, 0, true, comma, 1_000);
      if (whole.found !== 'row') return;
      for (let known = 0; known < whole.bytes; known++) {
        const part = readRow(bytes.subarray(0, known), 0, false, comma, 1_000);
        t.is(part.found, 'cut', JSON.stringify([text, known]));
      }
    }),
  );
});
