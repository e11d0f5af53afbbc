/** The part of docs/performance.md that puts other programs beside fogrun. */
import type { Result } from '../results.ts';
import type { Figures } from '../scenario.ts';
import { formatNumber, median } from '../statistics.ts';
import { describe, table } from '../tables.ts';
import type { Comparison, PeerResult, SettingResult, SideFigures } from './compare.ts';

const intro = `The same lines, as fast as they are taken, through a process at the edge that can hold them on its disk, over loopback, to
a process in the cloud. The clock runs from the first byte sent until the far end has the last line; for fogrun, until
the edge has deleted the last segment because the cloud acknowledged it. Every run compares the far end with what was
sent, byte by byte and in order. Each program was set up as fast as its manual allows, and as safe as it can be made.`;

const limps = `Where the comparison limps: the programs promise different things, and that matters more than the figures, so read the
last column. fogrun validates each line and syncs a whole batch of them at both ends before it acknowledges; where the
others sync at all, they do it by the line or by the clock. What they do besides (topics, routing, many subscribers,
many formats) is not used here, and a line is a small unit for programs that handle messages. rsyslog is fed the bare
lines over TCP like fogrun; the two with protocols of their own are fed by small clients that keep many messages under
way. Servers start fresh for each run. Syncs are calls of fsync, fdatasync and msync, counted by strace in a shorter run.`;

const columns = [
  'program',
  'setting',
  'lines/s',
  'from … to',
  'lines a run',
  'processor, edge + cloud',
  'peak memory, edge + cloud',
  'syncs per million, edge + cloud',
  'a power cut takes',
];

const fogrunLacks =
  'nothing that was accepted (a client that asks for no ack lines does not know how far that is)';

/** @param results of fogrun's own benchmarks, by name */
export function besideOthers(comparison: Comparison | null, results: ReadonlyMap<string, Result>): string[] {
  if (comparison === null) return [];
  const { peers, machine, commit, date } = comparison;
  const own = results.get('throughput');
  return [
    '## Beside others',
    '',
    intro,
    '',
    ...table(columns, [...(own ? [fogrunRow(own)] : []), ...peers.flatMap(rowsOf)]),
    '',
    limps,
    '',
    ...peers.flatMap(detailsOf),
    `Measured on ${date} at ${commit}, load ${machine.load} in the minute before: ${describe(machine)}. Repeat it with`,
    '`npm run bench -- throughput --peers` after `apt-get install --no-install-recommends rsyslog mosquitto nats-server`; what is not installed is left out.',
    '',
  ];
}

function fogrunRow({ commit, runs, figures }: Result): string[] {
  const both = (name: string, digits: (value: number) => string) =>
    ['edge', 'cloud'].map((side) => figureOf(figures, `${side}: ${name}`, digits)).join(' + ');
  return [
    `fogrun ${commit}`,
    'as shipped, always synced',
    formatNumber(median(runs)),
    range(runs),
    '1,000,000',
    `${both('processor time', formatNumber)} s per million`,
    `${both('peak memory', formatNumber)} MB`,
    both('syncs, counted by strace', (value) => formatNumber(value * 10)),
    fogrunLacks,
  ];
}

const figureOf = (figures: Figures, name: string, format: (value: number) => string): string =>
  figures[name] ? format(figures[name].value) : '?';

const range = (runs: readonly number[]) =>
  `${formatNumber(Math.min(...runs))} … ${formatNumber(Math.max(...runs))}`;

function rowsOf({ name, version, settings }: PeerResult): string[][] {
  if (version === null) return [];
  return settings.map((setting) => [`${name} ${version}`, setting.label, ...cellsOf(setting), setting.lacks]);
}

function cellsOf({ without, runs, lines, edge, cloud }: SettingResult): string[] {
  if (without !== null || !edge || !cloud) return [`none: ${without}`, '', '', '', '', ''];
  const both = (of: (side: SideFigures) => number | null) =>
    [edge, cloud].map((side) => (of(side) === null ? '?' : formatNumber(of(side)!))).join(' + ');
  return [
    formatNumber(median(runs)),
    range(runs),
    formatNumber(lines),
    `${both(({ cpuSecondsPerMillion }) => cpuSecondsPerMillion)} s per million`,
    `${both(({ rssPeakMb }) => rssPeakMb)} MB`,
    both(({ syncsPerMillion }) => syncsPerMillion),
  ];
}

function detailsOf({ name, version, wiring, remarks, settings }: PeerResult): string[] {
  if (version === null) return [`**${name}** was not installed.`, ''];
  return [
    `**${name} ${version}**: ${wiring}.`,
    '',
    ...settings.map(({ label, said }) => `- ${label}: ${said}.`),
    ...remarks.map((remark) => `- ${remark}`),
    '',
  ];
}
