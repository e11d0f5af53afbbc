/** `fogrun segments list|export|discard`: what an edge's store holds for the cloud, in the hands of a person. */
import { FogrunError } from '../contract/errors.ts';
import { nearest } from '../domain/text.ts';
import { discardSegments } from './segments-discard.ts';
import { exportSegments } from './segments-export.ts';
import { type Holder, holderOf } from './segments-holder.ts';
import { listSegments } from './segments-list.ts';
import { rangeOf, type SegmentOptions } from './segments-range.ts';

type OptionName = Exclude<keyof SegmentOptions, 'state' | 'json'>;

interface Action {
  readonly options: readonly OptionName[];
  /** Resolves to the exit code. */
  readonly run: (holder: Holder, options: SegmentOptions) => Promise<number>;
}

const actions: Readonly<Record<string, Action>> = {
  list: { options: ['stream', 'from', 'to'], run: listSegments },
  export: { options: ['stream', 'from', 'to', 'out'], run: exportSegments },
  discard: { options: ['stream', 'from', 'to', 'reason', 'yes'], run: discardSegments },
};
const optionNames: readonly OptionName[] = ['stream', 'from', 'to', 'out', 'reason', 'yes'];

export async function segments(
  word: string,
  pipeline: string | undefined,
  options: SegmentOptions,
): Promise<number> {
  const action = Object.hasOwn(actions, word) ? actions[word]! : undefined;
  if (!action) {
    const near = nearest(word, Object.keys(actions))[0];
    const hint = near ? ` (did you mean \`${near}\`?)` : '';
    throw new FogrunError('usage', `\`fogrun segments\` can list, export or discard, not \`${word}\`${hint}`);
  }
  const wrong = optionNames.find((name) => options[name] !== undefined && !action.options.includes(name));
  if (wrong) throw new FogrunError('usage', `\`fogrun segments ${word}\` has no option --${wrong}`);
  if (word === 'discard' && pipeline === undefined) {
    throw new FogrunError('usage', 'expected: fogrun segments discard PIPELINE --from N --to N');
  }
  rangeOf(options);
  const holder = await holderOf(options.state, pipeline);
  try {
    return await action.run(holder, options);
  } finally {
    await holder.close();
  }
}
