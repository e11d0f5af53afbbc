import test from 'ava';
import { parseCsvShape } from '../../src/devices/csv-shape.ts';

test('one number a line is read, with comments and empty lines between', (t) => {
  t.deepEqual(parseCsvShape('\ufeff# recorded\r\n1013.25\r\n\r\n1e3\n-0.5\n'), [1013.25, 1000, -0.5]);
});

test('a header says which of several columns counts', (t) => {
  t.deepEqual(parseCsvShape('time;"Pressure"\n2024-01-01;1013\n2024-01-02;1012\n'), [1013, 1012]);
  t.deepEqual(parseCsvShape('value\n7'), [7]);
});

test('a mistake is named with its line', (t) => {
  const wrong: [string, RegExp][] = [
    ['', /no value/],
    ['# nothing\n\n', /no value/],
    ['value\n', /no value/],
    ['1013,25\n', /line 1: `1013,25` is neither/],
    ['1\n2\nx\u001b[31m\n', /line 3: `x\\u001b\[31m` is not a number/],
    ['1\nNaN', /line 2/],
    ['1\n0x10', /line 2/],
    ['1\n1e999', /line 2/],
    ['time,pressure\n1,2\n3', /line 3: 1 columns; 2 were expected/],
    ['time,temperature\n1,2', /line 1/],
  ];
  for (const [text, message] of wrong) {
    t.throws(() => parseCsvShape(text), { code: 'file-unreadable', message }, JSON.stringify(text));
  }
});
