import test from 'ava';
import fc from 'fast-check';
import { type IntakeRules, takeLines } from '../../src/domain/intake.ts';
import { LineIntake, type TakenLines } from '../../src/domain/line-intake.ts';

const rules: IntakeRules = { device: 'tcp', sensor: 'value', lineBytesMax: 20, depthMax: 4 };
const time = '2030-01-01T12:00:00.000Z';

function feed(chunks: readonly Uint8Array[], intake = new LineIntake(rules)): TakenLines[] {
  return [...chunks.flatMap((chunk) => intake.push(chunk, time)), ...intake.end(time)];
}

function summary(taken: readonly TakenLines[]) {
  const sum = (pick: (part: TakenLines) => number) => taken.reduce((total, part) => total + pick(part), 0);
  return {
    lines: Buffer.concat(taken.map((part) => part.lines)).toString('latin1'),
    count: sum((part) => part.count),
    refusals: taken.flatMap((part) => part.refusals),
    refused: sum((part) => part.refused),
    linesRead: sum((part) => part.linesRead),
    sourceBytes: sum((part) => part.sourceBytes),
  };
}

const atOnce = (bytes: Uint8Array) => {
  // Of a part it is told apart from the whole whether all of it was wrapped.
  const { bytesRead, stamped: _, ...taken } = takeLines(bytes, rules, 1, time);
  return { ...taken, lines: Buffer.from(taken.lines).toString('latin1'), sourceBytes: bytesRead };
};

const sample = Buffer.from(
  '1\n{"a":"é"}\r\n\n?\n[1,2,3,4,5,6,7,8,9]\r\n[1,2,3,4,5,6,7,8,9]  \n12345678901234567890\r\n"end"',
);

test('wherever the chunks are cut, the lines are the same', (t) => {
  const expected = atOnce(sample);
  t.is(expected.refused, 2);
  for (let cut = 0; cut <= sample.length; cut++) {
    t.deepEqual(summary(feed([sample.subarray(0, cut), sample.subarray(cut)])), expected, `cut at ${cut}`);
  }
  t.deepEqual(summary(feed(Array.from(sample, (byte) => Buffer.of(byte)))), expected);
});

test('any bytes, cut into any chunks, are judged as if they had come at once', (t) => {
  const piece = fc.constantFrom(
    '1',
    '"é"',
    '\n',
    '\n',
    '\r\n',
    ' ',
    '[',
    ']',
    '{"a":',
    '}',
    'x'.repeat(21),
    '\xff',
  );
  const bytes = fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1'));
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(60)), (all, cuts) => {
      const bounds = [0, ...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b), all.length];
      const chunks = bounds.slice(1).map((end, i) => all.subarray(bounds[i], end));
      t.deepEqual(summary(feed(chunks)), atOnce(all));
    }),
    { numRuns: 1_000 },
  );
});

test('each part tells where it begins and how far the source has come', (t) => {
  const intake = new LineIntake(rules, 100);
  t.deepEqual(intake.push(Buffer.from('1'), time), []);
  t.is(intake.unfinishedBytes, 1);
  const [torn, rest] = intake.push(Buffer.from('0\n2\r\n\n3'), time);
  t.like(torn, { firstLine: 100, linesRead: 1, count: 1, sourceBytes: 3 });
  t.like(rest, { firstLine: 101, linesRead: 2, count: 1, sourceBytes: 4 });
  t.is(intake.nextLine, 103);
  t.is(intake.unfinishedBytes, 1);
  t.like(intake.end(time)[0], { firstLine: 103, linesRead: 1, count: 1, sourceBytes: 1 });
  t.deepEqual(intake.end(time), []);
});

test('a chunk is not copied, but for the line that its beginning ends', (t) => {
  const intake = new LineIntake({ ...rules, lineBytesMax: 100 });
  const line = '{"device":"d","sensor":"s","value":1}\n';
  intake.push(Buffer.from(line.slice(0, 10)), time);
  const chunk = Buffer.from(line.slice(10) + line.repeat(10_000) + line.slice(0, 5));
  const [torn, rest] = intake.push(chunk, time);
  t.is(Buffer.from(torn!.lines).toString(), line);
  t.is(rest!.lines.buffer, chunk.buffer);
  t.like(rest, { firstLine: 2, count: 10_000 });
});

test('a line without end is thrown away as it comes, and refused when it ends', (t) => {
  const intake = new LineIntake(rules);
  for (let i = 0; i < 1_000; i++) t.deepEqual(intake.push(Buffer.alloc(1_000, 'x'), time), []);
  t.is(intake.unfinishedBytes, 1_000_000);
  const [long, next] = intake.push(Buffer.from('x\n1\n'), time);
  t.like(long, { firstLine: 1, count: 0, refused: 1, linesRead: 1, sourceBytes: 1_000_002 });
  t.deepEqual(long!.refusals, [{ line: 1, reason: 'is longer than 20 bytes' }]);
  t.like(next, { firstLine: 2, count: 1 });
  intake.push(Buffer.alloc(100, 'x'), time);
  t.like(intake.end(time)[0], { firstLine: 3, refused: 1, sourceBytes: 100 });
});

test('a batch bound cuts a chunk into parts that cover it', (t) => {
  const intake = new LineIntake({ ...rules, batchBytesMax: 500 });
  const parts = intake.push(Buffer.from('1\n'.repeat(100)), time);
  t.true(parts.length > 1);
  t.true(parts.every((part) => part.lines.length <= 500));
  t.like(summary(parts), { count: 100, sourceBytes: 200 });
  t.deepEqual(parts.map((part) => part.firstLine).slice(0, 2), [1, parts[0]!.linesRead + 1]);
});

test("a byte order mark before line 1 is passed over wherever it is cut, and counts as the source's", (t) => {
  const marked = Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), sample]);
  const expected = { ...atOnce(sample), sourceBytes: marked.length };
  for (let cut = 0; cut <= marked.length; cut++) {
    t.deepEqual(summary(feed([marked.subarray(0, cut), marked.subarray(cut)])), expected, `cut at ${cut}`);
  }
  t.is(summary(feed([marked], new LineIntake(rules, 2))).refused, expected.refused + 1);
});

test('of an end that may have come too early a number is refused, by its number and with its bytes', (t) => {
  const last = (text: string) => {
    const intake = new LineIntake(rules);
    return summary([
      ...intake.push(Buffer.from(`1\n${text}`), time),
      ...intake.end(time, { maybeCut: true }),
    ]);
  };
  const reason = 'is a number that no newline ends: it may be cut short';
  for (const number of ['0', '-1.5', ' 12', '1e5']) {
    const { count, refusals, linesRead, sourceBytes } = last(number);
    t.deepEqual([count, refusals], [1, [{ line: 2, reason }]], number);
    t.deepEqual([linesRead, sourceBytes], [2, 2 + number.length]);
  }
  for (const whole of ['1 ', '[1]', 'true', '"1"']) t.is(last(whole).count, 2, whole);
  t.regex(last('x1').refusals[0]!.reason, /^is not JSON/);
});
