/** What every store of plain files must do. */
import type { TestFn } from 'ava';
import type { Files } from '../../src/contract/files.ts';

export function filesSuite(
  test: TestFn,
  name: string,
  factory: (t: { teardown(fn: () => unknown): void }) => Promise<Files>,
): void {
  test(`${name}: a file that was written can be read, one that was not is undefined`, async (t) => {
    const files = await factory(t);
    await files.write('data/e/1.ndjson', Buffer.from('one\n'));
    t.is(Buffer.from((await files.read('data/e/1.ndjson'))!).toString(), 'one\n');
    t.is(await files.read('data/e/2.ndjson'), undefined);
    t.is(await files.read('nowhere/2.ndjson'), undefined);
  });

  test(`${name}: writing again replaces the whole file`, async (t) => {
    const files = await factory(t);
    await files.write('a', Buffer.from('long contents'));
    await Promise.all([files.write('a', Buffer.from('b')), files.write('a', Buffer.from('b'))]);
    t.is(Buffer.from((await files.read('a'))!).toString(), 'b');
  });

  test(`${name}: free space is a number of bytes`, async (t) => {
    const files = await factory(t);
    t.true((await files.freeBytes()) > 0);
  });
}
