/** Pipelines as a picture: actors, what flows between them, and the links between pipelines. */
import type { Box } from '../../contract/chart.ts';
import { escapeMarkup } from '../../domain/markup.ts';
import { standAloneStyle } from './chart-style.ts';
import { headPath, short } from './paths.ts';
import type { PipelineGraph, PlacedActor, PlacedLink, PlacedWire } from './pipeline-graph.ts';
import { textWidth } from './text-width.ts';

const margin = 12;
const nameSize = 13;
const smallSize = 11;
const textLeft = 12;
const sameLabelsMax = 4;

/** What is told of an actor below its name. */
export interface ActorNotes {
  /** By `<pipeline>/<actor>`. */
  readonly notes?: ReadonlyMap<string, string>;
}

export function pipelineSvg(graph: PipelineGraph, title: string, { notes }: ActorNotes = {}): string {
  const width = graph.width + 2 * margin;
  const height = graph.height + 2 * margin;
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-labelledby="pipeline-title pipeline-desc"',
    ` width="${short(width)}" height="${short(height)}"`,
    ` viewBox="${-margin} ${-margin} ${short(width)} ${short(height)}">`,
    `<title id="pipeline-title">${escapeMarkup(title)}</title>`,
    `<desc id="pipeline-desc">${escapeMarkup(description(graph))}</desc>`,
    `<style>${standAloneStyle}</style>`,
    `<rect class="paper" x="${-margin}" y="${-margin}" width="100%" height="100%" rx="10"/>`,
    ...graph.boxes.map(boxSvg),
    ...graph.links.map(linkSvg),
    ...graph.wires.map((wire) => wireSvg(wire, !isOneOfMany(wire, graph.wires))),
    ...graph.actors.map((actor) => actorSvg(actor, notes?.get(`${actor.pipeline}/${actor.name}`))),
    '</svg>\n',
  ].join('');
}

function description({ boxes, wires, links }: PipelineGraph): string {
  const within = boxes.map(({ pipeline }) => {
    const own = wires.filter((wire) => wire.pipeline === pipeline);
    const told = own.map(({ from, to, type }) => `${from} sends ${type} to ${to}`);
    return `Pipeline ${pipeline}${told.length > 0 ? `: ${told.join('; ')}` : ''}.`;
  });
  const between = links.map(
    ({ from, to }) => `${from.pipeline}/${from.actor} is linked to ${to.pipeline}/${to.actor}.`,
  );
  return [...within, ...between].join(' ');
}

const text = (x: number, y: number, content: string, kind: string) =>
  `<text x="${short(x)}" y="${short(y)}" class="${kind}">${escapeMarkup(content)}</text>`;

function boxSvg({ x, y, width, height, pipeline }: Box & { pipeline: string }): string {
  return (
    `<g class="outer"><rect class="box" x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}" rx="12"/>` +
    `${text(x + 16, y + 24, pipeline, 'name')}</g>`
  );
}

function actorSvg({ x, y, width, height, name, kind }: PlacedActor, note: string | undefined): string {
  const shown = (content: string, size: number, weight: 'normal' | 'bold') =>
    fitted(content, width - 2 * textLeft, size, weight);
  return (
    `<g class="state"><title>${escapeMarkup([name, kind, note ?? ''].filter((part) => part !== '').join(': '))}</title>` +
    `<rect class="box" x="${short(x)}" y="${short(y)}" width="${width}" height="${height}" rx="8"/>` +
    `${text(x + textLeft, y + 22, shown(name, nameSize, 'bold'), 'name')}` +
    `${text(x + textLeft, y + 39, shown(note ?? kind, smallSize, 'normal'), 'quiet')}</g>`
  );
}

/** Where much of the same comes in, one word stands for all. */
function isOneOfMany(wire: PlacedWire, wires: readonly PlacedWire[]): boolean {
  const same = wires.filter(
    ({ pipeline, to, type }) => pipeline === wire.pipeline && to === wire.to && type === wire.type,
  );
  return same.length > sameLabelsMax && same[Math.floor(same.length / 2)] !== wire;
}

function wireSvg({ path, tip, type, labelAt, back }: PlacedWire, labelled: boolean): string {
  return (
    `<g class="edge"><path class="line" d="${path}"/><path class="head" d="${headPath(tip)}"/>` +
    `${labelled ? labelSvg(type, labelAt.x - (back ? 0 : 3), labelAt.y) : ''}</g>`
  );
}

function linkSvg({ path, tip, labelAt }: PlacedLink): string {
  return (
    `<g class="edge after link"><path class="line" d="${path}"/><path class="head" d="${headPath(tip)}"/>` +
    `${labelSvg('link', labelAt.x, labelAt.y)}</g>`
  );
}

function labelSvg(content: string, x: number, y: number): string {
  const width = textWidth(content, smallSize) + 10;
  return (
    `<rect class="label" x="${short(x - width / 2)}" y="${short(y - 9)}" width="${short(width)}" height="18" rx="5"/>` +
    `<text x="${short(x)}" y="${short(y + 4)}" text-anchor="middle">${escapeMarkup(content)}</text>`
  );
}

/** As much of a text as there is room for. */
function fitted(content: string, room: number, size: number, weight: 'normal' | 'bold'): string {
  if (textWidth(content, size, weight) <= room) return content;
  const characters = [...content];
  while (characters.length > 1 && textWidth(`${characters.join('')}…`, size, weight) > room) characters.pop();
  return `${characters.join('')}…`;
}
