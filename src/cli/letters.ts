/** `fogrun dead-letters`: what the cloud refused for good, or the disk damaged, in the hands of a person. */
import { FogrunError } from '../contract/errors.ts';
import { formatSize } from '../domain/quantities.ts';
import { nearest, printable } from '../domain/text.ts';
import { counted } from '../terminal/figures.ts';
import { confirm } from './confirm.ts';
import { sinkTo } from './export-sink.ts';
import { chosenLetters, type LetterOptions } from './letters-choice.ts';
import { listLetters, showLetter } from './letters-list.ts';
import { type Holder, holderOf } from './segments-holder.ts';

type OptionName = Exclude<keyof LetterOptions, 'state' | 'json'>;

interface Action {
  readonly options: readonly OptionName[];
  /** It must be said which ones are meant. */
  readonly needsId?: true;
  /** Resolves to the exit code. */
  readonly run: (holder: Holder, options: LetterOptions) => Promise<number>;
}

const actions: Readonly<Record<string, Action>> = {
  list: { options: ['id'], run: listLetters },
  show: { options: ['id'], run: showLetter },
  export: { options: ['id', 'out'], run: exportLetters },
  requeue: { options: ['id'], needsId: true, run: requeueLetters },
  discard: { options: ['id', 'yes'], needsId: true, run: discardLetters },
};
const optionNames: readonly OptionName[] = ['id', 'out', 'yes'];

export async function deadLetters(
  word: string,
  pipeline: string | undefined,
  options: LetterOptions,
): Promise<number> {
  const action = Object.hasOwn(actions, word) ? actions[word]! : undefined;
  if (!action) {
    const near = nearest(word, Object.keys(actions))[0];
    const hint = near ? ` (did you mean \`${near}\`?)` : '';
    const known = 'list, show, export, requeue or discard';
    throw new FogrunError(
      'usage',
      `\`fogrun dead-letters\` can ${known}, not \`${printable(word, 40)}\`${hint}`,
    );
  }
  const wrong = optionNames.find((name) => options[name] !== undefined && !action.options.includes(name));
  if (wrong) throw new FogrunError('usage', `\`fogrun dead-letters ${word}\` has no option --${wrong}`);
  if (action.needsId && options.id === undefined) {
    throw new FogrunError(
      'usage',
      `expected: fogrun dead-letters ${word} [PIPELINE] --id N[,N…] or --id all`,
    );
  }
  const holder = await holderOf(options.state, pipeline);
  try {
    return await action.run(holder, options);
  } finally {
    await holder.close();
  }
}

/** The bytes of one after the other, with the `seq` they had. */
async function exportLetters(holder: Holder, options: LetterOptions): Promise<number> {
  const { out, json } = options;
  if (json && out === undefined) {
    throw new FogrunError('usage', '--json tells what came of an export to a file: it needs --out FILE');
  }
  const letters = chosenLetters(await holder.letters.list(), options);
  const sink = await sinkTo(out);
  let [readings, bytes] = [0, 0];
  try {
    for (const { id, count } of letters) {
      if (sink.isClosed) break;
      const body = await holder.letters.body(id);
      await sink.write(body);
      readings += count;
      bytes += body.length;
    }
    if (out !== undefined && sink.isClosed) {
      process.stderr.write('stopped: no file was written\n');
      return 1;
    }
    await sink.finish();
  } finally {
    await sink.abandon();
  }
  const done = { pipeline: holder.pipeline, file: out, letters: letters.length, readings, bytes };
  if (out !== undefined && json) process.stdout.write(`${JSON.stringify(done)}\n`);
  else if (out !== undefined) {
    const what = `${counted(letters.length, 'dead letter')} with ${counted(readings, 'reading')} (${formatSize(bytes)})`;
    process.stdout.write(`${what} in ${printable(out, 200)}\n`);
  }
  return 0;
}

async function requeueLetters(holder: Holder, options: LetterOptions): Promise<number> {
  const meant = chosenLetters(await holder.letters.list(), options);
  // Of all, those that can be; of those named, each or none.
  const ready = meant.filter(({ reason, settled }) => settled && reason === 'refused');
  const left = meant.length - ready.length;
  const letters = options.id === 'all' ? ready : meant;
  if (letters.length === 0 && !options.json) {
    const why =
      left > 0
        ? `${counted(left, 'dead letter')} cannot be: damaged, or not settled yet`
        : 'there are no dead letters';
    process.stdout.write(`nothing to requeue: ${why}\n`);
    return 0;
  }
  const done =
    letters.length === 0
      ? { letters: 0, readings: 0 }
      : await holder.letters.requeue(letters.map(({ id }) => id));
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ pipeline: holder.pipeline, requeued: done })}\n`);
    return 0;
  }
  const stays = options.id === 'all' && left > 0 ? `; ${left} cannot be: damaged, or not settled yet` : '';
  process.stdout.write(
    `requeued ${counted(done.letters, 'dead letter')} with ${counted(done.readings, 'reading')}, under new numbers${stays}\n`,
  );
  return 0;
}

async function discardLetters(holder: Holder, options: LetterOptions): Promise<number> {
  const letters = chosenLetters(await holder.letters.list(), options);
  const readings = letters.reduce((sum, { count }) => sum + count, 0);
  const what = `${counted(letters.length, 'dead letter')} of ${holder.pipeline} with ${counted(readings, 'reading')}`;
  if (letters.length > 0 && !options.yes && !(await confirm(`Discard ${what}, for good?`))) {
    process.stderr.write('nothing was discarded\n');
    return 1;
  }
  const done =
    letters.length === 0
      ? { letters: 0, readings: 0 }
      : await holder.letters.discard(letters.map(({ id }) => id));
  if (options.json)
    process.stdout.write(`${JSON.stringify({ pipeline: holder.pipeline, discarded: done })}\n`);
  else
    process.stdout.write(
      `discarded ${counted(done.letters, 'dead letter')} with ${counted(done.readings, 'reading')}\n`,
    );
  return 0;
}
