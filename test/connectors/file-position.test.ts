import test from 'ava';
import {
  decodePosition,
  encodePosition,
  type FilePosition,
  leftMax,
  waitingMax,
} from '../../src/connectors/file-position.ts';

const place = {
  offset: Number.MAX_SAFE_INTEGER,
  line: Number.MAX_SAFE_INTEGER,
  skipping: false,
  print: 'f'.repeat(32),
};
const mark = { ino: String(2n ** 64n - 1n), birth: String(10n ** 19n - 1n) };
const largest: FilePosition = {
  path: 'f'.repeat(16),
  ino: mark.ino,
  ...place,
  waiting: Array.from({ length: waitingMax }, () => mark),
  left: Array.from({ length: leftMax }, () => ({ ...mark, ...place })),
};

test('a position fits into what a store keeps of it, and comes back as it was', (t) => {
  const text = encodePosition(largest);
  t.true(text.length <= 4_096, `${text.length}`);
  t.deepEqual({ ...decodePosition('log', text) }, { version: 1, ...largest } as FilePosition);
});

test('a position without other files is read too, one that is damaged is refused', (t) => {
  const { waiting, left, ...plain } = JSON.parse(encodePosition(largest));
  t.like(decodePosition('log', JSON.stringify(plain)), { waiting: [], left: [] });
  for (const change of [
    { waiting: [[1, 2]] },
    { waiting: [null] },
    { left: [left[0].slice(0, 3)] },
    { left: [[...left[0].slice(0, 2), -1, 1, false, '']] },
    { offset: '1' },
  ]) {
    const damaged = JSON.stringify({ ...plain, waiting, left, ...change });
    t.throws(() => decodePosition('log', damaged), { code: 'store-version' }, damaged.slice(0, 80));
  }
});
