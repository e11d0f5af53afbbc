/** A certificate as people read it. */
import { statesStream } from '../contract/state-records.ts';
import { spansText } from '../domain/spans.ts';
import { escapeControls, printable } from '../domain/text.ts';
import type { Certificate, Flaw, ProvenGap, StreamProof } from '../store/certificate.ts';
import { readingsInGaps } from '../store/verify.ts';
import { count, counted } from '../terminal/figures.ts';

/** Gaps of one stream that are listed; JSON has them all. */
const gapsListed = 50;

/** @param verifiedAt ISO 8601 */
export function certificateText(certificate: Certificate, verifiedAt: string): string {
  const { edges, flaws, flawsLeftOut, remarks, remarksLeftOut, notFiled, complete, cloud, digest } =
    certificate;
  const lines = [`cloud ${cloud}, verified ${verifiedAt}`];
  for (const { edge, epochs } of edges) {
    for (const { epoch, streams } of epochs) {
      for (const stream of streams) {
        lines.push('', `edge ${edge}, epoch ${epoch}, stream ${stream.stream}`, ...streamLines(stream));
      }
    }
  }
  if (remarks.length > 0) lines.push('');
  for (const { path, message } of remarks)
    lines.push(`remark: ${path === null ? '' : `${path}: `}${message}`);
  if (remarksLeftOut > 0) lines.push(`remark: ${counted(remarksLeftOut, 'more remark')}`);
  if (flaws.length > 0) lines.push('');
  for (const flaw of flaws) lines.push(...flawLines(flaw));
  if (flawsLeftOut > 0) lines.push(`flaw: ${counted(flawsLeftOut, 'more flaw')}`);
  lines.push('');
  if (notFiled > 0) lines.push(`${counted(notFiled, 'segment')} in the store still, on the way into files`);
  lines.push(verdict(certificate, complete), `certificate ${digest}`);
  return `${lines.map(escapeControls).join('\n')}\n`;
}

function verdict({ edges, flaws, flawsLeftOut }: Certificate, complete: boolean): string {
  const streams = edges.flatMap(({ epochs }) => epochs.flatMap((epoch) => epoch.streams));
  const sumOf = (some: readonly StreamProof[]) => some.reduce((sum, stream) => sum + stream.readings, 0);
  // What edges say of themselves is proven as well, but nobody measured it.
  const states = streams.filter(({ stream }) => stream === statesStream);
  const readings = sumOf(streams) - sumOf(states);
  const missing = streams.reduce((sum, stream) => sum + readingsInGaps(stream), 0);
  const also = states.length === 0 ? '' : ` (and ${count(sumOf(states))} of ${statesStream})`;
  const what = `${counted(readings, 'reading')}${also} of ${counted(edges.length, 'edge')}`;
  const gaps =
    missing === 0
      ? 'none stands in a gap'
      : `${count(missing)} ${missing === 1 ? 'stands in a gap' : 'stand in gaps'}`;
  if (edges.length === 0) return 'NOTHING TO PROVE: no edge has sent anything';
  if (complete) return `COMPLETE: ${what}, each once; ${gaps}`;
  return `NOT COMPLETE: ${counted(flaws.length + flawsLeftOut, 'flaw')}; ${what} are right, ${gaps}`;
}

function streamLines(stream: StreamProof): string[] {
  const { fromSeq, toSeq, readings, segments, gaps, gapsLeftOut, lastSequence, lastHash } = stream;
  const some = gaps.length + gapsLeftOut;
  const seqs = toSeq === 0 ? 'no seq yet' : `seq ${fromSeq} to ${toSeq}`;
  const lines = [
    `  ${seqs}: ${counted(readings, 'reading')}, ${some === 0 ? 'no gap' : counted(some, 'gap')}`,
    `  ${counted(segments, 'segment')}; the last is ${lastSequence}, its hash ${lastHash}`,
  ];
  for (const gap of gaps.slice(0, gapsListed)) lines.push(`  ${gapLine(gap)}`);
  const more = some - Math.min(gaps.length, gapsListed);
  if (more > 0) lines.push(`  and ${counted(more, 'more gap')}`);
  return lines;
}

function gapLine({
  reason,
  fromSeq,
  toSeq,
  fromTime,
  toTime,
  count: readings,
  text,
  notHere,
}: ProvenGap): string {
  const seqs = fromSeq === null ? '' : ` seq ${fromSeq} to ${toSeq},`;
  const times = fromTime === null ? '' : ` ${printable(fromTime)} to ${printable(toTime ?? '')},`;
  const here =
    notHere === null
      ? ''
      : notHere.length === 0
        ? ' (all of it is here)'
        : ` (not here: seq ${spansText(notHere)})`;
  return `gap (${printable(reason)}):${seqs}${times} ${counted(readings, 'reading')}: ${printable(text, 200)}${here}`;
}

function flawLines({ kind, edge, epoch, stream, file, line, message, advice }: Flaw): string[] {
  const isNamed = file !== null && message.startsWith(file);
  const at = file === null ? `${edge}/${epoch}/${stream}` : `${file}${line === null ? '' : `:${line}`}`;
  return [
    `flaw: ${at}: ${isNamed ? message.slice(file.length).trimStart() : message} (${kind})`,
    `      ${advice}`,
  ];
}
