/** Runs other programs on the work of `throughput`, and keeps what was measured in bench/results/peers.json. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commit, type Machine, machine } from '../machine.ts';
import { hasProgram } from '../measure.ts';
import { resultsDirectory, rounded } from '../results.ts';
import { formatNumber, median } from '../statistics.ts';
import { World } from '../world.ts';
import { mosquitto } from './mosquitto.ts';
import { nats } from './nats.ts';
import type { Peer, PeerRun, Setting, Side } from './peer.ts';
import { rsyslog } from './rsyslog.ts';

// Each peer runs its own settings only; which fields of theirs it reads is its own matter.
const peers = [rsyslog, nats, mosquitto] as readonly Peer<Setting>[] as readonly Peer[];

const failedWord = 'it failed';

/** At most so many lines in the run under strace, and in a quick one. */
const tracedLinesMax = 100_000;
const quickLines = 2_000;

/** One side in a result, by a million lines so that runs of different length compare. */
export interface SideFigures {
  readonly cpuSecondsPerMillion: number;
  readonly rssPeakMb: number;
  /** Counted in a run of its own under strace; `null` where strace is not installed. */
  readonly syncsPerMillion: number | null;
}

export interface SettingResult {
  readonly label: string;
  readonly said: string;
  readonly lacks: string;
  readonly lines: number;
  /** Why there is no figure, or `null`. */
  readonly without: string | null;
  /** Lines per second; empty when there is no figure. */
  readonly runs: readonly number[];
  /** Medians of the runs. */
  readonly edge?: SideFigures;
  readonly cloud?: SideFigures;
}

export interface PeerResult {
  readonly name: string;
  readonly wiring: string;
  readonly remarks: readonly string[];
  /** `null` when it was not installed. */
  readonly version: string | null;
  readonly settings: readonly SettingResult[];
}

export interface Comparison {
  readonly peers: readonly PeerResult[];
  readonly machine: Machine;
  readonly commit: string;
  /** Day of the measurement, UTC. */
  readonly date: string;
}

export interface CompareOptions {
  readonly runs: number;
  /** One short run of each, to see that they work; nothing is traced. */
  readonly quick: boolean;
  readonly progress: (text: string) => void;
}

/** Of a setting with a run whose far end is not what was sent, the result is that it failed, and no figure. */
export async function compare(options: CompareOptions, of: readonly Peer[] = peers): Promise<Comparison> {
  const on = { machine: machine(), commit: commit(), date: new Date().toISOString().slice(0, 10) };
  const results: PeerResult[] = [];
  for (const peer of of) {
    const { name, wiring, remarks } = peer;
    const version = peer.version();
    const settings: SettingResult[] = [];
    if (version === null) options.progress(`${name} is not installed: apt-get install ${peer.package}`);
    else for (const setting of peer.settings) settings.push(await result(peer, setting, options));
    results.push({ name, wiring, remarks, version, settings });
  }
  return { peers: results, ...on };
}

async function result(peer: Peer, setting: Setting, options: CompareOptions): Promise<SettingResult> {
  const { label, said, lacks } = setting;
  const lines = options.quick ? Math.min(quickLines, setting.lines) : setting.lines;
  const known = { label, said, lacks, lines };
  const impossible = peer.impossible?.(setting) ?? null;
  if (impossible !== null) return { ...known, without: impossible, runs: [] };
  try {
    return { ...known, without: null, ...(await measure(peer, setting, lines, options)) };
  } catch (error) {
    return {
      ...known,
      without: `${failedWord}: ${error instanceof Error ? error.message : error}`,
      runs: [],
    };
  }
}

async function measure(
  peer: Peer,
  setting: Setting,
  lines: number,
  { runs: wanted, quick, progress }: CompareOptions,
) {
  const runs: PeerRun[] = [];
  for (let i = 1; i <= wanted; i++) {
    progress(`${peer.name}, ${setting.label}: run ${i} of ${wanted}`);
    runs.push(await inWorld((directory) => peer.run(setting, { directory, lines, countSyncs: false })));
  }
  const countSyncs = !quick && hasProgram('strace', '-V');
  if (countSyncs) progress(`${peer.name}, ${setting.label}: syncs are counted`);
  const tracedLines = Math.min(tracedLinesMax, lines);
  const traced = countSyncs
    ? await inWorld((directory) => peer.run(setting, { directory, lines: tracedLines, countSyncs }))
    : null;
  const sideFigures = (side: 'edge' | 'cloud'): SideFigures => ({
    ...sumUp(
      runs.map((run) => run[side]),
      lines,
    ),
    syncsPerMillion: traced && (traced[side].syncs * 1e6) / tracedLines,
  });
  const perSecond = runs.map(({ seconds }) => lines / seconds);
  return { runs: perSecond, edge: sideFigures('edge'), cloud: sideFigures('cloud') };
}

/** Medians of one side. */
function sumUp(sides: readonly Side[], lines: number) {
  return {
    cpuSecondsPerMillion: (median(sides.map(({ cpuSeconds }) => cpuSeconds)) * 1e6) / lines,
    rssPeakMb: median(sides.map(({ rssPeakMb }) => rssPeakMb)),
  };
}

async function inWorld<T>(body: (directory: string) => Promise<T>): Promise<T> {
  const world = await World.open();
  try {
    return await body(world.directory);
  } finally {
    await world.close();
  }
}

const path = (directory: string) => join(directory, 'peers.json');

export function writeComparison(comparison: Comparison, directory = resultsDirectory): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(path(directory), `${JSON.stringify(comparison, rounded, 2)}\n`);
}

/** `null` when nothing was compared yet. */
export function readComparison(directory = resultsDirectory): Comparison | null {
  return existsSync(path(directory)) ? JSON.parse(readFileSync(path(directory), 'utf8')) : null;
}

/** Whether every setting that could be run was delivered whole. */
export const allDelivered = ({ peers }: Comparison): boolean =>
  peers.every(({ settings }) => settings.every(({ without }) => !without?.startsWith(failedWord)));

/** One line a setting, for the terminal. */
export function comparisonLines({ peers }: Comparison): string[] {
  return peers.flatMap(({ name, version, settings }) =>
    version === null
      ? [`${name}: left out, it is not installed`]
      : settings.map(({ label, without, runs, lines }) =>
          without !== null
            ? `${name} ${version}, ${label}: left out, ${without}`
            : `${name} ${version}, ${label}: ${formatNumber(median(runs))} lines/s · ${formatNumber(Math.min(...runs))} to ${formatNumber(Math.max(...runs))} in ${runs.length} · ${formatNumber(lines)} lines a run`,
        ),
  );
}
