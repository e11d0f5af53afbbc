import test from 'ava';
import { deadLetters } from '../../src/cli/letters.ts';
import { chosenLetters, oneLetter } from '../../src/cli/letters-choice.ts';
import { letterList } from '../../src/cli/letters-list.ts';
import type { Holder } from '../../src/cli/segments-holder.ts';
import type { LetterInfo } from '../../src/contract/control.ts';

const now = 100_000;
const letter = (id: number, more: Partial<LetterInfo> = {}): LetterInfo => ({
  ...{ id, reason: 'refused', text: 'line 3 is\u001b[31m wrong', stream: 'readings', epoch: 'ab' },
  ...{ sequence: 3, fromSeq: 21, toSeq: 30, count: 10, bytes: 1_024, refusals: 5 },
  ...{ sinceMs: now - 70_000, atMs: now - 60_000, settled: true },
  ...more,
});

const list = (letters: readonly LetterInfo[], options: object = {}) => {
  const holder = { pipeline: 'edge', isRunning: true, letters: { list: async () => letters } };
  return letterList(holder as unknown as Holder, { state: '', ...options }, now);
};

test('each dead letter is a row that says what can be done with it, and foreign text cannot steer the terminal', async (t) => {
  const corrupt = letter(4, { reason: 'corrupt', fromSeq: 31, toSeq: 31, count: 1, text: 'damaged' });
  const text = await list([letter(1), letter(2, { settled: false }), corrupt]);
  t.false(text.includes('\u001b'));
  const lines = text.trimEnd().split('\n');
  t.deepEqual(
    lines.slice(0, 4).map((line) => line.trim().split(/ {2,}/).slice(0, 8)),
    [
      ['ID', 'REASON', 'STREAM', 'SEQS', 'READINGS', 'BYTES', 'SINCE', 'STATE'],
      ['1', 'refused', 'readings', '21–30', '10', '1KiB', '1m ago', 'ready'],
      ['2', 'refused', 'readings', '21–30', '10', '1KiB', '1m ago', 'pending'],
      ['4', 'corrupt', 'readings', '31', '1', '1KiB', '1m ago', 'damaged'],
    ],
  );
  t.is(lines.at(-1), 'edge has 3 dead letters · 21 readings · 3KiB');
  t.is(await list([]), 'edge has no dead letters\n');
  t.deepEqual(JSON.parse(await list([corrupt], { json: true })), {
    ...{ pipeline: 'edge', running: true, letters: [corrupt] },
  });
});

test('numbers, spans and all of them can be named; one that is not there is told', (t) => {
  const all = [1, 2, 5, 6].map((id) => letter(id));
  const ids = (id?: string) => chosenLetters(all, { state: '', id }).map((each) => each.id);
  t.deepEqual(ids(), [1, 2, 5, 6]);
  t.deepEqual(ids('all'), [1, 2, 5, 6]);
  t.deepEqual(ids('6,1'), [1, 6]);
  t.deepEqual(ids('2-5'), [2, 5]);
  t.throws(() => ids('3-4'), {
    code: 'letter-unknown',
    message: /no dead letter 3 to 4: there are 1, 2, 5, 6/,
  });
  for (const wrong of ['x', '0', '2-1', '1,,2', '', '-1']) t.throws(() => ids(wrong), { code: 'usage' });
  t.is(oneLetter([letter(7)], { state: '' }).id, 7);
  t.throws(() => oneLetter(all, { state: '' }), { code: 'usage', message: /4 are meant/ });
});

test('a word that is none, an option that it does not take and a missing --id are told before anything is opened', async (t) => {
  const run = (word: string, options: object = {}) =>
    deadLetters(word, 'edge', { state: '/nowhere', ...options });
  await t.throwsAsync(run('requeu'), { code: 'usage', message: /did you mean `requeue`/ });
  await t.throwsAsync(run('list', { out: 'x' }), { code: 'usage', message: /has no option --out/ });
  await t.throwsAsync(run('requeue'), { code: 'usage', message: /--id N/ });
  await t.throwsAsync(run('discard', { yes: true }), { code: 'usage', message: /--id all/ });
});
