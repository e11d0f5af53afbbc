/** A simulation's outcome as Markdown. */
import { escapeControls } from '../domain/text.ts';
import { lanesOf } from './report-lanes.ts';
import {
  backlogsOf,
  balanceColumns,
  balancesOf,
  factsOf,
  gapText,
  isBalanced,
  moment,
  number,
  span,
  verdictOf,
} from './report-text.ts';
import type { SimFault, SimRun, SimTransition, SimViolation } from './run.ts';

export function markdownReport(run: SimRun): string {
  const verdict = verdictOf(run);
  const parts = [
    '# Simulation',
    `**${safe(verdict.headline)}.** ${safe(verdict.detail)}`,
    table(['', ''], factsOf(run)),
    `Repeat it:\n\n${code(run.command)}`,
    ...section('Violations', violationRows(run.violations)),
    ...trailParts(run),
    ...section('Balances', balanceRows(run)),
    ...section('Faults', faultRows(run.faults)),
    ...section('Backlog', backlogRows(run)),
    ...section('Actors', actorRows(run)),
  ];
  return `${parts.join('\n\n')}\n`;
}

type Rows = readonly [header: readonly string[], ...rows: (readonly string[])[]];

function section(title: string, rows: Rows): string[] {
  const [header, ...body] = rows;
  return body.length === 0 ? [] : [`## ${title}`, table(header, body)];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(safe).join(' | ')} |`;
  return [line(header), `|${' --- |'.repeat(header.length)}`, ...rows.map(line)].join('\n');
}

/** Names and texts may hold anything. */
function safe(text: string): string {
  return escapeControls(text).replace(/[\\`*_{}[\]<>|~#]/g, (character) => `\\${character}`);
}

function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}sh\n${escapeControls(text)}\n${fence}`;
}

function violationRows(violations: readonly SimViolation[]): Rows {
  return [
    ['time', 'invariant', 'process', 'what'],
    ...violations.map(({ atMs, invariant, process, text }) => [moment(atMs), invariant, process, text]),
  ];
}

function trailParts({ trail }: SimRun): string[] {
  if (!trail) return [];
  return [
    '## The shortest way there that was found',
    `It ends in a violation of ${safe(trail.violation.invariant)}: ${safe(trail.violation.text)}`,
    ...section('Its faults', faultRows(trail.faults)).map((part) => part.replace(/^## /, '### ')),
    ...section('Its last state changes', transitionRows(trail.transitions)).map((part) =>
      part.replace(/^## /, '### '),
    ),
    code(trail.command),
  ];
}

function transitionRows(transitions: readonly SimTransition[]): Rows {
  return [
    ['time', 'actor', 'from', 'to', 'event', 'cause'],
    ...transitions.map(({ atMs, process, actor, from, to, event, cause }) => [
      moment(atMs),
      `${process}/${actor}`,
      from,
      to,
      event,
      cause ? `${cause.code}: ${cause.message}` : '',
    ]),
  ];
}

function faultRows(faults: readonly SimFault[]): Rows {
  return [
    ['no.', 'kind', 'from', 'to', 'what it hit', 'what happened'],
    ...faults.map(({ kind, atMs, untilMs, target, text }, i) => [
      String(i + 1),
      kind,
      moment(atMs),
      untilMs === null ? 'the end' : moment(untilMs),
      target,
      text,
    ]),
  ];
}

function balanceRows(run: SimRun): Rows {
  return [
    [...balanceColumns],
    ...balancesOf(run).map(([name, balance]) => [
      name,
      number(balance.accepted),
      number(balance.stored),
      number(balance.held),
      gapText(balance),
      number(balance.goneWithDisk ?? 0),
      number(balance.missed),
      isBalanced(balance) ? 'yes' : 'no',
    ]),
  ];
}

function backlogRows(run: SimRun): Rows {
  return [
    ['process', 'most readings', 'at', 'most bytes', 'at the end'],
    ...backlogsOf(run).map(({ process, most, mostAtMs, mostBytes, last }) => [
      process,
      number(most),
      moment(mostAtMs),
      mostBytes,
      number(last),
    ]),
  ];
}

function actorRows(run: SimRun): Rows {
  return [
    ['actor', 'state changes', 'in trouble', 'longest until well', 'not running', 'failed', 'last state'],
    ...lanesOf(run).flatMap(({ process, lanes }) =>
      lanes.map(({ actor, changes, times, longestTroubleMs, last }) => [
        `${process}/${actor}`,
        number(changes),
        span(times.trouble),
        span(longestTroubleMs),
        span(times.off),
        span(times.failed),
        last,
      ]),
    ),
  ];
}
