/** What every place that sources read files from must do. */
import type { TestFn } from 'ava';
import type { SourceFiles } from '../../src/connectors/source-files.ts';

/** The files, and a program that writes them. */
export interface SourceFilesCase {
  readonly files: SourceFiles;
  put(path: string, text: string): Promise<void>;
  append(path: string, text: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** A path below the directory of the case. */
  at(name: string): string;
}

export function sourceFilesSuite(
  test: TestFn,
  name: string,
  factory: (t: { teardown(fn: () => unknown): void }) => Promise<SourceFilesCase>,
): void {
  const title = (sentence: string) => `${name}: ${sentence}`;

  test(title('nothing at a path is undefined'), async (t) => {
    const { files, at } = await factory(t);
    const path = at('none/log');
    t.is(await files.look(path), undefined);
    t.is(await files.open(path), undefined);
    t.is(await files.resolve(path), undefined);
    t.is(await files.list(path), undefined);
  });

  test(title('a file is read from any byte on, and short only at its end'), async (t) => {
    const { files, at, put } = await factory(t);
    await put(at('log'), 'abcdef');
    const file = (await files.open(at('log')))!;
    const into = Buffer.alloc(4, '-');
    t.is(await file.read(into, 1), 4);
    t.is(into.toString(), 'bcde');
    t.is(await file.read(into, 4), 2);
    t.is(into.toString(), 'efde');
    t.is(await file.read(into, 6), 0);
    t.is(await file.read(into, 60), 0);
    await file.close();
  });

  test(title('what grows is seen through who has it open, and its facts change'), async (t) => {
    const { files, at, put, append } = await factory(t);
    await put(at('log'), 'ab');
    const file = (await files.open(at('log')))!;
    const before = await file.facts();
    await append(at('log'), 'cd');
    const after = await file.facts();
    t.deepEqual([before.size, after.size], [2, 4]);
    t.is(before.ino, after.ino);
    t.is(before.what, 'file');
    const into = Buffer.alloc(4);
    t.is(await file.read(into, 0), 4);
    t.is(into.toString(), 'abcd');
    await file.close();
  });

  test(
    title('a renamed file stays the same one, another in its place is another, one removed has no name'),
    async (t) => {
      const { files, at, put, rename, remove } = await factory(t);
      await put(at('log'), 'old');
      const file = (await files.open(at('log')))!;
      const { ino } = await file.facts();
      await rename(at('log'), at('log.1'));
      await put(at('log'), 'new');
      t.is((await files.look(at('log.1')))!.ino, ino);
      t.not((await files.look(at('log')))!.ino, ino);
      t.deepEqual([...(await files.list(at('.')))!].sort(), ['log', 'log.1']);
      await remove(at('log.1'));
      t.is((await file.facts()).links, 0);
      const into = Buffer.alloc(3);
      await file.read(into, 0);
      t.is(into.toString(), 'old');
      await file.close();
      t.deepEqual(await files.list(at('.')), ['log']);
    },
  );

  test(title('a directory is no file, and a path leads to itself'), async (t) => {
    const { files, at, put } = await factory(t);
    await put(at('log'), 'x');
    t.not((await files.look(at('.')))!.what, 'file');
    t.is((await files.look(at('log')))!.what, 'file');
    t.regex((await files.resolve(at('log')))!, /\/log$/);
  });
}
