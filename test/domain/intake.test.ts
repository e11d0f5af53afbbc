import test from 'ava';
import { type IntakeRules, refusalsMax, takeLines } from '../../src/domain/intake.ts';

const rules: IntakeRules = { device: 'tcp', sensor: 'value', lineBytesMax: 1_000, depthMax: 4 };
const time = '2030-01-01T12:00:00.000Z';

const take = (block: string | Uint8Array, more: Partial<IntakeRules> = {}, firstLine = 1) =>
  takeLines(typeof block === 'string' ? Buffer.from(block) : block, { ...rules, ...more }, firstLine, time);
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
const reasonOf = (line: string | Uint8Array) => take(line).refusals[0]?.reason;
const isWrapped = (line: string, more: Partial<IntakeRules> = {}) =>
  textOf(take(line, more).lines).startsWith('{"device":"tcp","sensor":"value"');

const reading =
  '{"device":"X1","sensor":"pressure","time":"2030-01-01T11:59:59Z","value":1013.10,"unit":"hPa"}';
const wrapped = (value: string) => `{"device":"tcp","sensor":"value","time":"${time}","value":${value}}\n`;

test('readings are given out as they stand, as a view of the block', (t) => {
  const block = Buffer.from(`${reading}\n{ "sensor" : "s", "value":null, "device":"d"}\n`.repeat(500));
  const taken = take(block);
  t.is(taken.lines.buffer, block.buffer);
  t.deepEqual(Buffer.from(taken.lines), block);
  t.like(taken, { count: 1_000, refused: 0, refusals: [], linesRead: 1_000, bytesRead: block.length });
});

test('the last line counts without its newline, and lines may end with \\r\\n', (t) => {
  t.is(textOf(take(reading).lines), `${reading}\n`);
  t.is(textOf(take(`${reading}\r\n${reading}\r\n1\r\n`).lines), `${reading}\n${reading}\n${wrapped('1')}`);
});

test('what is no reading becomes the value of one, its own bytes kept', (t) => {
  for (const value of [
    '12345678901234567890',
    '1.10',
    '-0',
    '"a\\u0041"',
    '[1, 2]',
    '{"b":1,"b":2}',
    'null',
  ]) {
    t.is(textOf(take(value).lines), wrapped(value));
  }
  t.is(textOf(take('true', { unit: '°C' }).lines), wrapped('true').replace('}\n', ',"unit":"°C"}\n'));
});

test('names from the config are written as JSON', (t) => {
  const device = 'a"\n\x7f\ud800';
  const [line] = textOf(take('1', { device }).lines).split('\n');
  t.is(JSON.parse(line!).device, device);
  t.notRegex(line!, /[\0-\x1f\x7f]/);
});

test('a reading has device and sensor as text of 1 to 256 characters, and a value', (t) => {
  const of = (device: unknown, sensor: unknown = 's') => JSON.stringify({ device, sensor, value: 1 });
  t.false(isWrapped(of('d')));
  t.false(isWrapped(of('ä'.repeat(256))));
  t.false(isWrapped(of('\u0001'), { lineBytesMax: 9_999 }));
  t.false(isWrapped(of('d', '\u0001'.repeat(256)), { lineBytesMax: 9_999 }));
  t.true(isWrapped(of('ä'.repeat(257))));
  for (const name of ['', 7, null, ['d'], { d: 1 }]) {
    t.true(isWrapped(of(name)), `device ${JSON.stringify(name)}`);
    t.true(isWrapped(of('d', name)), `sensor ${JSON.stringify(name)}`);
  }
  t.true(isWrapped('{"device":"d","sensor":"s"}'));
  t.true(isWrapped('{"x":{"device":"d","sensor":"s","value":1}}'));
  t.true(isWrapped('[{"device":"d","sensor":"s","value":1}]'));
});

test('who brings a seq of its own is wrapped, however it is written', (t) => {
  for (const seq of ['"seq":1', '"se\\u0071":1', '"\\u0073\\u0065\\u0071":null']) {
    t.true(isWrapped(`{${seq},${reading.slice(1)}`), seq);
    t.true(isWrapped(`${reading.slice(0, -1)},${seq}}`), seq);
  }
  t.false(isWrapped(`{"seq2":1,"sequ":{"seq":1},${reading.slice(1)}`));
});

test('names may be written with escapes, and of equal ones the last counts', (t) => {
  t.false(isWrapped('{"d\\u0065vice":"d","sensor":"s","valu\\u0065":1}'));
  t.true(isWrapped('{"device":"d","sensor":"s","value":1,"device":2}'));
  t.true(isWrapped('{"device":"d","sensor":"s","value":1,"\\u0064evice":2}'));
  t.false(isWrapped('{"device":2,"sensor":"s","value":1,"device":"d"}'));
  const many = Array.from({ length: 60 }, (_, i) => `"k${i}":${i}`).join();
  t.false(isWrapped(`{${many},"device":"d","sensor":"s","value":1}`));
  t.true(isWrapped(`{"device":"d","sensor":"s","value":1,${many},"seq":1}`));
  t.true(isWrapped('{"__proto__":{"device":"d","sensor":"s","value":1}}'));
});

test('spaces around a line go, tabs and DEL in it are made harmless', (t) => {
  t.is(textOf(take(` \t${reading}\t \r\n`).lines), `${reading}\n`);
  const tabbed = '{"device":\t"d","sensor":\r"s",\t"value":"a\x7f\\t"}';
  t.is(textOf(take(tabbed).lines), '{"device": "d","sensor": "s", "value":"a\\u007f\\t"}\n');
  t.is(textOf(take('[\t"\x7f"\t]').lines), wrapped('[ "\\u007f" ]'));
});

test('empty lines are passed over and counted', (t) => {
  const taken = take(`\n\r\n  \t\n${reading}\n\n x\n`, {}, 10);
  t.like(taken, { count: 1, linesRead: 6, refused: 1 });
  t.is(taken.refusals[0]!.line, 15);
  t.like(take(''), { count: 0, linesRead: 0, refused: 0, bytesRead: 0 });
});

test('what is not JSON is refused with its line and column', (t) => {
  const reasons: Record<string, string> = {
    '{"a":1 "b":2}': 'is not JSON: expected `,` or `}` at column 8',
    '{"a" 1}': 'is not JSON: expected `:` at column 6',
    '{a:1}': 'is not JSON: expected a name in double quotes at column 2',
    '{"a":1,}': 'is not JSON: expected a name in double quotes at column 8',
    '[1,]': 'is not JSON: expected a value at column 4',
    '[1 2]': 'is not JSON: expected `,` or `]` at column 4',
    '{"a":': 'is not JSON: expected a value at column 6, where the line ends',
    '"abc\r': 'is not JSON: expected `"` at column 5, where the line ends',
    tru: 'is not JSON: expected `true` at column 1',
    '1 2': 'is not JSON: expected the end of the line at column 3',
    '01': 'is not JSON: expected the end of the line at column 2',
    '-': 'is not JSON: expected a digit at column 2, where the line ends',
    '1.e5': 'is not JSON: expected a digit at column 3',
    '"\\x"': 'is not JSON: expected an escape that JSON knows at column 3',
    '"\\u12g4"': 'is not JSON: expected a hexadecimal digit at column 6',
    '"a\u0001"': 'is not JSON: the control character 0x01 at column 3 must be written as \\u0001',
    '\ufeff1': 'is not JSON: expected a value at column 1',
  };
  for (const [line, reason] of Object.entries(reasons)) t.is(reasonOf(line), reason);
  t.deepEqual(take(`${reading}\n?\n${reading}`, {}, 41).refusals, [
    { line: 42, reason: 'is not JSON: expected a value at column 1' },
  ]);
});

test('numbers that are not finite are refused', (t) => {
  t.is(reasonOf('[1e400]'), 'holds `1e400` at column 2, which is not a finite number');
  t.is(reasonOf('{"a":-Infinity}'), 'holds `-Infinity` at column 6, which is not a finite number');
  t.is(reasonOf('NaN'), 'holds `NaN` at column 1, which is not a finite number');
  t.regex(reasonOf('9'.repeat(400))!, /^holds `9{39}…` at column 1,/);
  for (const fine of ['1e308', '1e-999', '9'.repeat(300)]) t.is(take(fine).count, 1);
});

test('a line may be as long and as deep as the rules say, and no more', (t) => {
  t.is(take(`"${'x'.repeat(998)}"\r\n`).count, 1);
  t.is(reasonOf(`"${'x'.repeat(999)}"\r\n`), 'is longer than 1000 bytes');
  t.is(reasonOf(' '.repeat(1_001)), 'is longer than 1000 bytes');
  t.is(take('[[{"a":[]}]]').count, 1);
  t.is(reasonOf('[[{"a":[[]]}]]'), 'is nested deeper than 4 levels at column 9');
  t.is(take('['.repeat(9_999), { depthMax: 1e9, lineBytesMax: 1e6 }).refused, 1);
});

test('bad UTF-8 costs its own line, lone surrogates as escapes none', (t) => {
  const bad = Buffer.concat([
    Buffer.from(`${reading}\n"`),
    Buffer.of(0xc3),
    Buffer.from(`"\n"é"\n"\\ud800"`),
  ]);
  const taken = take(bad);
  t.is(textOf(taken.lines), `${reading}\n${wrapped('"é"')}${wrapped('"\\ud800"')}`);
  t.deepEqual(taken.refusals, [{ line: 2, reason: 'is not valid UTF-8' }]);
});

test('of many refusals the first are told and all are counted', (t) => {
  const taken = take('?\n'.repeat(5_000));
  t.is(taken.refusals.length, refusalsMax);
  t.like(taken, { refused: 5_000, linesRead: 5_000, count: 0 });
  t.is(taken.lines.length, 0);
});

test('a batch has a bound, and the rest of the block can be judged after it', (t) => {
  const block = Buffer.from(`1\n${reading}\n`.repeat(1_000));
  const all: string[] = [];
  let line = 1;
  for (let at = 0; at < block.length; ) {
    const taken = take(block.subarray(at), { batchBytesMax: 1_000 }, line);
    t.true(taken.lines.length <= 1_000 && taken.count > 0);
    all.push(textOf(taken.lines));
    line += taken.linesRead;
    at += taken.bytesRead;
  }
  t.is(line, 2_001);
  t.is(all.join(''), textOf(take(block).lines));
  t.is(take(reading, { batchBytesMax: 1 }).count, 1);
});

test('lines do not keep memory that is far larger than they are', (t) => {
  for (const rest of ['?\n'.repeat(50_000), '\n'.repeat(50_000), '1?\n'.repeat(30_000)]) {
    const { lines } = take(`${reading}\n${rest}`);
    t.true(lines.buffer.byteLength <= 2 * lines.length);
    t.true(take(`1\n${rest}`).lines.buffer.byteLength < 500);
  }
});

test('hostile lines take time in proportion to their length', (t) => {
  const bytes = 2 ** 20;
  const hostile = [
    '[',
    '{"":',
    '\\"',
    '"\\"',
    ' ',
    '"',
    '-',
    '9',
    '1e',
    '\n',
    '\r',
    '{"seq":1}\n',
    '1\n',
    '\u00e4',
  ];
  for (const piece of hostile) {
    const block = piece.repeat(bytes / piece.length);
    for (const more of [{}, { lineBytesMax: bytes, depthMax: 1_000 }]) {
      const before = process.cpuUsage();
      take(block, more);
      take(`{"${block}`, more);
      const { user } = process.cpuUsage(before);
      // A thousand times of what is usual would be a matter of minutes.
      t.true(user < 10e6, `${JSON.stringify(piece)} took ${user} us`);
    }
  }
});
