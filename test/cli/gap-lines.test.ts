import test from 'ava';
import { createGapLines } from '../../src/cli/gap-lines.ts';

test('gaps that follow one another and say the same become one line; others have one each', (t) => {
  const lines: string[] = [];
  const gaps = createGapLines((line) => lines.push(line));
  const discarded = (fromSeq: number, toSeq: number, text = 'too hot') =>
    gaps.add({ gap: 'discarded', fromSeq, toSeq, count: toSeq - fromSeq + 1, text });
  discarded(1, 10);
  discarded(11, 11);
  discarded(13, 14);
  discarded(15, 15, 'too cold');
  gaps.add({ gap: 'missed', count: 1, text: 'Away.', fromTime: 'a', toTime: 'b' });
  gaps.add({ gap: 'missed', count: 2, text: 'Away.', fromTime: 'c', toTime: 'd' });
  t.is(lines.length, 4);
  gaps.flush();
  gaps.flush();
  discarded(16, 16, 'too cold');
  gaps.flush();
  t.deepEqual(lines, [
    'gap (discarded): seq 1 to 11, 11 readings: too hot',
    'gap (discarded): seq 13 to 14, 2 readings: too hot',
    'gap (discarded): seq 15 to 15, 1 reading: too cold',
    'gap (missed): a to b, 1 reading: Away.',
    'gap (missed): c to d, 2 readings: Away.',
    'gap (discarded): seq 16 to 16, 1 reading: too cold',
  ]);
});
