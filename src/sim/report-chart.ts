/** The pictures of a report: lanes, bands and areas on one axis of time, as SVG that stretches to any width. */
import { escapeMarkup } from '../domain/markup.ts';
import { columns, type Lane } from './report-lanes.ts';
import { type Backlog, moment, number } from './report-text.ts';
import type { SimFault, SimRun, SimViolation } from './run.ts';

const laneHeight = 20;
const areaHeight = 64;
/** What is too short to see is drawn as wide as this. */
const widthMin = 1.5;

export interface Chart {
  lane(process: string, lane: Lane): string;
  /** @param scale the backlog that reaches to the top */
  area(backlog: Backlog, scale: number): string;
  /** Faults of one kind. */
  faults(faults: readonly SimFault[]): string;
}

/** Numbers as SVG takes them, no longer than needed. */
const short = (value: number) => String(Math.round(value * 100) / 100);

export function chartOf(run: SimRun): Chart {
  const names = new Set(run.transitions.map(({ process }) => process));
  const x = (ms: number) => (ms / run.virtualMs) * columns;

  function picture(height: number, label: string, inner: string): string {
    const box = `viewBox="0 0 ${columns} ${height}" preserveAspectRatio="none"`;
    return `<svg ${box} style="height:${height}px" role="img" aria-label="${escapeMarkup(label)}">${inner}</svg>`;
  }

  function rect(
    fromMs: number,
    toMs: number,
    y: number,
    height: number,
    style: string,
    title: string,
  ): string {
    const width = Math.max(widthMin, x(toMs) - x(fromMs));
    const left = Math.min(x(fromMs), columns - width);
    const place = `x="${short(left)}" y="${y}" width="${short(width)}" height="${height}"`;
    return `<rect class="${style}" ${place}>${title === '' ? '' : `<title>${escapeMarkup(title)}</title>`}</rect>`;
  }

  /** Faults that concern a process stand behind its pictures, violations in front of them. */
  const bandsOf = (process: string, height: number) =>
    run.faults
      .filter(({ target }) => concerns(target, process, names))
      .map((fault) =>
        rect(fault.atMs, fault.untilMs ?? run.virtualMs, 0, height, `band ${fault.kind}`, faultTitle(fault)),
      )
      .join('');
  const stopLine = (height: number) =>
    run.faults.length === 0 || run.faultsUntilMs >= run.virtualMs
      ? ''
      : `<line class="stop" x1="${short(x(run.faultsUntilMs))}" x2="${short(x(run.faultsUntilMs))}" y1="0" y2="${height}"/>`;
  /** `null` stands for all that belong to no process with lanes. */
  const marksOf = (process: string | null, height: number) =>
    run.violations
      .filter((violation) => (names.has(violation.process) ? violation.process : null) === process)
      .map((violation) => mark(violation, height))
      .join('');
  const mark = ({ atMs, invariant, text }: SimViolation, height: number) =>
    rect(atMs, atMs, 0, height, 'violation', `${moment(atMs)} ${invariant}: ${text}`);

  return {
    lane(process, { actor, runs }) {
      const widthMs = run.virtualMs / columns;
      const rects = runs.map(({ condition, from, to, states }) => {
        const title = `${actor}: ${states.slice(0, 4).join(', ')} · ${moment(Math.round(from * widthMs))} to ${moment(Math.round(to * widthMs))}`;
        const [y, height] = condition === 'work' || condition === 'rest' ? [6, 8] : [3, 14];
        return `<rect class="${condition}" x="${from}" y="${y}" width="${to - from}" height="${height}"><title>${escapeMarkup(title)}</title></rect>`;
      });
      const inner =
        bandsOf(process, laneHeight) + rects.join('') + stopLine(laneHeight) + marksOf(process, laneHeight);
      return picture(laneHeight, `States of ${process}/${actor} over time`, inner);
    },
    area({ process, points, most }, scale) {
      const y = (readings: number) =>
        short(areaHeight - 2 - (readings / Math.max(1, scale)) * (areaHeight - 8));
      const first = points[0]!;
      const steps = points.map(({ atMs, readings }) => `L${short(x(atMs))} ${y(readings)}`).join('');
      const end = x(points.at(-1)!.atMs);
      const path = `M${short(x(first.atMs))} ${areaHeight}${steps}L${short(end)} ${areaHeight}Z`;
      const label = `Backlog of ${process}: at most ${number(most)} readings`;
      const area = `<path class="area" d="${path}"><title>${escapeMarkup(label)}</title></path>`;
      return picture(
        areaHeight,
        label,
        bandsOf(process, areaHeight) + area + stopLine(areaHeight) + marksOf(process, areaHeight),
      );
    },
    faults(faults) {
      const rects = faults.map((fault) =>
        rect(fault.atMs, fault.untilMs ?? run.virtualMs, 4, 12, `fault ${fault.kind}`, faultTitle(fault)),
      );
      const label = `When there was ${faults[0]?.kind ?? 'no fault'}`;
      return picture(laneHeight, label, rects.join('') + stopLine(laneHeight) + marksOf(null, laneHeight));
    },
  };
}

function faultTitle({ kind, atMs, untilMs, target, text }: SimFault): string {
  const until = untilMs === null ? 'the end' : moment(untilMs);
  return `${kind} · ${target} · ${moment(atMs)} to ${until} · ${text}`;
}

/** A target names one process, several, or all; what names none is everywhere. */
function concerns(target: string, process: string, names: ReadonlySet<string>): boolean {
  const words = target.split(/[^\w.-]+/);
  return words.includes(process) || words.includes('all') || !words.some((word) => names.has(word));
}
