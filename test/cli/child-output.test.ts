import { PassThrough } from 'node:stream';
import test from 'ava';
import { entryOf, onLines } from '../../src/cli/child-output.ts';
import type { LogEntry, Report } from '../../src/contract/report.ts';
import { createLog } from '../../src/runtime/log.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const cause = { code: 'link-lost', message: 'the connection ended', advice: 'Nothing to do.' } as const;

test('an entry that goes through a line of JSON comes out as it was', (t) => {
  const clock = createVirtualClock();
  const reports: Report[] = [
    {
      type: 'transition',
      from: 'idle',
      to: 'waitingToRetry',
      event: 'LOST',
      cause,
      attempt: 3,
      retryInMs: 1_200,
    },
    { type: 'transition', from: 'off', to: 'idle', event: 'start' },
    { type: 'segment', what: 'sent', segment: 7, first: 3, readings: 50, stream: 'readings' },
    { type: 'note', text: 'listens on 127.0.0.1:7070 \u001b[31m気圧' },
    { type: 'problem', ...cause },
  ];
  for (const report of reports) {
    let line = '';
    const write = (text: string) => {
      line = text;
    };
    createLog({ format: 'json', colour: false, clock, write }).reporter('edge', 'uploader')(report, 'warn');
    t.deepEqual(entryOf(line), {
      time: clock.now(),
      level: 'warn',
      pipeline: 'edge',
      actor: 'uploader',
      report,
    } satisfies LogEntry);
  }
});

test('what is no entry is told apart', (t) => {
  const lines = [
    '',
    'null',
    '7',
    '[]',
    '{}',
    'node: warning',
    '{"time":"x","level":"info","pipeline":"a","actor":"b","type":"note"}',
  ];
  for (const line of lines) t.is(entryOf(line), null, line);
  const whole = {
    time: '2026-01-01T00:00:00.000Z',
    level: 'info',
    pipeline: 'a',
    actor: 'b',
    type: 'note',
    text: 'x',
  };
  t.not(entryOf(JSON.stringify(whole)), null);
  for (const key of ['time', 'level', 'pipeline', 'actor', 'type']) {
    t.is(entryOf(JSON.stringify({ ...whole, [key]: undefined })), null, key);
    t.is(entryOf(JSON.stringify({ ...whole, [key]: {} })), null, key);
  }
});

test('lines come one by one, without colours and without empty ones', async (t) => {
  const stream = new PassThrough();
  const lines: string[] = [];
  onLines(stream, (line) => lines.push(line));
  stream.write('\u001b[31mone\u001b[0m\r\n\n  \ntw');
  stream.end('o\nthree');
  await new Promise((resolve) => stream.once('close', resolve));
  t.deepEqual(lines, ['one', 'two', 'three']);
});
