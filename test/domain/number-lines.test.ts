import test from 'ava';
import fc from 'fast-check';
import { numberedBytesMax, numberLines } from '../../src/domain/reading.ts';

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

test('each line gets its number in place of its brace', (t) => {
  const lines = Buffer.from('{"a":1}\n{ "b":"é"}\n{"c":{}}\n');
  t.is(textOf(numberLines(lines, 3, 9)), '{"seq":9,"a":1}\n{"seq":10, "b":"é"}\n{"seq":11,"c":{}}\n');
  t.is(textOf(numberLines(new Uint8Array(), 0, 1)), '');
});

test('any lines from any number up are numbered as written by hand', (t) => {
  const first = fc.oneof(
    fc.integer({ min: 1, max: 1_100 }),
    fc.constantFrom(99_990, 999_999, Number.MAX_SAFE_INTEGER - 60),
  );
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 50 }), first, fc.nat(9), (texts, firstSeq, spare) => {
      const rest = texts.map((text) => `"x":${JSON.stringify(text)}}\n`);
      const lines = Buffer.from(rest.map((line) => `{${line}`).join(''));
      const before = Buffer.from(lines);
      const target = Buffer.alloc(numberedBytesMax(lines.length, texts.length, firstSeq) + spare);
      const numbered = numberLines(lines, texts.length, firstSeq, target);
      t.is(textOf(numbered), rest.map((line, i) => `{"seq":${firstSeq + i},${line}`).join(''));
      t.is(numbered.byteOffset, target.byteOffset);
      t.deepEqual(lines, before);
    }),
  );
});

test('a batch that is not what it says, or has no room, is an error', (t) => {
  const lines = Buffer.from('{"a":1}\n{"a":2}\n');
  t.throws(() => numberLines(lines, 3, 1), { instanceOf: RangeError, message: /3 lines ends after 2/ });
  t.throws(() => numberLines(lines, 1, 1), { instanceOf: RangeError, message: /1 lines has more/ });
  t.throws(() => numberLines(lines, 2, 1, Buffer.alloc(20)), {
    instanceOf: RangeError,
    message: /do not fit/,
  });
});
