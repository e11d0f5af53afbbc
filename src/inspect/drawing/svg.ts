/** A chart as an SVG, as a string: the page puts it in once and then only sets classes; pictures carry their style along. */
import type {
  Box,
  Chart,
  ChartEdge,
  ChartLayout,
  ChartState,
  ChartTransition,
} from '../../contract/chart.ts';
import { escapeMarkup } from '../../domain/markup.ts';
import { standAloneStyle } from './chart-style.ts';
import { chipPadding, chipsTitle, chipTarget, titleSize } from './chips.ts';
import { icon } from './icons.ts';
import { headPath, roundedPath, short } from './paths.ts';
import {
  type BoxRow,
  boxPadding,
  iconWidth,
  lineHeight,
  lineSize,
  nameBaseline,
  rowBaseline,
  stateBox,
} from './state-box.ts';
import { type LabelParts, labelParts, labelText, type StateLine, tellingOf } from './telling.ts';

export interface SvgOptions {
  /** Carries its style, for light and dark, so that it can stand in a document. */
  readonly standAlone?: boolean;
  /** Distinguishes the ids of several charts in one page. */
  readonly idPrefix?: string;
}

const headLeft = 16;
const headTop = 14;
const radius = 8;

/**
 * States are `g[data-state="…"]`; whatever stands for transitions has `data-transitions`, their ids as `transitionToken` writes
 * them with blanks between. The classes `active` and `taken` light them.
 */
export function chartSvg(chart: Chart, layout: ChartLayout, options: SvgOptions = {}): string {
  const { standAlone = false, idPrefix = chart.kind } = options;
  const telling = tellingOf(chart);
  const states = new Map(chart.states.map((state) => [state.id, state]));
  const transitions = new Map(chart.transitions.map((transition) => [transition.id, transition]));
  const of = (edge: ChartEdge) => edge.transitions.flatMap((id) => transitions.get(id) ?? []);
  const id = escapeMarkup(idPrefix.replaceAll(/[^\w-]/g, '_'));
  const [root, ...others] = chart.states;
  const arrows = layout.edges.filter(({ points }) => points.length > 0);
  const chips = layout.edges.filter(({ points }) => points.length === 0);
  const linesOf = (state: ChartState) => telling.lines.get(state.id) ?? [];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-labelledby="${id}-title ${id}-desc"`,
    ` width="${layout.width}" height="${layout.height}" viewBox="0 0 ${layout.width} ${layout.height}">`,
    `<title id="${id}-title">${escapeMarkup(`Statechart of ${chart.kind}`)}</title>`,
    `<desc id="${id}-desc">${escapeMarkup(description(chart))}</desc>`,
    // Its own paper: whoever shows it may be dark where the reader's system is light.
    ...(standAlone
      ? [`<style>${standAloneStyle}</style><rect class="paper" width="100%" height="100%" rx="10"/>`]
      : []),
    head(root!, linesOf(root!)),
    ...chipsTitleAt(chips),
    ...chips.map((edge) => chipSvg(edge, of(edge), states)),
    // States with others inside lie below the arrows that go on in them.
    ...others.flatMap((state) => {
      const box = layout.states[state.id];
      return box ? [stateSvg(state, box, linesOf(state), isOuter(state, chart))] : [];
    }),
    ...Object.values(layout.initials).map(initialSvg),
    ...arrows.map((edge) => lineSvg(edge, of(edge))),
    ...arrows.map((edge) => labelSvg(edge, of(edge), telling.crowded)),
    '</svg>\n',
  ].join('');
}

/** An id of a transition without blanks. */
export function transitionToken(id: string): string {
  return id.replaceAll('%', '%25').replaceAll(/\s/g, (blank) => `%${blank.charCodeAt(0).toString(16)}`);
}

/** In words, for those who do not see it. */
function description({ states, transitions }: Chart): string {
  const sentences = states.slice(1).map(({ id, type }) => {
    const out = transitions
      .filter(({ source, targets }) => source === id && targets.length > 0)
      .map(
        (transition) => `${labelText({ ...transition, actions: [] })} to ${transition.targets.join(', ')}`,
      );
    const leads = out.length > 0 ? `: ${out.join('; ')}` : '';
    return `${id}${type === 'final' ? ' (final)' : ''}${leads}.`;
  });
  const anywhere = transitions
    .filter(({ source, targets }) => source === '' && targets.length > 0)
    .map((transition) => `${labelText({ ...transition, actions: [] })} to ${transition.targets.join(', ')}`);
  return [...(anywhere.length > 0 ? [`In any state: ${anywhere.join('; ')}.`] : []), ...sentences].join(' ');
}

const isOuter = ({ id }: ChartState, { states }: Chart) => states.some(({ parent }) => parent === id);

const data = (transitions: readonly ChartTransition[]) =>
  `data-transitions="${escapeMarkup(transitions.map(({ id }) => transitionToken(id)).join(' '))}"`;

const text = (x: number, y: number, content: string, kind = '') =>
  `<text x="${short(x)}" y="${short(y)}"${kind && ` class="${kind}"`}>${content}</text>`;

function partsSvg({ event, guard, actions }: LabelParts): string {
  return [
    event && `<tspan>${escapeMarkup(event)}</tspan>`,
    guard && `<tspan class="guard">${escapeMarkup(guard)}</tspan>`,
    actions &&
      `<tspan class="action">${escapeMarkup(event === '' && guard === '' ? actions : `/ ${actions}`)}</tspan>`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function head(root: ChartState, lines: readonly StateLine[]): string {
  const { rows } = stateBox(root, lines);
  const baseline = headTop + titleSize - 3;
  const below = rows.map((row, i) => rowSvg(row, headLeft, baseline + 6 + (i + 1) * lineHeight));
  return `<g data-state="">${text(headLeft, baseline, escapeMarkup(root.name), 'title')}${below.join('')}</g>`;
}

function chipsTitleAt([first]: readonly ChartEdge[]): string[] {
  return first?.label ? [text(headLeft, first.label.y + 14, chipsTitle, 'quiet')] : [];
}

function chipSvg(
  edge: ChartEdge,
  transitions: readonly ChartTransition[],
  states: ReadonlyMap<string, ChartState>,
): string {
  const { label } = edge;
  if (!label) return '';
  const target = transitions[0]?.targets[0] ?? null;
  const tags = target === null ? [] : (states.get(target)?.tags ?? []);
  const tint = tags.includes('failed') ? ' to-failed' : tags.includes('trouble') ? ' to-trouble' : '';
  const events = transitions.map((one) => partsSvg({ ...labelParts(one), actions: '' })).join(', ');
  const content = `${events} <tspan class="quiet">${escapeMarkup(chipTarget({ target }))}</tspan>`;
  return (
    `<g class="chip${tint}" ${data(transitions)}>${labelRect(label, label.height / 2)}` +
    `${text(label.x + chipPadding, label.y + 14, content)}</g>`
  );
}

function labelRect({ x, y, width, height }: Box, round: number): string {
  return `<rect class="label" x="${x}" y="${y}" width="${width}" height="${height}" rx="${round}"/>`;
}

function stateSvg(state: ChartState, box: Box, lines: readonly StateLine[], outer: boolean): string {
  const { x, y, width, height } = box;
  const tags = state.tags.filter((tag) => tag === 'trouble' || tag === 'failed' || tag === 'rest');
  const kinds = [
    'state',
    ...tags,
    ...(outer ? ['outer'] : []),
    ...(state.type === 'atomic' ? [] : [state.type]),
  ];
  const rect = (kind: string, inset: number) =>
    `<rect class="${kind}" x="${x + inset}" y="${y + inset}" width="${width - 2 * inset}" height="${height - 2 * inset}" rx="${radius - inset}"/>`;
  const rows = stateBox(state, lines).rows.map((row, i) => rowSvg(row, x + boxPadding, y + rowBaseline(i)));
  return (
    `<g class="${kinds.join(' ')}" data-state="${escapeMarkup(state.id)}">${rect('box', 0)}` +
    `${state.type === 'final' ? rect('rim', 3) : ''}` +
    `${text(x + boxPadding, y + nameBaseline, escapeMarkup(state.name), 'name')}${rows.join('')}</g>`
  );
}

function rowSvg({ icon: sign, parts, transitions }: BoxRow, x: number, baseline: number): string {
  const middle = baseline - lineSize * 0.36;
  const content = text(
    x + iconWidth,
    baseline,
    partsSvg(parts),
    sign === 'deaf' || sign === null ? 'quiet' : '',
  );
  const drawn = sign === null ? '' : icon(sign, x + 5, middle);
  return transitions.length > 0
    ? `<g class="row" ${data(transitions)}>${drawn}${content}</g>`
    : `${drawn}${content}`;
}

function initialSvg(points: ChartEdge['points']): string {
  const [first] = points;
  if (!first) return '';
  return (
    `<g class="initial"><circle class="dot" cx="${short(first.x)}" cy="${short(first.y - 5)}" r="5"/>` +
    `<path class="line" d="${roundedPath(points, true)}"/><path class="head" d="${headPath(points)}"/></g>`
  );
}

function lineSvg({ points }: ChartEdge, transitions: readonly ChartTransition[]): string {
  return (
    `<g class="edge ${transitions[0]?.as ?? 'event'}" ${data(transitions)}>` +
    `<path class="line" d="${roundedPath(points, true)}"/><path class="head" d="${headPath(points)}"/></g>`
  );
}

function labelSvg({ label }: ChartEdge, transitions: readonly ChartTransition[], crowded: boolean): string {
  if (!label) return '';
  const rows = transitions.map((transition, i) => {
    const baseline = label.y + 3 + i * lineHeight + lineSize;
    const timed = transition.as === 'after';
    const sign = timed ? icon('clock', label.x + 11, baseline - lineSize * 0.36) : '';
    return `${sign}${text(label.x + 6 + (timed ? iconWidth : 0), baseline, partsSvg(labelParts(transition, crowded)))}`;
  });
  return `<g class="edge-label ${transitions[0]?.as ?? 'event'}" ${data(transitions)}>${labelRect(label, 5)}${rows.join('')}</g>`;
}
