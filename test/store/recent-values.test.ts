import test from 'ava';
import { RecentValues } from '../../src/store/recent-values.ts';

const bytes = (text: string) => Buffer.from(text);

test('what was put is known once it is committed, and not before', (t) => {
  const recent = new RecentValues();
  recent.put(['a', 1], bytes('x'));
  t.is(recent.get(['a', 1]), undefined);
  recent.committed();
  t.deepEqual(recent.get(['a', 1]), bytes('x'));
  recent.put(['a', 1], bytes('y'));
  t.deepEqual(recent.get(['a', 1]), bytes('x'), 'others see what is on the disk');
});

test('what was removed, or became large, is the business of the store again', (t) => {
  const recent = new RecentValues();
  for (const key of ['gone', 'grown']) recent.put([key], bytes('x'));
  recent.committed();
  recent.remove(['gone']);
  recent.put(['grown'], Buffer.alloc(513));
  recent.committed();
  t.is(recent.get(['gone']), undefined);
  t.is(recent.get(['grown']), undefined);
});

test('memory is bounded: what was put longest ago is forgotten first', (t) => {
  const recent = new RecentValues();
  for (let i = 0; i < 20_000; i++) {
    recent.put(['k', i], bytes('x'));
    if (i % 100 === 0) recent.put(['often'], bytes('x'));
    recent.committed();
  }
  t.is(recent.get(['k', 20_000 - 8_193]), undefined);
  t.deepEqual(recent.get(['k', 19_999]), bytes('x'));
  t.deepEqual(recent.get(['often']), bytes('x'));
});
