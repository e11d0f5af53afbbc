/** Where a reading is, as people read it. */
import type { EdgeWhere, WhereSegment } from '../contract/where.ts';
import { clip, escapeControls, printable } from '../domain/text.ts';
import type { CloudPlace } from '../store/cloud-where.ts';
import type { CloudAnswer, EdgeAnswer } from './where.ts';

export interface WhereAnswers {
  readonly edge: string;
  readonly stream: string;
  readonly seq: number;
  readonly edges: readonly EdgeAnswer[];
  readonly clouds: readonly CloudAnswer[];
}

export function whereText({ edge, stream, seq, edges, clouds }: WhereAnswers): string {
  const lines = [`${edge} ${stream} seq ${seq}`];
  for (const answer of edges) {
    const how = answer.running ? 'running' : 'not running';
    lines.push(`at the edge (pipeline ${answer.pipeline}, ${how})`, ...edgeLines(answer).map(indent));
  }
  for (const answer of clouds) {
    lines.push(`in the cloud (pipeline ${answer.pipeline})`, ...cloudLines(answer).map(indent));
  }
  return `${lines.map(escapeControls).join('\n')}\n`;
}

const indent = (line: string) => `  ${line}`;
const moment = (ms: number) =>
  Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : 'an unknown time';

function edgeLines(answer: EdgeAnswer): string[] {
  const { state, segment, gap, nextSeq } = answer;
  switch (state) {
    case 'never':
      return [`not measured yet: the next reading will be seq ${nextSeq}`];
    case 'open':
      return [
        `accepted, in the open segment ${seqsOf(segment!)} since ${moment(segment!.sealedAtMs)}; it has not been sealed`,
      ];
    case 'acknowledged':
      return [
        answer.acknowledgedMs === null
          ? `acknowledged${answer.running ? ' before this start, or long ago' : ''}, and deleted here`
          : `acknowledged ${moment(answer.acknowledgedMs)}, and deleted here`,
        ...(answer.sent ? [sentText(answer)] : []),
      ];
    case 'discarded':
      return [
        `discarded with segment ${seqsOf(segment!)}; a gap takes its place at the next greeting, unless the cloud has it`,
        sentText(answer),
      ];
    case 'gap':
      return [
        `gap (${printable(gap!.gap)}) in segment ${seqsOf(segment!)}: ${printable(gap!.text, 200)}`,
        ...letterHint(gap!.gap, 'it may be'),
        sentText(answer),
      ];
    case 'sealed':
      return [
        `waits in segment ${seqsOf(segment!)}, sealed ${moment(segment!.sealedAtMs)}, hash ${segment!.hash}`,
        sentText(answer),
      ];
  }
}

/** What was put aside can still be had. */
function letterHint(reason: string, may: string): string[] {
  return reason === 'refused' || reason === 'corrupt'
    ? [`${may} among the dead letters: see \`fogrun dead-letters list\``]
    : [];
}

function sentText({ sent, running, state }: EdgeWhere & { running: boolean }): string {
  if (!sent) return running ? 'not sent since this start' : 'nobody runs that could send it';
  const { times, firstMs, lastMs } = sent;
  const when =
    times === 1
      ? `sent ${moment(lastMs)}`
      : `sent ${times} times, first ${moment(firstMs)}, last ${moment(lastMs)}`;
  return state === 'acknowledged' ? when : `${when}, not acknowledged yet`;
}

function seqsOf({ sequence, fromSeq, toSeq }: Pick<WhereSegment, 'sequence' | 'fromSeq' | 'toSeq'>): string {
  return `${sequence} (seq ${fromSeq} to ${toSeq})`;
}

function cloudLines({ places, lastSeq }: CloudAnswer): string[] {
  if (places.length === 0) {
    return [lastSeq === 0 ? 'nothing of this stream has come' : `not here: it has come up to seq ${lastSeq}`];
  }
  return places.flatMap(placeLines);
}

function placeLines(place: CloudPlace): string[] {
  const { epoch, state, segment, storedAtMs, file, isFiled, line, offset, bytes, text, gap } = place;
  const received = `epoch ${epoch}, segment ${seqsOf(segment)}, sealed ${moment(segment.sealedAtMs)}, hash ${segment.hash}`;
  const into = isFiled ? file : `the store, on the way into ${file}`;
  if (state === 'damaged') {
    return [
      `should be in ${into}, which is gone or does not match its hash: see \`fogrun verify\``,
      received,
    ];
  }
  if (state === 'gap') {
    const times =
      gap!.fromTime === undefined ? '' : `, ${printable(gap!.fromTime)} to ${printable(gap!.toTime ?? '')}`;
    const what = `gap (${printable(String(gap!.gap))}${times}): ${printable(String(gap!.text), 200)}`;
    const hint = letterHint(gap!.gap, 'at its edge it may be');
    return [what, ...hint, `received ${moment(storedAtMs)}, in ${into}`, received];
  }
  return [
    `stored ${moment(storedAtMs)} in ${into}, line ${line}, bytes ${offset} to ${offset! + bytes! - 1}`,
    received,
    clip(text!, 1_000),
  ];
}
