import test from 'ava';
import fc from 'fast-check';
import { arrayToLines } from '../../src/domain/array-lines.ts';
import { takeLines } from '../../src/domain/intake.ts';

function linesOf(body: string): string | undefined {
  const made = arrayToLines(Buffer.from(body));
  return 'lines' in made ? Buffer.from(made.lines).toString('utf8') : undefined;
}

function complaintOf(body: string): string | undefined {
  const made = arrayToLines(Buffer.from(body));
  return 'complaint' in made ? made.complaint : undefined;
}

test('each item of an array becomes a line, its bytes kept', (t) => {
  t.is(
    linesOf('[{"a":1.10},[1,[2]],"x,]\\"",12345678901234567890]'),
    '{"a":1.10}\n[1,[2]]\n"x,]\\""\n12345678901234567890\n',
  );
  t.is(linesOf(' [ 1 , 2 ] \r\n'), ' 1 \n 2 \n');
  t.is(linesOf('[]'), '');
  t.is(linesOf('[ \n ]'), '');
});

test('newlines between tokens become spaces', (t) => {
  t.is(linesOf('[\n  {\n    "a": 1\n  },\n  2\n]\n'), '   {     "a": 1   }\n   2 \n');
});

test('any other value is one line', (t) => {
  t.is(linesOf('\n{\n"a":"[,"}\n'), '{ "a":"[,"} \n');
  t.is(linesOf('7'), '7\n');
});

test('what does not hold together is told with its byte', (t) => {
  const complaints: Record<string, string> = {
    '': 'is empty: expected a JSON array, or one value',
    ' \n': 'is empty: expected a JSON array, or one value',
    '[1,,2]': 'is not JSON: expected a value at byte 4',
    '[,1]': 'is not JSON: expected a value at byte 2',
    '[1,]': 'is not JSON: expected a value at byte 4',
    '[1': 'is not JSON: it ends within the array',
    '[{"a":1]': 'is not JSON: it ends within the array',
    '[1}': 'is not JSON: expected `,` or `]` at byte 3',
    '[1] 2': 'is not JSON: expected nothing after the array at byte 5',
    '["a]': 'is not JSON: it ends within the text that begins at byte 2',
    '["a\\': 'is not JSON: it ends within the text that begins at byte 2',
    '{"a\nb":1}': 'is not JSON: the newline at byte 4 stands within a text, where it must be written as \\n',
    '["\n"]': 'is not JSON: the newline at byte 3 stands within a text, where it must be written as \\n',
  };
  for (const [body, complaint] of Object.entries(complaints)) t.is(complaintOf(body), complaint, body);
});

const rules = { device: 'd', sensor: 's', lineBytesMax: 10_000, depthMax: 40 };
const take = (lines: Uint8Array) => takeLines(lines, rules, 1, '2030-01-01T00:00:00Z');

test('one bad item costs one line, and item i is line i', (t) => {
  const made = arrayToLines(
    Buffer.from(`[1, 1e400, tru, NaN, ${'['.repeat(99)}${']'.repeat(99)}, {"a" 1}, 7]`),
  );
  t.true('lines' in made);
  const taken = take('lines' in made ? made.lines : new Uint8Array());
  t.is(taken.count, 2);
  t.deepEqual(
    taken.refusals.map(({ line }) => line),
    [2, 3, 4, 5, 6],
  );
});

test('the items of any JSON array come through, however it is laid out', (t) => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom('', ' ', '\t', '\n', '\r\n '), (items, indent) => {
      const body = Buffer.from(JSON.stringify(items, null, indent));
      const before = Buffer.from(body);
      const made = arrayToLines(body);
      t.deepEqual(body, before);
      t.true('lines' in made);
      const taken = take('lines' in made ? made.lines : new Uint8Array());
      t.is(taken.linesRead, items.length);
      t.is(taken.refused, 0);
      t.is(taken.count, items.length);
    }),
  );
});

test('whatever the bytes are, lines or a complaint come out, in one pass', (t) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('[', ']', '{', '}', ',', '"', '\\', '\n', '1', ' ')), (pieces) => {
      const body = pieces.join('');
      const lines = linesOf(body);
      t.true(lines === undefined || lines === '' || lines.endsWith('\n'));
      let isJson = true;
      try {
        JSON.parse(body);
      } catch {
        isJson = false;
      }
      t.true(!isJson || lines !== undefined);
      // What is refused as a whole or in a part is what JSON.parse refuses.
      if (!isJson && lines !== undefined) t.true(take(Buffer.from(lines)).refused > 0);
    }),
    { numRuns: 3_000 },
  );
  for (const piece of ['[', '"', '\\"', ',', '{"":', '\n']) {
    arrayToLines(Buffer.from(`[${piece.repeat(2 ** 20)}`));
  }
  t.pass();
});
