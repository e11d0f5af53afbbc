/** `fogrun segments discard`: gives up what segments hold, after asking. */
import { FogrunError } from '../contract/errors.ts';
import { formatSize } from '../domain/quantities.ts';
import { counted } from '../terminal/figures.ts';
import { confirm } from './confirm.ts';
import type { Holder } from './segments-holder.ts';
import { chosen, rangeOf, type SegmentOptions, sealedOf, sumsOf } from './segments-range.ts';

export async function discardSegments(holder: Holder, options: SegmentOptions): Promise<number> {
  const { pipeline } = holder;
  const stream = options.stream ?? 'readings';
  if (options.from === undefined || options.to === undefined) {
    throw new FogrunError('usage', `expected: fogrun segments discard ${pipeline} --from N --to N`);
  }
  const range = { stream, ...rangeOf(options) };
  const meant = sealedOf(chosen(await holder.segments(), options, stream)).filter(
    ({ type, discarded }) => type === 'readings' && !discarded,
  );
  const { readings, bytes } = sumsOf(meant);
  const what = `${counted(meant.length, 'segment')} of ${pipeline} with ${counted(readings, 'reading')} (${formatSize(bytes)})`;
  // What cannot be discarded is refused by the store, in its own words.
  if (meant.length > 0 && !options.yes) {
    const question = `Discard ${what}, for good? The cloud gets gaps in their place.`;
    if (!(await confirm(question))) {
      process.stderr.write('nothing was discarded\n');
      return 1;
    }
  }
  // Whatever happens to the numbers of segments until then, nothing else is given up.
  const last = meant.at(-1);
  const seqs = last ? { from: meant[0]!.fromSeq, to: last.fromSeq + last.count - 1 } : { from: 1, to: 0 };
  const done = await holder.discard({ ...range, seqs }, options.reason ?? '');
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ pipeline, ...range, discarded: done })}\n`);
    return 0;
  }
  if (done.segments === 0) {
    process.stdout.write('nothing to discard: these are gaps, or were discarded before\n');
    return 0;
  }
  const freed = `${counted(done.segments, 'segment')} with ${counted(done.readings, 'reading')}, ${formatSize(done.bytes)}`;
  process.stdout.write(
    `discarded ${freed}\nWhen ${pipeline} meets the cloud next, what the cloud does not have yet becomes ${done.segments === 1 ? 'a gap' : 'gaps'} there.\n`,
  );
  return 0;
}
