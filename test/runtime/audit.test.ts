import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { AuditEntry } from '../../src/contract/control.ts';
import { createAudit } from '../../src/runtime/audit.ts';
import { privateDirectory } from './ipc-fixtures.ts';

const entry = (detail: string): AuditEntry => ({
  timeMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  by: { user: 'ada', command: 'fogrun pause edge/uploader', pid: 7 },
  action: 'pause',
  target: 'edge/uploader',
  outcome: 'done',
  detail,
});
const never = (reason: string) => {
  throw new Error(reason);
};
const linesOf = async (path: string) => (await readFile(path, 'utf8')).trimEnd().split('\n');

test('every change is one line, in order, for the owner alone, whatever was typed', async (t) => {
  const directory = join(await privateDirectory(t), 'edge');
  const audit = createAudit({ directory, failed: never });
  audit.write(entry('idle → paused'));
  audit.write({ ...entry('two\nlines\u2028'), by: { user: 'eve', command: '{"\r\n"}' } });
  for (let i = 0; i < 50; i++) audit.write(entry(String(i)));
  await audit.settled();
  const path = join(directory, 'audit.ndjson');
  const lines = (await linesOf(path)).map((line) => JSON.parse(line));
  t.deepEqual(lines[0], {
    time: '2026-01-02T03:04:05.000Z',
    user: 'ada',
    pid: 7,
    command: 'fogrun pause edge/uploader',
    action: 'pause',
    target: 'edge/uploader',
    outcome: 'done',
    detail: 'idle → paused',
  });
  t.like(lines[1], { user: 'eve', pid: null, command: '{"\r\n"}', detail: 'two\nlines\u2028' });
  t.deepEqual(
    lines.slice(2).map(({ detail }) => detail),
    Array.from({ length: 50 }, (_, i) => String(i)),
  );
  t.is((await stat(path)).mode & 0o777, 0o600);
});

test('a second process goes on where the first ended, and a full file makes room', async (t) => {
  const directory = await privateDirectory(t);
  const path = join(directory, 'audit.ndjson');
  const once = async (detail: string) => {
    const audit = createAudit({ directory, failed: never });
    audit.write(entry(detail));
    await audit.settled();
  };
  await once('a');
  await once('b');
  t.is((await linesOf(path)).length, 2);
  await writeFile(path, `${'x'.repeat(2 ** 20 - 1)}\n`);
  await writeFile(`${path}.1`, 'older');
  await once('c');
  t.is((await stat(`${path}.1`)).size, 2 ** 20);
  t.is((await linesOf(path)).length, 1);
  t.regex(await readFile(path, 'utf8'), /"detail":"c"/);
});

test('what cannot be written is told, and written again once it can be', async (t) => {
  const directory = await privateDirectory(t);
  const failures: string[] = [];
  const audit = createAudit({
    directory,
    failed: (reason, { detail }) => void failures.push(`${reason} ${detail}`),
  });
  await mkdir(join(directory, 'audit.ndjson'));
  audit.write(entry('lost'));
  await audit.settled();
  t.deepEqual(failures, ['EISDIR lost']);
  await rm(join(directory, 'audit.ndjson'), { recursive: true });
  audit.write(entry('kept'));
  await audit.settled();
  t.is((await linesOf(join(directory, 'audit.ndjson'))).length, 1);
  t.is(failures.length, 1);
});
