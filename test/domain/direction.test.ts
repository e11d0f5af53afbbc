import test from 'ava';
import fc from 'fast-check';
import { DirectionMean, turned } from '../../src/domain/direction.ts';

function mean(...degrees: number[]): number | null {
  const sum = new DirectionMean();
  for (const one of degrees) sum.add(one);
  return sum.degrees;
}

test('north is between 350 and 10', (t) => {
  const found = mean(350, 10)!;
  t.true(Math.min(found, 360 - found) < 1e-9);
  t.true(Math.abs(mean(80, 100)! - 90) < 1e-9);
  t.true(Math.abs(mean(-90)! - 270) < 1e-9);
});

test('directions that cancel each other, and none at all, have no mean', (t) => {
  t.is(mean(0, 180), null);
  t.is(mean(0, 90, 180, 270), null);
  t.is(mean(), null);
  t.is(mean(Number.NaN), null);
});

test('turning everything turns the mean', (t) => {
  const angle = fc.double({ min: 0, max: 360, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 90, noNaN: true }), { minLength: 1 }),
      angle,
      (list, by) => {
        const apart = Math.abs(turned(mean(...list)!, by) - mean(...list.map((one) => one + by))!);
        t.true(Math.min(apart, 360 - apart) < 1e-6);
      },
    ),
  );
});

test('whatever is finite gives 0 to 360 or null', (t) => {
  const any = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(fc.array(any), (list) => {
      const found = mean(...list);
      t.true(found === null || (found >= 0 && found < 360), String(found));
    }),
  );
});
