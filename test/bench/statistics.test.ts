import test from 'ava';
import { formatNumber, median, quantile, spread } from '../../bench/statistics.ts';

test('the median is the middle value, or the mean of the two in the middle', (t) => {
  t.is(median([5]), 5);
  t.is(median([9, 1, 5]), 5);
  t.is(median([4, 1, 3, 2]), 2.5);
  t.throws(() => median([]), { instanceOf: RangeError });
});

test('a quantile lies between its neighbours by its share', (t) => {
  const values = [40, 10, 20, 30];
  t.is(quantile(values, 0), 10);
  t.is(quantile(values, 1), 40);
  t.is(quantile(values, 0.5), 25);
  t.is(quantile(values, 0.1), 13);
  t.deepEqual(values, [40, 10, 20, 30], 'and the values are left as they were');
});

test('numbers are sorted as numbers', (t) => {
  t.is(median([1_000_000, 9, 200]), 200);
});

test('the spread is the distance of the outermost as a share of the median', (t) => {
  t.is(spread([100, 110, 90]), 0.2);
  t.is(spread([7]), 0);
  t.is(spread([0, 0]), 0);
});

test('numbers for people have thousands apart and three digits that count', (t) => {
  t.is(formatNumber(1_234_567.8), '1,234,568');
  t.is(formatNumber(123.4), '123');
  t.is(formatNumber(12.345), '12.3');
  t.is(formatNumber(0.0123456), '0.0123');
  t.is(formatNumber(0), '0');
});
