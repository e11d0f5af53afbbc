import test from 'ava';
import type { Level, Report } from '../../src/contract/report.ts';
import { createLog, type LogFormat } from '../../src/runtime/log.ts';
import { problem } from '../helpers/statechart.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const time = '2026-01-01T00:00:01.250Z';
const esc = String.fromCharCode(0x1b);
const csi = String.fromCharCode(0x9b);

function write(
  report: Report,
  options: { format?: LogFormat; colour?: boolean; level?: Level; levelMin?: Level; actor?: string } = {},
) {
  const lines: string[] = [];
  const log = createLog({
    format: options.format ?? 'text',
    colour: options.colour ?? false,
    ...(options.levelMin ? { levelMin: options.levelMin } : {}),
    clock: createVirtualClock(Date.parse(time)),
    write: (line) => lines.push(line),
  });
  log.reporter('edge', options.actor ?? 'uploader')(report, options.level);
  return lines.join('|');
}
const json = (report: Report, level?: Level) => {
  const line = write(report, { format: 'json', ...(level ? { level } : {}) });
  if (!line.endsWith('}\n')) throw new Error(`not a line: ${line}`);
  return line.trimEnd();
};

const cause = problem('link-unreachable', 'nobody at 127.0.0.1:7070');
const plain: Report = { type: 'transition', from: 'greeting', to: 'sending', event: 'GREETED' };
const trouble: Report = {
  type: 'transition',
  from: 'connecting',
  to: 'waitingToRetry',
  event: 'LOST',
  cause,
  attempt: 2,
  retryInMs: 1_500,
};
const failed: Report = { type: 'transition', from: 'sending', to: 'failed', event: 'FAILED', cause };
const segment: Report = { type: 'segment', what: 'sealed', segment: 3, readings: 15, stream: 'readings' };
const forecast: Report = {
  type: 'forecast',
  segment: 3,
  sensor: 'pressure',
  readings: 15,
  mean: 1013.2,
  unit: 'hPa',
  tendency: null,
  tendencyWord: null,
  spanMs: 0,
  text: 'steady',
};

test('a JSON line begins with time, level, pipeline, actor and type, and then has the fields of its report', (t) => {
  const head = (level: string, type: string) => ({ time, level, pipeline: 'edge', actor: 'uploader', type });
  const expected: [Report, object][] = [
    [plain, { ...head('info', 'transition'), from: 'greeting', to: 'sending', event: 'GREETED' }],
    [
      trouble,
      {
        ...head('warn', 'transition'),
        from: 'connecting',
        to: 'waitingToRetry',
        event: 'LOST',
        cause: cause.message,
        attempt: 2,
        retryInMs: 1_500,
        code: cause.code,
        advice: cause.advice,
      },
    ],
    [segment, { ...head('info', 'segment'), what: 'sealed', segment: 3, readings: 15, stream: 'readings' }],
    [
      { type: 'note', text: 'hello' },
      { ...head('info', 'note'), text: 'hello' },
    ],
    [
      { type: 'problem', ...cause },
      { ...head('error', 'problem'), code: cause.code, message: cause.message, advice: cause.advice },
    ],
  ];
  for (const [report, line] of expected) t.is(json(report), JSON.stringify(line));
  const { type: _, ...rest } = forecast;
  t.is(json(forecast), JSON.stringify({ ...head('info', 'forecast'), ...rest }));
});

test('levels say how much a line matters', (t) => {
  const level = (report: Report, given?: Level) => JSON.parse(json(report, given)).level;
  t.is(level(plain), 'info');
  t.is(level(trouble), 'warn');
  t.is(level(failed), 'error');
  t.is(level({ ...failed, to: 'serving.failed' } as Report), 'error');
  t.is(level(plain, 'debug'), 'debug');
});

test('text lines are sentences for people', (t) => {
  const line = (report: Report) => write(report).replace(/ +/g, ' ');
  t.is(line(plain), '00:00:01.250Z edge/uploader greeting → sending\n');
  t.is(
    line(trouble),
    '00:00:01.250Z edge/uploader connecting → waitingToRetry · link-unreachable: nobody at 127.0.0.1:7070 · attempt 2 · retry in 1.5s\n',
  );
  t.true(line(failed).trimEnd().endsWith(cause.advice));
  t.regex(line(segment), /segment 3 sealed · 15 readings\n$/);
  t.regex(line({ ...segment, readings: 1 }), /· 1 reading\n$/);
  t.regex(line({ ...segment, readings: 0, gap: true }), /· gap\n$/);
  const stored = {
    type: 'stored',
    edge: 'e1',
    stream: 'readings',
    segment: 7,
    readings: 1,
    file: 'data/e1/x',
  };
  t.regex(line(stored as Report), /segment 7 of e1 stored · 1 reading · data\/e1\/x\n$/);
  t.regex(line({ ...stored, first: 5 } as Report), /segments 5 to 7 of e1 stored · 1 reading · /);
  t.regex(line({ ...stored, readings: 0, gap: true } as Report), /segment 7 of e1 stored · a gap · /);
  t.regex(line(forecast), /forecast for segment 3 · steady\n$/);
  t.regex(line({ type: 'note', text: 'listening' }), /listening\n$/);
  t.regex(line({ type: 'problem', ...cause }), /link-unreachable: nobody at .* · /);
});

test('foreign text cannot steer a terminal or begin a line of its own', (t) => {
  const evil = `a${esc}[31mb\nc\r${csi}2J\u007f\u2028d`;
  const reports: Report[] = [
    { type: 'note', text: evil },
    { type: 'problem', ...problem('link-refused', evil) },
    { ...trouble, cause: problem('link-refused', evil) } as Report,
    { ...segment, what: evil } as unknown as Report,
    { ...forecast, text: evil } as Report,
  ];
  for (const report of reports) {
    for (const format of ['text', 'json', 'journal'] as const) {
      const line = write(report, { format, actor: `receiver/${evil}` });
      t.notRegex(line.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/, format);
      t.true(line.endsWith('\n'));
      if (format === 'json') t.is(JSON.parse(line).actor, `receiver/${evil}`, 'and nothing of it is lost');
    }
  }
});

test('colour comes only when it is asked for', (t) => {
  for (const report of [plain, trouble, failed, segment]) {
    t.false(write(report).includes(esc));
    t.true(write(report, { colour: true }).includes(`${esc}[`));
    t.false(write(report, { format: 'json', colour: true }).includes(esc));
  }
  t.true(write(plain, { colour: true }).includes(`${esc}[32mgreeting → sending`));
  t.true(write(trouble, { colour: true }).includes(`${esc}[33mconnecting → waitingToRetry`));
  t.true(write(failed, { colour: true }).includes(`${esc}[31msending → failed`));
});

test('lines for the journal begin with the level of syslog and leave time and colour to it', (t) => {
  const line = (report: Report, level?: Level) =>
    write(report, { format: 'journal', colour: true, ...(level ? { level } : {}) });
  t.is(line(plain), `<6>${'edge/uploader'.padEnd(30)} greeting → sending\n`);
  t.true(line(trouble).startsWith('<4>edge/uploader '));
  t.true(line(failed).startsWith('<3>edge/uploader '));
  t.true(line(plain, 'debug').startsWith('<7>'));
  t.false(line(failed).includes(esc));
});

test('what is less severe than asked for is left out, in every format', (t) => {
  for (const format of ['text', 'json', 'journal'] as const) {
    const told = (levelMin: Level) =>
      (['debug', 'info', 'warn', 'error'] as const).filter(
        (level) => write(plain, { format, level, levelMin }) !== '',
      );
    t.deepEqual(told('debug'), ['debug', 'info', 'warn', 'error']);
    t.deepEqual(told('info'), ['info', 'warn', 'error']);
    t.deepEqual(told('warn'), ['warn', 'error']);
    t.deepEqual(told('error'), ['error']);
  }
  t.is(write(trouble, { levelMin: 'error' }), '', 'a level that follows from the report counts as well');
});
