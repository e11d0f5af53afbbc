import { appendFile, realpath, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { nodeSourceFiles } from '../../src/connectors/source-files.ts';
import { sourceFilesSuite } from '../suites/source-files.ts';
import { temporaryDir } from './file-source-fixtures.ts';

sourceFilesSuite(test, 'node', async (t) => {
  const directory = await realpath(await temporaryDir(t));
  return {
    files: nodeSourceFiles,
    put: (path, text) => writeFile(path, text),
    append: (path, text) => appendFile(path, text),
    rename,
    remove: unlink,
    at: (name) => join(directory, name),
  };
});
