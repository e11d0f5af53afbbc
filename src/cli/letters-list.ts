/** `fogrun dead-letters list` and `show`. */
import type { LetterInfo } from '../contract/control.ts';
import { formatDuration, formatSize } from '../domain/quantities.ts';
import { printable } from '../domain/text.ts';
import { systemClock } from '../runtime/clock.ts';
import { counted } from '../terminal/figures.ts';
import { columnsText } from './columns.ts';
import { chosenLetters, type LetterOptions, oneLetter } from './letters-choice.ts';
import type { Holder } from './segments-holder.ts';

const titles = ['ID', 'REASON', 'STREAM', 'SEQS', 'READINGS', 'BYTES', 'SINCE', 'STATE', 'WHY'];
const rightAligned = new Set([0, 4, 5]);
/** Lines of the body that are shown, and characters of each. */
const linesMax = 10;
const lineLengthMax = 200;

export async function listLetters(holder: Holder, options: LetterOptions): Promise<number> {
  process.stdout.write(await letterList(holder, options, systemClock.now()));
  return 0;
}

/** The table or the JSON, as of `now`, ms since 1970. */
export async function letterList(holder: Holder, options: LetterOptions, now: number): Promise<string> {
  const { pipeline, isRunning } = holder;
  const letters = chosenLetters(await holder.letters.list(), options);
  if (options.json) return `${JSON.stringify({ pipeline, running: isRunning, letters })}\n`;
  if (letters.length === 0) return `${pipeline} has no dead letters\n`;
  const rows = letters.map((letter) => cells(letter, now));
  const readings = letters.reduce((sum, { count }) => sum + count, 0);
  const bytes = letters.reduce((sum, letter) => sum + letter.bytes, 0);
  const sum = `${counted(letters.length, 'dead letter')} · ${counted(readings, 'reading')} · ${formatSize(bytes)}`;
  return `${columnsText(titles, rows, rightAligned)}\n${pipeline} has ${sum}\n`;
}

function cells(letter: LetterInfo, now: number): readonly string[] {
  const { id, reason, stream, count, bytes, atMs, text } = letter;
  return [
    `${id}`,
    printable(reason, 20),
    printable(stream, 64),
    seqsOf(letter),
    `${count}`,
    formatSize(bytes),
    `${formatDuration(Math.max(0, now - atMs))} ago`,
    stateOf(letter),
    printable(text, 100),
  ];
}

const seqsOf = ({ fromSeq, toSeq }: LetterInfo) => (fromSeq === toSeq ? `${fromSeq}` : `${fromSeq}–${toSeq}`);

/** What can be done with it now. */
function stateOf({ reason, settled }: LetterInfo): string {
  if (!settled) return 'pending';
  return reason === 'corrupt' ? 'damaged' : 'ready';
}

const meanings: Readonly<Record<string, string>> = {
  pending: 'pending: it is settled when the edge meets the cloud next, and can be requeued then',
  damaged: 'damaged: it can be exported as it is, and discarded',
  ready: 'ready: it can be requeued, exported, discarded',
};

export async function showLetter(holder: Holder, options: LetterOptions): Promise<number> {
  const { pipeline, isRunning } = holder;
  const letter = oneLetter(await holder.letters.list(), options);
  const lines = Buffer.from(await holder.letters.body(letter.id))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  const shown = lines.slice(0, linesMax);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ pipeline, running: isRunning, letter, lines: shown })}\n`);
    return 0;
  }
  const { id, reason, text, stream, epoch, sequence, count, bytes, refusals, sinceMs, atMs } = letter;
  const time = (ms: number) => new Date(ms).toISOString();
  const facts: (readonly [string, string])[] = [
    ['dead letter', `${id} of ${pipeline}`],
    ['why', `${printable(reason, 20)}: ${printable(text, 400)}`],
    [
      'holds',
      `${counted(count, 'reading')} of ${printable(stream, 64)}, seq ${seqsOf(letter)}, ${formatSize(bytes)}`,
    ],
    ['was', `segment ${sequence} of epoch ${printable(epoch, 40)}`],
    ...(refusals > 0
      ? [['refused', `${counted(refusals, 'time')}, first at ${time(sinceMs)}`] as const]
      : []),
    ['since', time(atMs)],
    ['state', meanings[stateOf(letter)]!],
  ];
  const left = lines.length - shown.length;
  const body = [
    ...shown.map((line) => `  ${printable(line, lineLengthMax)}`),
    ...(left > 0
      ? [`  … and ${counted(left, 'line')} more: fogrun dead-letters export ${pipeline} --id ${id}`]
      : []),
  ];
  const table = facts.map(([name, value]) => `${name.padEnd(12)} ${value}`);
  process.stdout.write(`${[...table, ...(body.length > 0 ? ['', ...body] : [])].join('\n')}\n`);
  return 0;
}
