import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AckSeen } from '../children/load.ts';
import { checkFiled } from '../filed.ts';
import { checkFiledEdges } from '../filed-edges.ts';
import { moved } from '../fogrun.ts';
import { lineBytes } from '../lines.ts';
import { bytesToDisk, countSyncs, hasProgram } from '../measure.ts';
import type { Bench, Figures, Run, Scenario } from '../scenario.ts';
import { freePort, ownPipeline, shipped } from '../world.ts';

const readingMs = 1_000;
const readingsAYear = 365.25 * 86_400;
const readingsAnHour = 3_600;
/** Twice the longest interval, so that its last commit is a full one too. */
const linesOf = (quick: boolean) => (quick ? 3 : 120);
const deadlineMsOf = (lines: number) => lines * readingMs + 120_000;

interface Setting {
  readonly name: string;
  /** `commit-every` of the rotator, or `null` where it is left out. */
  readonly every: string | null;
}

const settings: readonly Setting[] = [
  { name: 'as they come', every: null },
  { name: '1s', every: '1s' },
  { name: '10s', every: '10s' },
  { name: '60s', every: '60s' },
];
const edgeOf = ({ every }: Setting) => `edge-${every ?? 'at-once'}`;
const settingsOf = (quick: boolean) => settings.slice(0, quick ? 2 : settings.length);

export const wear: Scenario = {
  name: 'wear',
  what:
    'What a disk that wears, such as an SD card, takes from an edge with one reading of 100 bytes a second, sealed every 15 s and ' +
    'uploaded: bytes that the process had written (write_bytes of /proc) and its syncs (strace), from the first reading to the ' +
    'deletion of the last, 120 readings later. The figure is that of readings that are committed as they come; the others have the ' +
    "rotator's `commit-every`, and the price of it beside them: how long the power may take a reading with it that nobody was " +
    'promised, from its sending to its acceptance. Four edges run side by side, ' +
    'with `bench/pipelines/latency.yaml` and `wear.yaml`: `pipelines/ingest.yaml` with ack lines. What file system and card write ' +
    'on their own account comes on top.',
  unit: 'GB/year',
  target: 'reported',
  impossible: () => (existsSync('/proc/self/io') ? null : 'this system does not count what a process writes'),
  runsEnough: () => 1,
  run: oneRun,
};

async function oneRun(bench: Bench): Promise<Run> {
  const { world, load, quick } = bench;
  const lines = linesOf(quick);
  await load.ask('prepare', { sensor: 'temperature', count: lines });
  const cloud = world.fogrun([shipped('cloud.yaml')]);
  await cloud.line(({ actor }) => actor === 'receiver');
  const measured = await Promise.all(settingsOf(quick).map((setting) => wornBy(setting, bench)));
  await checkFiledEdges(world.data, measured.length, lines);
  await cloud.end();
  for (const setting of settingsOf(quick)) {
    await checkFiled(world.data, 'temperature', lines, edgeOf(setting));
  }
  const figures = Object.assign({}, ...measured.map((each) => each.figures));
  const bare = { value: (lineBytes * readingsAYear) / 1e9, unit: 'GB/year' };
  return { value: measured[0]!.value, figures: { ...figures, 'the readings themselves': bare } };
}

/** An edge of its own in the same world. */
async function wornBy(setting: Setting, { world, load, quick }: Bench): Promise<Run> {
  const { name, every } = setting;
  const lines = linesOf(quick);
  const deadlineMs = deadlineMsOf(lines);
  const port = await freePort();
  const edge = world.fogrun([ownPipeline(every === null ? 'latency.yaml' : 'wear.yaml')], {
    env: {
      EDGE_ID: edgeOf(setting),
      FOGRUN_STATE: join(world.directory, edgeOf(setting)),
      INGEST_PORT: String(port),
      ROTATE_EVERY: quick ? '1s' : '15s',
      ...(every === null ? {} : { COMMIT_EVERY: every }),
    },
  });
  await edge.line(moved('uploader', 'idle'));
  const watch = hasProgram('strace', '-V') ? await countSyncs(edge.pid) : null;
  const bytesBefore = bytesToDisk(edge.pid);
  const deleted = edge.deleted(lines, deadlineMs);
  const sent = load.ask('pace', { port, perSecond: 1_000 / readingMs, everyMs: 10 }, deadlineMs);
  const [{ startedAtMs, acks }] = await Promise.all([sent, deleted]);
  const bytes = bytesToDisk(edge.pid) - bytesBefore;
  const syncs = await watch?.stop();
  await edge.end();
  if (bytes === 0) throw new Error('the edge wrote nothing to a disk: are the stores in memory?');
  const figures: Record<string, { value: number; unit: string }> = {
    written: { value: (bytes / lines) * (readingsAYear / 1e9), unit: 'GB/year' },
    'written per reading': { value: bytes / lines, unit: 'bytes' },
    ...(syncs === undefined ? {} : { syncs: { value: (syncs / lines) * readingsAnHour, unit: 'per hour' } }),
    'longest in memory only': { value: longestInMemoryMs(startedAtMs, acks) / 1_000, unit: 's' },
  };
  return { value: figures.written!.value, figures: prefixed(name, figures) };
}

/** From the sending of a reading to the ack line that covers it; the n-th is sent n times `readingMs` after the start. */
function longestInMemoryMs(startedAtMs: number, acks: readonly AckSeen[]): number {
  let [longestMs, before] = [0, 0];
  for (const [atMs, accepted] of acks) {
    if (accepted === before) continue;
    longestMs = Math.max(longestMs, atMs - (startedAtMs + (before + 1) * readingMs));
    before = accepted;
  }
  return longestMs;
}

const prefixed = (name: string, figures: Figures): Figures =>
  Object.fromEntries(Object.entries(figures).map(([label, figure]) => [`${name}: ${label}`, figure]));
