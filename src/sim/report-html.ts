/** A simulation's outcome as one HTML page that needs nothing but itself. */
import { escapeMarkup } from '../domain/markup.ts';
import { chartOf } from './report-chart.ts';
import { lanesOf, type ProcessLanes } from './report-lanes.ts';
import { type Condition, conditions, conditionTexts } from './report-states.ts';
import { style } from './report-style.ts';
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
  ticksOf,
  verdictOf,
} from './report-text.ts';
import { faultKinds, type SimFault, type SimRun, type SimTransition } from './run.ts';

const ticksMax = 9;

export function htmlReport(run: SimRun): string {
  const verdict = verdictOf(run);
  const parts = [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escapeMarkup(`${verdict.headline} · seed ${run.seed} · fogrun sim`)}</title>`,
    `<style>\n${style}\n</style>`,
    '</head>',
    '<body>',
    '<h1>fogrun sim</h1>',
    `<div class="verdict${verdict.well ? '' : ' bad'}"><strong>${escapeMarkup(verdict.headline)}</strong>${escapeMarkup(verdict.detail)}</div>`,
    factList(run),
    `<p class="soft">Repeat it:</p>\n<pre>${escapeMarkup(run.command)}</pre>`,
    violations(run),
    trail(run),
    timeline(run),
    balances(run),
    faults(run.faults, '<h2>Faults</h2>'),
    actors(lanesOf(run)),
    '</body>',
    '</html>',
  ];
  return `${parts.filter((part) => part !== '').join('\n')}\n`;
}

function factList(run: SimRun): string {
  const facts = factsOf(run).map(([name, text]) => {
    const wide = text.length > 36 ? ' class="wide"' : '';
    return `<div${wide}><dt>${escapeMarkup(name)}</dt><dd>${escapeMarkup(text)}</dd></div>`;
  });
  return `<dl>\n${facts.join('\n')}\n</dl>`;
}

interface Cell {
  readonly text: string;
  /** `n` a number, `t` a time, `bad` something wrong. */
  readonly how?: 'n' | 't' | 'bad';
}

const n = (value: number): Cell => ({ text: number(value), how: 'n' });
const time = (ms: number): Cell => ({ text: moment(ms), how: 't' });
const plain = (text: string): Cell => ({ text });

function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cell = ({ text, how }: Cell, tag: string) =>
    `<${tag}${how ? ` class="${how}"` : ''}>${escapeMarkup(text)}</${tag}>`;
  const head = header.map((text, i) => cell(rows[0]?.[i]?.how === 'n' ? { text, how: 'n' } : { text }, 'th'));
  const body = rows.map((row) => `<tr>${row.map((one) => cell(one, 'td')).join('')}</tr>`);
  return `<div class="scroll"><table>\n<tr>${head.join('')}</tr>\n${body.join('\n')}\n</table></div>`;
}

function violations(run: SimRun): string {
  if (run.violations.length === 0) return '';
  const rows = run.violations.map(({ atMs, invariant, process, text }) => [
    time(atMs),
    { text: invariant, how: 'bad' } as const,
    plain(process),
    plain(text),
  ]);
  return `<h2>Violations</h2>\n${table(['time', 'invariant', 'process', 'what'], rows)}`;
}

function trail({ trail: found }: SimRun): string {
  if (!found) return '';
  const { invariant, text } = found.violation;
  return [
    '<h2>The shortest way there that was found</h2>',
    `<p>It ends in a violation of <b>${escapeMarkup(invariant)}</b>: ${escapeMarkup(text)}</p>`,
    faults(found.faults, '<h3>Its faults</h3>'),
    found.transitions.length === 0
      ? ''
      : `<h3>Its last state changes</h3>\n${transitionTable(found.transitions)}`,
    `<p class="soft">Repeat just this:</p>\n<pre>${escapeMarkup(found.command)}</pre>`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function transitionTable(transitions: readonly SimTransition[]): string {
  const rows = transitions.map(({ atMs, process, actor, from, to, event, cause }) => [
    time(atMs),
    plain(`${process}/${actor}`),
    plain(`${from} → ${to}`),
    plain(event),
    plain(cause ? `${cause.code}: ${cause.message}` : ''),
  ]);
  return table(['time', 'actor', 'state', 'event', 'cause'], rows);
}

function timeline(run: SimRun): string {
  const chart = chartOf(run);
  const groups = lanesOf(run);
  const row = (name: string, picture: string) =>
    `<div class="row"><span>${escapeMarkup(name)}</span>${picture}</div>`;
  const kinds = faultKinds
    .map((kind) => ({ kind, faults: run.faults.filter((fault) => fault.kind === kind) }))
    .filter((one) => one.faults.length > 0);
  const faultRows = kinds.map((one) => row(one.kind, chart.faults(one.faults)));
  const backlogs = new Map(backlogsOf(run).map((backlog) => [backlog.process, backlog]));
  const scale = Math.max(0, ...[...backlogs.values()].map(({ most }) => most));
  const axis = axisOf(run);
  const shown = groups.map(({ process, lanes }) => {
    const backlog = backlogs.get(process);
    const most = backlog && `<span class="most">at most ${number(backlog.most)} readings</span>`;
    const plot = backlog && `<div class="plot">${chart.area(backlog, scale)}${most}</div>`;
    return [
      `<div class="group"><h3>${escapeMarkup(process)}</h3>`,
      ...lanes.map((lane) => row(lane.actor, chart.lane(process, lane))),
      ...(plot ? [row('backlog', plot)] : []),
      axis,
      '</div>',
    ].join('\n');
  });
  const faultGroup =
    faultRows.length === 0
      ? ''
      : `<div class="group"><h3>faults</h3>\n${faultRows.join('\n')}\n${axis}</div>`;
  return ['<h2>Over time</h2>', legend(run, groups), faultGroup, ...shown].filter((p) => p !== '').join('\n');
}

function legend(run: SimRun, groups: readonly ProcessLanes[]): string {
  const seen = new Set(
    groups.flatMap(({ lanes }) => lanes.flatMap(({ runs }) => runs.map(({ condition }) => condition))),
  );
  const sample = (name: string, text: string) =>
    `<span><svg viewBox="0 0 22 12"><rect class="${name}" width="22" height="12"/></svg>${escapeMarkup(text)}</span>`;
  const states = (condition: Condition) => {
    const names = groups.flatMap(({ lanes }) =>
      lanes.flatMap(({ runs }) => runs.flatMap((one) => (one.condition === condition ? one.states : []))),
    );
    return [...new Set(names.map((name) => name.slice(name.lastIndexOf('.') + 1)))].sort().join(', ');
  };
  const shown = conditions
    .filter((condition) => seen.has(condition))
    .reverse()
    .map((condition) => sample(condition, `${conditionTexts[condition]} (${states(condition)})`));
  if (run.faults.length > 0) shown.push(sample('band', 'a fault that concerns the process'));
  if (run.violations.length > 0) shown.push(sample('violation', 'a violation'));
  const dashed = run.faults.length > 0 ? ' Faults stop at the dashed line.' : '';
  return `<div class="legend">${shown.join('\n')}</div>\n<p class="soft">Trouble that is too short to see is drawn as wide as can be seen. All backlogs have one scale.${dashed}</p>`;
}

function axisOf({ virtualMs }: SimRun): string {
  const ticks = ticksOf(virtualMs, ticksMax);
  const spans = ticks.map(({ atMs, text }, i) => {
    const share = Math.round((atMs / virtualMs) * 10_000) / 100;
    const classes = [share > 97 ? 'last' : '', i % 2 === 1 ? 'some' : '']
      .filter((name) => name !== '')
      .join(' ');
    return `<span${classes === '' ? '' : ` class="${classes}"`} style="left:${share}%">${text}</span>`;
  });
  return `<div class="axis">${spans.join('')}</div>`;
}

function balances(run: SimRun): string {
  if (run.balances.length === 0) return '';
  const rows = balancesOf(run).map(([name, balance]) => [
    plain(name),
    n(balance.accepted),
    n(balance.stored),
    n(balance.held),
    { text: gapText(balance), how: 'n' } as const,
    n(balance.goneWithDisk ?? 0),
    n(balance.missed),
    isBalanced(balance) ? plain('yes') : ({ text: 'no', how: 'bad' } as const),
  ]);
  const meaning =
    'What was accepted is in the cloud once, still on the edge, or covered by a gap that says why. What was never accepted was not promised to anybody; it is told as a gap too.';
  return `<h2>Balances</h2>\n<p class="soft">${meaning}</p>\n${table(balanceColumns, rows)}`;
}

function faults(list: readonly SimFault[], title: string): string {
  if (list.length === 0) return '';
  const rows = list.map(({ kind, atMs, untilMs, target, text }, i) => [
    n(i + 1),
    plain(kind),
    time(atMs),
    untilMs === null ? plain('the end') : time(untilMs),
    plain(target),
    plain(text),
  ]);
  return `${title}\n${table(['no.', 'kind', 'from', 'to', 'what it hit', 'what happened'], rows)}`;
}

function actors(groups: readonly ProcessLanes[]): string {
  const rows = groups.flatMap(({ process, lanes }) =>
    lanes.map(({ actor, changes, times, longestTroubleMs, last }) => [
      plain(`${process}/${actor}`),
      n(changes),
      { text: span(times.trouble), how: 'n' } as const,
      { text: span(longestTroubleMs), how: 'n' } as const,
      { text: span(times.off), how: 'n' } as const,
      { text: span(times.failed), how: 'n' } as const,
      plain(last),
    ]),
  );
  if (rows.length === 0) return '';
  const header = [
    'actor',
    'state changes',
    'in trouble',
    'longest until well',
    'not running',
    'failed',
    'last state',
  ];
  return `<h2>Actors</h2>\n${table(header, rows)}`;
}
