/** `fogrun segments export`: the readings that are held, as NDJSON in order; gaps and what is missing go to stderr. */
import type { SegmentInfo } from '../contract/control.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Gap } from '../domain/gap.ts';
import { formatSize } from '../domain/quantities.ts';
import { printable } from '../domain/text.ts';
import { systemClock } from '../runtime/clock.ts';
import { counted } from '../terminal/figures.ts';
import { createProgress } from '../terminal/progress.ts';
import { sinkTo } from './export-sink.ts';
import { createGapLines, tell } from './gap-lines.ts';
import type { Holder } from './segments-holder.ts';
import { chosen, openOf, type SegmentOptions, sealedOf, sumsOf } from './segments-range.ts';

export async function exportSegments(holder: Holder, options: SegmentOptions): Promise<number> {
  const { pipeline } = holder;
  const { out, json } = options;
  if (json && out === undefined) {
    throw new FogrunError('usage', '--json tells what came of an export to a file: it needs --out FILE');
  }
  const all = chosen(await holder.segments(), options, options.stream ?? 'readings');
  const some = sealedOf(all);
  const open = openOf(all);
  if (open.readings > 0) {
    tell(
      `left out: ${counted(open.readings, 'reading')} (${formatSize(open.bytes)}) that no segment is sealed over yet`,
    );
  }
  const sums = sumsOf(some);
  const sink = await sinkTo(out);
  const progress = createProgress({
    label: `exporting ${pipeline}`,
    total: sums.bytes,
    unit: 'bytes',
    output: process.stderr,
    clock: systemClock,
  });
  const done = { segments: 0, readings: 0, bytes: 0, damaged: 0 };
  const say = (text: string) => {
    progress.clear();
    tell(text);
  };
  const gaps = createGapLines(say);
  try {
    for (const segments of runs(some)) {
      const segment = segments[0]!;
      if (sink.isClosed) break;
      if (segment.type === 'readings') gaps.flush();
      if (segment.discarded) {
        say(`${nameOf(segments)} discarded`);
        continue;
      }
      const body = await bodyOf(holder, segment, (why, isDamage) => {
        say(why);
        if (isDamage) done.damaged += 1;
      });
      if (!body) continue;
      done.segments += 1;
      if (segment.type === 'gap') {
        gaps.add(JSON.parse(Buffer.from(body).toString('utf8')) as Gap);
        continue;
      }
      await sink.write(body);
      progress.add(body.length);
      done.readings += segment.count;
      done.bytes += body.length;
    }
    gaps.flush();
    progress.clear();
    if (out !== undefined && sink.isClosed) {
      process.stderr.write('stopped: no file was written\n');
      return 1;
    }
    await sink.finish();
  } finally {
    progress.clear();
    await sink.abandon();
  }
  if (out !== undefined && json)
    process.stdout.write(`${JSON.stringify({ pipeline, file: out, ...done })}\n`);
  else if (out !== undefined) {
    process.stdout.write(
      `${counted(done.readings, 'reading')} (${formatSize(done.bytes)}) in ${printable(out, 200)}\n`,
    );
  }
  return done.damaged > 0 ? 1 : 0;
}

/** Segments one by one, but those discarded together as far as they follow one another. */
function* runs(some: readonly SegmentInfo[]): Iterable<readonly SegmentInfo[]> {
  for (let at = 0; at < some.length; ) {
    let end = at + 1;
    while (some[at]!.discarded && some[end]?.discarded) end++;
    yield some.slice(at, end);
    at = end;
  }
}

function nameOf(segments: readonly SegmentInfo[]): string {
  const [first, last] = [segments[0]!, segments.at(-1)!];
  const seqs = `seq ${first.fromSeq} to ${last.fromSeq + last.count - 1}`;
  return first === last
    ? `segment ${first.sequence}, ${seqs}, was`
    : `segments ${first.sequence} to ${last.sequence}, ${seqs}, were`;
}

/** `null` when it is not there; `missing` hears why, and whether that is damage. */
async function bodyOf(
  holder: Holder,
  segment: SegmentInfo,
  missing: (why: string, isDamage: boolean) => void,
): Promise<Uint8Array | null> {
  const which = nameOf([segment]);
  try {
    return await holder.body(segment);
  } catch (thrown) {
    if (!(thrown instanceof FogrunError)) throw thrown;
    if (thrown.code === 'segment-discarded') missing(`${which} discarded meanwhile`, false);
    else if (thrown.code === 'control-unknown') missing(`${which} brought to the cloud meanwhile`, false);
    else if (thrown.code === 'segment-corrupt') missing(`${which} damaged: ${thrown.message}`, true);
    else throw thrown;
    return null;
  }
}
