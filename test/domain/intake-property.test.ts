import test from 'ava';
import fc from 'fast-check';
import { type IntakeRules, takeLines } from '../../src/domain/intake.ts';
import { numberLines } from '../../src/domain/reading.ts';
import { bodyHash, chainHash, noHash } from '../../src/domain/segment.ts';
import { checkSegment } from '../../src/store/segment-check.ts';

const rules: IntakeRules = { device: 'tcp', sensor: 'value', unit: 'x', lineBytesMax: 500, depthMax: 5 };
const time = '2030-01-01T12:00:00.000Z';
const fields = new Set(['device', 'sensor', 'value', 'seq']);

/** Nothing is left of a JSON text but its brackets and numbers. */
const bare = (text: string) => text.replace(/"(?:\\.|[^"\\])*"/g, '""');

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const c of bare(text)) {
    if (c === '[' || c === '{') deepest = Math.max(deepest, ++depth);
    if (c === ']' || c === '}') depth--;
  }
  return deepest;
}

/** The plain way to judge a line: the value of the reading that it becomes, `undefined` when it is refused. */
function judged(line: Buffer): { value: unknown } | undefined {
  const text = line.toString('utf8');
  if (!Buffer.from(text).equals(line) || line.length > rules.lineBytesMax) return undefined;
  let value: Record<string, unknown> | null;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const numbers = bare(text).match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g) ?? [];
  if (!numbers.every((number) => Number.isFinite(Number(number)))) return undefined;
  if (depthOf(text) > rules.depthMax) return undefined;
  const own = typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  const isName = (name: unknown) => typeof name === 'string' && name.length >= 1 && name.length <= 256;
  const isReading =
    isName(own.device) && isName(own.sensor) && Object.hasOwn(own, 'value') && !Object.hasOwn(own, 'seq');
  const { device, sensor, unit } = rules;
  return { value: isReading ? value : { device, sensor, time, value, unit } };
}

function linesOf(block: Buffer): Buffer[] {
  const lines = block.toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => Buffer.from(line.replace(/\r$/, ''), 'latin1'));
}

function assertAgreement(
  t: { deepEqual(a: unknown, b: unknown): unknown; true(a: boolean): unknown },
  block: Buffer,
) {
  const taken = takeLines(block, rules, 1, time);
  const lines = linesOf(block);
  const isEmpty = (line: Buffer) =>
    line.length <= rules.lineBytesMax && /^[ \t\r]*$/.test(line.toString('latin1'));
  const verdicts = lines.map((line, i) => ({ line: i + 1, empty: isEmpty(line), ...judged(line) }));
  const accepted = verdicts.filter((verdict) => !verdict.empty && 'value' in verdict);
  const text = Buffer.from(taken.lines).toString('utf8');
  t.deepEqual(
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
    accepted.map(({ value }) => value),
  );
  t.deepEqual(
    taken.refusals.map(({ line }) => line),
    verdicts.filter((verdict) => !verdict.empty && !('value' in verdict)).map(({ line }) => line),
  );
  t.true(taken.refusals.every(({ reason }) => !/[\0-\x1f\x7f-\x9f]/.test(reason)));
  t.true(taken.linesRead === lines.length && taken.bytesRead === block.length);
  t.true(taken.count === accepted.length && taken.refused === taken.refusals.length);
  assertStorable(taken.lines, taken.count);
}

/** What is taken can be numbered, and a cloud takes it. */
function assertStorable(lines: Uint8Array, count: number): void {
  if (count === 0) return;
  const body = numberLines(lines, count, 98);
  const unhashed = {
    ...{ edge: 'e', epoch: '0'.repeat(32), stream: 'readings', sequence: 1, type: 'readings' as const },
    ...{
      fromSeq: 98,
      count,
      bytes: body.length,
      sealedAtMs: 0,
      bodyHash: bodyHash(body),
      previousHash: noHash,
    },
  };
  checkSegment({ ...unhashed, hash: chainHash(unhashed) }, body);
  for (const line of Buffer.from(body).toString('utf8').split('\n').slice(0, -1)) JSON.parse(line);
}

const name = fc.oneof(
  fc.constantFrom('device', 'sensor', 'value', 'seq', 'time'),
  fc.string({ maxLength: 3 }),
);
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 6 }).map((json) => JSON.stringify(json)),
  fc.string({ unit: 'binary', maxLength: 8 }).map((text) => JSON.stringify(text)),
  fc.constantFrom(
    '1e400',
    '-0',
    '1.10',
    '1E+2',
    '"\x7f"',
    '""',
    `"${'n'.repeat(257)}"`,
    '"\\u0041\\/"',
    'NaN',
  ),
);
const space = fc.constantFrom('', '', '', ' ', '\t', '\r', '  ');
const escapedName = (text: string) =>
  `"${[...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;
const key = fc
  .tuple(name, fc.nat(9))
  .map(([text, chance]) => (chance === 0 && fields.has(text) ? escapedName(text) : JSON.stringify(text)));
const member = fc.tuple(space, key, space, space, value, space);
const object = fc
  .array(member, { maxLength: 7 })
  .map((members) => `{${members.map(([a, k, b, c, v, d]) => `${a}${k}${b}:${c}${v}${d}`).join()}}`);
const reading = fc
  .tuple(
    value,
    fc.constantFrom('', ',"seq":1', ',"unit":"hPa"', ',"device":1', ',"\\u0073eq":1', ', "x" : [ ]'),
  )
  .map(([json, more]) => `{"device":"d","sensor":"s","value":${json}${more}}`);
const line = fc
  .tuple(space, fc.oneof(object, reading, value), space)
  .map(([before, text, after]) => Buffer.from(`${before}${text}${after}`));

/** One byte changed, taken out or put in, or the end cut off. */
const damaged = fc
  .tuple(
    line,
    fc.nat(),
    fc.constantFrom(...Buffer.from('{}[]",:\\ \t\r\n\x00\x1f\x7f0-+.eEuntf\xff\xc3', 'latin1')),
    fc.nat(3),
  )
  .map(([bytes, place, byte, how]) => {
    const at = bytes.length === 0 ? 0 : place % bytes.length;
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const put = how === 3 ? Buffer.alloc(0) : Buffer.of(byte);
    return Buffer.concat([before, put, how === 0 ? after : how === 1 ? after.subarray(1) : Buffer.alloc(0)]);
  });

test('scanning and JSON.parse agree about any lines, whole or damaged', (t) => {
  const lines = fc.array(fc.oneof(line, damaged), { minLength: 1, maxLength: 4 });
  const block = fc
    .tuple(lines, fc.constantFrom('\n', '\r\n'), fc.boolean())
    .map(([all, end, isEnded]) =>
      Buffer.concat(
        all.flatMap((bytes, i) => (i < all.length - 1 || isEnded ? [bytes, Buffer.from(end)] : [bytes])),
      ),
    );
  fc.assert(
    fc.property(block, (bytes) => assertAgreement(t, bytes)),
    { numRuns: 6_000 },
  );
});

test('they agree about any bytes', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => assertAgreement(t, Buffer.from(bytes))),
    { numRuns: 2_000 },
  );
});

test('they agree about every cut and every changed byte of a line that has everything', (t) => {
  const whole = Buffer.from(
    '{"device":"d","sensor":"\\u00e9\\n","value":[-1.5e+3,true,false,null,{"é":""}],"unit":"hPa"}',
  );
  for (let at = 0; at <= whole.length; at++) {
    assertAgreement(t, whole.subarray(0, at));
    for (const byte of Buffer.from('"\\{}[]:, 0-.en\x7f\n\xff', 'latin1')) {
      const changed = Buffer.from(whole);
      changed[at] = byte;
      assertAgreement(t, changed);
    }
  }
});
