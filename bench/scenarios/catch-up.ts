import { setTimeout as wait } from 'node:timers/promises';
import { checkFiled, whenFiled } from '../filed.ts';
import type { LogLine } from '../fogrun.ts';
import type { Bench, Run, Scenario } from '../scenario.ts';

const perSecond = 2_000;
const deadlineMs = 60_000;
/** How long the link is there, cut, and there again; the last must outlast the wait before an attempt. */
const phases = (quick: boolean) =>
  quick
    ? { beforeMs: 300, cutMs: 1_000, afterMs: 1_500 }
    : { beforeMs: 1_000, cutMs: 10_000, afterMs: 8_000 };

export const catchUp: Scenario = {
  name: 'catch-up',
  what:
    'Two thousand readings a second, sealed every 100 ms; a relay cuts the link for ten seconds and then lets it be. From the ' +
    "edge's state change on the greeting to the acknowledgement of everything that was sealed before it. Readings go on " +
    'coming all the while.',
  unit: 'ms',
  target: '<= 250 ms after the greeting, in order',
  holds: ({ median }) => median <= 250,
  run: oneRun,
};

async function oneRun({ world, load, quick }: Bench): Promise<Run> {
  const { beforeMs, cutMs, afterMs } = phases(quick);
  const lines = (perSecond * (beforeMs + cutMs + afterMs)) / 1_000;
  await load.ask('prepare', { sensor: 'temperature', count: lines });
  const { edge, cloud, relay, port } = await world.pair({ relayDelayMs: 0, env: { ROTATE_EVERY: '100ms' } });
  const sent = load.ask('pace', { port, perSecond, everyMs: 10 }, deadlineMs);
  await wait(beforeMs);
  await relay!.ask('cut', null);
  await wait(cutMs);
  let waiting = 0;
  const greeted = edge
    .next((line) => line.actor === 'uploader' && line.event === 'GREETED')
    .then((line) => {
      waiting = lastSegment(edge.lines, 'sealed') - lastSegment(edge.lines, 'acknowledged');
      return { line, sealed: lastSegment(edge.lines, 'sealed') };
    });
  await relay!.ask('allow', null);
  const { line, sealed } = await greeted;
  const caughtUp = await edge.line((each) => isSegment(each, 'acknowledged') && each.segment >= sealed);
  await Promise.all([sent, edge.deleted(lines, deadlineMs)]);
  await whenFiled(world.data, lines);
  await Promise.all([edge.end(), cloud.end()]);
  await checkFiled(world.data, 'temperature', lines);
  return {
    value: Date.parse(caughtUp.time) - Date.parse(line.time),
    figures: { 'segments that waited': { value: waiting, unit: '' } },
  };
}

const isSegment = (line: LogLine, what: string) =>
  line.type === 'segment' && line.what === what && line.stream === 'readings';

/** Sequence of the last segment that this was said of. */
function lastSegment(lines: readonly LogLine[], what: string): number {
  return lines.findLast((line) => isSegment(line, what))?.segment ?? 0;
}
