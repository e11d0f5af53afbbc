/** The chart of a sensor: its curve and the means of its segments, what happened, and what waited and flowed, on one axis of time. */
import { useRef, useState } from 'preact/hooks';
import type { PastView } from '../model/past.ts';
import { clockTime, count, dateTime, rate, span } from '../shared/figures.ts';
import { type Curve, curveOf, valueAt } from './curves.ts';
import type { GapSpan } from './gap-spans.ts';
import type { Mark } from './marks.ts';
import { Marks } from './marks-lane.tsx';
import { Plot, type PlotAxis, type PlotLine } from './plot.tsx';
import { digitsOf, valueText } from './readout.ts';
import { isPressure, type Sensor } from './sensors.ts';

interface ChartProps {
  readonly sensor: Sensor;
  readonly live: Curve;
  readonly figures: PastView['figures'];
  readonly gaps: readonly GapSpan[];
  readonly marks: readonly Mark[];
  readonly axis: { readonly fromMs: number; readonly toMs: number };
}

const pointsMax = 1_500;
/** More means than that run into each other: they are shown as a line. */
const apartMax = 80;
/** Figures are kept every 2 s. */
const figuresBreakMs = 10_000;

export function Chart({ sensor, live, figures, gaps, marks, axis }: ChartProps) {
  const [cursorMs, setCursor] = useState<number | null>(null);
  const options = { ...axis, pointsMax };
  const means = curveOf(sensor.means, ({ timeMs, mean }) => ({ timeMs, value: mean }), options);
  const told = { ...options, breakMs: figuresBreakMs };
  const backlog = curveOf(
    figures,
    ({ timeMs, backlogReadings }) => ({ timeMs, value: backlogReadings ?? Number.NaN }),
    told,
  );
  const flow = curveOf(
    figures,
    ({ timeMs, readingsPerSecond }) => ({ timeMs, value: readingsPerSecond }),
    told,
  );
  const digits = digitsOf(sensor);
  const unit = sensor.unit ?? '';
  const upper: PlotLine[] = [
    { label: 'readings', curve: live, colour: '--series-1', as: 'line', scale: 'left' },
    {
      label: 'means',
      curve: means,
      colour: '--series-2',
      as: means.timesMs.length > apartMax ? 'line' : 'points',
      scale: 'left',
    },
  ];
  const lower: PlotLine[] = [
    { label: 'backlog', curve: backlog, colour: '--series-3', as: 'area', scale: 'left' },
    { label: 'throughput', curve: flow, colour: '--series-4', as: 'line', scale: 'right' },
  ];
  const valueAxis: PlotAxis = {
    label: unit,
    text: (value) => valueText(value, Math.min(digits, 1)),
    fromZero: false,
    spanLeast: isPressure(sensor) ? 1 : 0.5,
  };
  const shared = {
    ...axis,
    ...{ gaps, marksMs: marks.map(({ timeMs }) => timeMs), cursorMs, onCursor: setCursor },
  };
  const within = (axis.toMs - axis.fromMs) / 50;
  const read = (curve: Curve) => {
    if (cursorMs !== null) return valueAt(curve, cursorMs, within)?.value ?? null;
    return curve.values.findLast((value) => value !== null) ?? null;
  };
  const gap =
    cursorMs === null ? null : gaps.find(({ fromMs, toMs }) => cursorMs >= fromMs && cursorMs <= toMs);
  const show = (value: number | null, text: (value: number) => string) =>
    value === null ? '–' : text(value);
  const mean = [
    'segment mean',
    '--series-2',
    show(read(means), (value) => `${valueText(value, digits)} ${unit}`),
  ] as const;
  // Means are computed of the sensor that forecasts are made of.
  const items: readonly (readonly [string, string, string])[] = [
    ['readings', '--series-1', show(read(live), (value) => `${valueText(value, digits)} ${unit}`)],
    ...(sensor.means.length > 0 ? [mean] : []),
    ['backlog', '--series-3', show(read(backlog), (value) => `${count(Math.round(value))} readings`)],
    ['throughput', '--series-4', show(read(flow), rate)],
  ];
  const when =
    cursorMs === null
      ? 'newest'
      : axis.toMs - axis.fromMs > 20 * 3_600_000
        ? dateTime(cursorMs)
        : clockTime(cursorMs);
  return (
    <div class="instrument-chart">
      <dl class="chart-readout">
        <div class="chart-when">
          <dt class="unseen">at</dt>
          <dd>{when}</dd>
        </div>
        {items.map(([label, colour, text]) => (
          <div key={label}>
            <dt>
              <span class="swatch" style={{ background: `var(${colour})` }} aria-hidden="true" /> {label}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
        {gap && (
          <div>
            <dt>
              <span class="swatch swatch-gap" aria-hidden="true" /> gap
            </dt>
            <dd>{gap.text}</dd>
          </div>
        )}
      </dl>
      <Marks marks={marks} axis={axis} />
      <CursorKeys axis={axis} cursorMs={cursorMs} onCursor={setCursor} text={`${when}: ${textOf(items)}`}>
        <Plot {...shared} lines={upper} left={valueAxis} right={null} heightPx={260} withTimes={false} />
        <Plot {...shared} lines={lower} left={backlogAxis} right={flowAxis} heightPx={130} withTimes />
      </CursorKeys>
      {gaps.length > 0 && (
        <p class="chart-gaps quiet">
          <span class="swatch swatch-gap" aria-hidden="true" />{' '}
          {gaps.length === 1 ? '1 gap' : `${gaps.length} gaps`}: newest {gaps.at(-1)!.text},{' '}
          {clockTime(gaps.at(-1)!.fromMs)}, for {span(gaps.at(-1)!.toMs - gaps.at(-1)!.fromMs)}
        </p>
      )}
    </div>
  );
}

const textOf = (items: readonly (readonly [string, string, string])[]) =>
  items.map(([label, , text]) => `${label} ${text}`).join(', ');

const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
const backlogAxis: PlotAxis = {
  label: 'readings',
  text: (value) => short.format(value),
  fromZero: true,
  spanLeast: 10,
};
const flowAxis: PlotAxis = {
  label: 'per second',
  text: (value) => `${short.format(value)}/s`,
  fromZero: true,
  spanLeast: 1,
};

interface CursorKeysProps {
  readonly axis: { readonly fromMs: number; readonly toMs: number };
  readonly cursorMs: number | null;
  readonly onCursor: (timeMs: number | null) => void;
  readonly text: string;
  readonly children: preact.ComponentChildren;
}

/** The cursor in the hands of who has no mouse: arrows move it, Escape puts it away. */
function CursorKeys({ axis, cursorMs, onCursor, text, children }: CursorKeysProps) {
  const host = useRef<HTMLDivElement>(null);
  const { fromMs, toMs } = axis;
  const step = (toMs - fromMs) / 100;
  const onKeyDown = (event: KeyboardEvent) => {
    const at = cursorMs ?? toMs;
    const to: Readonly<Record<string, number | null>> = {
      ArrowLeft: at - step,
      ArrowRight: at + step,
      PageUp: at - 10 * step,
      PageDown: at + 10 * step,
      Home: fromMs,
      End: toMs,
      Escape: null,
    };
    if (!Object.hasOwn(to, event.key)) return;
    event.preventDefault();
    const next = to[event.key]!;
    onCursor(next === null ? null : Math.min(toMs, Math.max(fromMs, next)));
  };
  return (
    <div
      class="chart-plots"
      ref={host}
      role="slider"
      tabIndex={0}
      aria-label="Moment in the chart"
      aria-valuemin={Math.round(fromMs)}
      aria-valuemax={Math.round(toMs)}
      aria-valuenow={Math.round(cursorMs ?? toMs)}
      aria-valuetext={text}
      onKeyDown={onKeyDown}
      onBlur={() => onCursor(null)}
    >
      {children}
    </div>
  );
}
