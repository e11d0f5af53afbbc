import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { statusTable } from '../../src/cli/ps-table.ts';
import type { ActorStatus } from '../../src/contract/status.ts';
import { cellsOf } from '../../src/terminal/width.ts';
import { actorStatus, pipelineStatus } from '../helpers/fake-control.ts';

const minute = 60_000;
const nowMs = 3_600_000;
const at = (over: Partial<ActorStatus>) => actorStatus('uploader', { sinceMs: nowMs, ...over });
const status = (actors: readonly ActorStatus[]) =>
  pipelineStatus({ nowMs, startedMs: nowMs - 252_000, actors });
const table = (actors: readonly ActorStatus[], columns: number | null = null, colour = false) =>
  statusTable([status(actors)], { columns, colour });

test('a pipeline is one line of facts, and each actor a row of columns', (t) => {
  const lost = { code: 'link-lost' as const, message: 'the cloud hung up', advice: 'x' };
  const text = table([
    actorStatus('rotator', { state: 'filling', sinceMs: nowMs - 5_000, readingsPerSecond: 12.34 }),
    at({
      state: 'waitingToRetry',
      health: 'trouble',
      sinceMs: nowMs - 2 * minute - 3_000,
      waiting: { readings: 1_204, bytes: 96 * 1024, oldestMs: nowMs - 3 * minute, bytesMax: 4_096 },
      cause: lost,
      lastError: { problem: lost, atMs: nowMs },
      attempt: 4,
      retryAtMs: nowMs + 2_300,
    }),
    actorStatus('acks', { sinceMs: nowMs, lastError: { problem: lost, atMs: nowMs - 185_000 } }),
  ]);
  const [facts, ...rows] = text.trimEnd().split('\n');
  t.is(facts, `edge · edge edge-1 · pid ${process.pid} · up 4m12s · store open, 1 KiB of 4 KiB`);
  t.deepEqual(
    rows.map((row) => row.split(/ {2,}/)),
    [
      ['ACTOR', 'STATE', 'SINCE', 'RATE', 'BACKLOG', 'LAST ERROR', 'RETRY'],
      ['edge/rotator', 'filling', '5s', '12.3/s', '-', '-', '-'],
      [
        'edge/uploader',
        'waitingToRetry',
        '2m03s',
        '-',
        '1,204 readings · 96 KiB · 3m00s',
        'link-lost: the cloud hung up',
        'in 2.3s (attempt 4)',
      ],
      ['edge/acks', 'idle', '0s', '-', '-', '3m05s ago · link-lost: the cloud hung up', '-'],
    ],
  );
  for (const column of ['STATE', 'BACKLOG', 'LAST ERROR', 'RETRY']) {
    const start = rows[0]!.indexOf(column);
    for (const row of rows) t.regex(row.slice(start - 1), /^ \S/, `${column} in ${row}`);
  }
});

test('what waits is said in readings if they are known, in bytes, and by the age of the oldest', (t) => {
  const waiting = (over: object) =>
    table([at({ waiting: { readings: 1, bytes: 0, oldestMs: null, bytesMax: null, ...over } })]);
  t.regex(waiting({ bytes: 80 }), / 1 reading · 80 B {2}/);
  t.regex(waiting({ readings: null, bytes: 2_048 }), / 2,048 items {2}/);
  t.regex(waiting({ readings: null, bytes: 1 }), / 1 item {2}/);
  t.regex(waiting({ readings: null }), / 0 {2}/);
  t.notRegex(waiting({ readings: 0, bytes: 0 }), /reading/);
});

test('where nobody says how wide lines may be, an error takes 60 cells; one that is over is shown for 5 minutes', (t) => {
  const problem = { code: 'link-lost' as const, message: 'x'.repeat(300), advice: 'x' };
  const failing = at({ cause: problem, health: 'trouble', lastError: { problem, atMs: nowMs } });
  t.regex(table([failing]), / {2}link-lost: x{48}… {2}-\n/);
  const over = (agoMs: number) => table([at({ lastError: { problem, atMs: nowMs - agoMs } })]);
  t.regex(over(5 * minute), / {2}5m00s ago · link-lost: x+… {2}-\n/);
  t.notRegex(over(5 * minute + 1), /link-lost/);
});

test('whom an actor serves stands behind its name, and steers no terminal', (t) => {
  t.regex(
    table([actorStatus('receiver/192.0.2.1:1', { about: 'edge-7' })]),
    /receiver\/192\.0\.2\.1:1 \(edge-7\) {2}/,
  );
  t.notRegex(table([actorStatus('receiver/192.0.2.1:1', { about: 'e\u001b[2J' })]), /\u001b/);
});

test('the process of a placed actor has a column of its own, which is there for no others', (t) => {
  t.notRegex(table([at({})]), /PROCESS/);
  const text = table([at({ process: { name: 'aside', pid: 77 } }), actorStatus('acks')]);
  t.regex(text, /RETRY +PROCESS\n/);
  t.regex(text, /aside \(pid 77\)\n/);
  t.regex(table([at({ process: { name: 'aside', pid: null } })]), /aside \(pid none\)\n/);
});

test('actors that are left out are counted', (t) => {
  const text = statusTable([pipelineStatus({ actorsLeftOut: 1_204 })], { columns: null, colour: false });
  t.regex(text, /\n… and 1,204 more that belong to others\n$/);
});

test('colour says how an actor is, and takes no room', (t) => {
  const actors = [
    at({ health: 'failed', state: 'failed' }),
    actorStatus('acks', { health: 'paused', state: 'paused' }),
  ];
  const coloured = table(actors, 70, true);
  t.true(coloured.includes('\u001b[31mfailed'));
  t.true(coloured.includes('\u001b[36mpaused'));
  t.is(stripVTControlCharacters(coloured), table(actors, 70, false));
});

test('the last error gives way first, then stands in a line of its own, and then the backlog gives way', (t) => {
  const problem = { code: 'link-lost' as const, message: 'x'.repeat(90), advice: 'x' };
  const actor = at({
    cause: problem,
    health: 'trouble',
    state: 'waitingToRetry',
    attempt: 4,
    retryAtMs: nowMs + 2_300,
    waiting: { readings: 1_204, bytes: 96 * 1024, oldestMs: nowMs, bytesMax: null },
  });
  const rowsIn = (columns: number) => table([actor], columns).trimEnd().split('\n').slice(2);
  const [row, ...none] = rowsIn(140);
  t.deepEqual(none, []);
  t.is(cellsOf(row!), 140);
  t.regex(row!, / 1,204 readings · 96 KiB · 0s {2}link-lost: x+… {2}in 2\.3s \(attempt 4\)$/);
  const [short, below] = rowsIn(80);
  t.regex(short!, /^edge\/uploader {2}waitingToRetry {5}0s {5}- {2}1,204 readings · 96 KiB · 0s$/);
  t.is(cellsOf(below!), 80);
  t.regex(below!, /^ {4}in 2\.3s \(attempt 4\) · link-lost: x+…$/);
  t.regex(rowsIn(60)[0]!, /^edge\/uploader {2}waitingToRetry {5}0s {5}- {2}1,204 .*…$/);
  t.is(rowsIn(20)[0]!.length, 20);
});

test('whatever actors, edges and devices are called, lines fit and steer no terminal', (t) => {
  const foreign = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      '測定値が範囲外です',
      '\u001b[2J\u001b]0;x\u0007',
      'e\u0301\u0301',
      '👩‍👩‍👧‍👦🇩🇪',
      '\u202egnp.exe',
      'a\nb',
    ),
  );
  const actor = fc.record({ name: foreign, state: foreign, message: foreign, bytes: fc.nat(), ms: fc.nat() });
  fc.assert(
    fc.property(
      fc.array(actor, { maxLength: 5 }),
      foreign,
      fc.integer({ min: 20, max: 200 }),
      (actors, edge, columns) => {
        const some = actors.map(({ name, state, message, bytes, ms }) =>
          actorStatus(name, {
            state,
            sinceMs: -ms,
            cause: { code: 'device-error', message, advice: '' },
            waiting: { readings: bytes, bytes, oldestMs: -ms, bytesMax: null },
            process: { name: message, pid: 1 },
          }),
        );
        const text = statusTable([pipelineStatus({ edge, actors: some })], { columns, colour: false });
        const lines = text.slice(0, -1).split('\n');
        t.true(lines.length >= 2 + some.length);
        t.true(
          lines.every((line) => cellsOf(line) <= columns),
          text,
        );
        t.notRegex(text.replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f\u202e]/);
      },
    ),
  );
});

test('readings that became gaps are told by reason, and not at all while there are none', (t) => {
  const one = status([at({})]);
  const line = (lost: object | undefined) =>
    statusTable([{ ...one, store: { ...one.store!, ...(lost ? { lost } : {}) } }], {
      columns: null,
      colour: false,
    }).split('\n')[0]!;
  t.regex(line({ dropped: 1_204, missed: 12, epoch: 7, refused: 0 }), / · gaps: 12 missed, 1,204 dropped$/);
  t.notRegex(line({}), /gaps/);
  t.notRegex(line(undefined), /gaps/);
});
