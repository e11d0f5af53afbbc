import test from 'ava';
import {
  type CsvCommand,
  type CsvEvent,
  type CsvSourceConfig,
  csvSource,
} from '../../machines/csv-source.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import { fakeTask, play, problem, saying } from '../helpers/statechart.ts';
import { testKind } from '../suites/kind.ts';

const unreadable = problem('file-unreadable', 'nothing is there');

testKind({
  kind: csvSource,
  file: 'machines/csv-source.ts',
  reach: { retryInMs: { file: saying({ type: 'LOST', cause: unreadable } as never) } },
});

const least = { path: 'a.csv', values: [{ column: 1, sensor: 's' }] };

function start() {
  const file = fakeTask<CsvSourceConfig, CsvEvent, CsvCommand>();
  const played = play(csvSource as ActorKind, { file: file.effect, retryInMs: () => 1_000 }, least);
  const tell = async (event: CsvEvent) => {
    file.emit(event);
    await played.clock.flush();
  };
  return { ...played, file, tell };
}

test('a file that is lost in the middle is closed, waited for, and opened again', async (t) => {
  const { clock, states, file, last, tell } = start();
  await tell({ type: 'READING' });
  await tell({ type: 'LOST', cause: unreadable });
  t.like(last(), { to: 'waitingToRetry', cause: unreadable, attempt: 1, retryInMs: 1_000 });
  await clock.advance(1_000);
  await tell({ type: 'READING' });
  await tell({ type: 'DONE' });
  t.deepEqual(states(), ['opening', 'reading', 'waitingToRetry', 'opening', 'reading', 'done']);
  t.deepEqual(file.commands, ['OPEN', 'CLOSE', 'OPEN']);
});

test('a position of a newer fogrun is not guessed at', async (t) => {
  const { state, tell } = start();
  await tell({ type: 'LOST', cause: problem('store-version') });
  t.is(state(), 'failed');
});

test('settings that contradict each other are refused where they stand', (t) => {
  const paths = (config: object) =>
    csvSource.config.safeParse({ ...least, ...config }).error?.issues.map(({ path }) => path.join('.'));
  t.deepEqual(paths({}), undefined);
  t.deepEqual(paths({ speed: 60 }), ['speed']);
  t.deepEqual(paths({ repeat: true }), ['repeat']);
  t.deepEqual(paths({ speed: 60, time: { column: 't' }, repeat: true }), ['repeat']);
  t.deepEqual(paths({ speed: '60', time: { column: 't' }, repeat: 'true', stamp: 'now' }), undefined);
  t.deepEqual(paths({ header: false, values: [{ column: 'v' }] }), ['values.0.column']);
});
