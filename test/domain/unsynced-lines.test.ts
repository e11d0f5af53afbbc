import test from 'ava';
import { segmentMean } from '../../src/domain/segment-mean.ts';
import { markUnsynced } from '../../src/domain/unsynced-lines.ts';

const line = (value: number, more: object = {}) =>
  `${JSON.stringify({ device: 'd', sensor: 's', time: '2026-01-01T00:00:00.000Z', value, unit: 'u', ...more })}\n`;

test('every line is marked and says all else as before', (t) => {
  const before = [1, 2, 3].map((value) => line(value)).join('');
  const after = Buffer.from(markUnsynced(Buffer.from(before), 3)).toString();
  t.true(after.startsWith('{"clock":"unsynced","device":"d"'));
  const parse = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((each) => JSON.parse(each));
  t.deepEqual(
    parse(after),
    parse(before).map((reading) => ({ clock: 'unsynced', ...reading })),
  );
});

test('what was measured at an unknown time, or cannot be believed, does not go into the mean', (t) => {
  const body = [line(1), line(500, { clock: 'unsynced' }), line(700, { implausible: true }), line(3)].join(
    '',
  );
  t.like(segmentMean(Buffer.from(body), { sensor: 's' }), { mean: 2, readings: 2 });
  // The same by the slow way, which an escaped name takes.
  const escaped = body.replaceAll('"clock"', '"cloc\\u006b"');
  t.like(segmentMean(Buffer.from(escaped), { sensor: 's' }), { mean: 2, readings: 2 });
  t.like(segmentMean(Buffer.from(line(1, { clock: 'unsynced' })), { sensor: 's' }), {
    mean: null,
    readings: 0,
  });
  t.like(segmentMean(Buffer.from(line(1, { clock: 'ntp' })), { sensor: 's' }), { mean: 1 });
});
