/** Line charts as SVG texts: the same numbers make the same picture, readable on light and on dark pages. */

export interface Chart {
  readonly title: string;
  /** Measured places, ascending; each gets its label. Places are spread by their logarithm unless one of them is 0. */
  readonly x: { readonly label: string; readonly values: readonly number[] };
  /** Unit and what it is; the axis begins at 0. */
  readonly y: { readonly label: string };
  readonly series: readonly Series[];
}

export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

const width = 700;
const height = 360;
const plot = { left: 70, right: 500, top: 52, bottom: 300 };
const tickSteps = [1, 2, 2.5, 5, 10];
/** Labels at the right ends of lines keep this distance. */
const labelGap = 16;

const style = `
  svg { color: #1f2328; background: #ffffff; font: 12px system-ui, sans-serif; }
  text { fill: currentColor; }
  .title { font-size: 14px; font-weight: 600; }
  .grid { stroke: currentColor; stroke-opacity: 0.15; }
  .line { fill: none; stroke-width: 2; }
  .s0 { stroke: #0969da; } .d0 { fill: #0969da; }
  .s1 { stroke: #bc4c00; } .d1 { fill: #bc4c00; }
  @media (prefers-color-scheme: dark) {
    svg { color: #e6edf3; background: #0d1117; }
    .s0 { stroke: #58a6ff; } .d0 { fill: #58a6ff; }
    .s1 { stroke: #f0883e; } .d1 { fill: #f0883e; }
  }`;

/** At most two series; more would need more colours. */
export function drawChart({ title, x, y, series }: Chart): string {
  const placeX = scaleX(x.values);
  const ticks = ticksUpTo(Math.max(...series.flatMap(({ values }) => values)));
  const top = ticks.at(-1)!;
  const placeY = (value: number) => plot.bottom - ((plot.bottom - plot.top) * value) / top;
  const points = ({ values }: Series) => values.map((value, i) => [placeX[i]!, placeY(value)] as const);
  const names = spreadLabels(series.map((each) => points(each).at(-1)![1]));
  const parts = [
    text(16, 24, title, 'start', 'title'),
    ...ticks.flatMap((tick) => [
      `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${round(placeY(tick))}" y2="${round(placeY(tick))}"/>`,
      text(plot.left - 8, placeY(tick) + 4, short(tick), 'end'),
    ]),
    ...x.values.map((value, i) => text(placeX[i]!, plot.bottom + 20, short(value), 'middle')),
    text((plot.left + plot.right) / 2, height - 16, x.label, 'middle'),
    text(16, plot.top - 10, y.label, 'start'),
    ...series.flatMap((each, i) => [
      `<polyline class="line s${i}" points="${points(each)
        .map(([px, py]) => `${round(px)},${round(py)}`)
        .join(' ')}"/>`,
      ...points(each).map(
        ([px, py]) => `<circle class="d${i}" cx="${round(px)}" cy="${round(py)}" r="3.5"/>`,
      ),
      text(plot.right + 10, names[i]! + 4, `${each.name}: ${short(each.values.at(-1)!)}`, 'start'),
    ]),
  ];
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">`;
  return `${head}\n<style>${style}\n</style>\n${parts.join('\n')}\n</svg>\n`;
}

/** Where each measured place lies. */
function scaleX(values: readonly number[]): number[] {
  const linear = values.includes(0);
  const at = values.map((value) => (linear ? value : Math.log(value)));
  const [first, span] = [at[0]!, at.at(-1)! - at[0]! || 1];
  const margin = 16;
  return at.map(
    (value) => plot.left + margin + ((plot.right - plot.left - 2 * margin) * (value - first)) / span,
  );
}

/** From 0 to at least `most` in three to six even steps. */
export function ticksUpTo(most: number): number[] {
  const rough = (most || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = tickSteps.find((each) => each * power >= rough)! * power;
  const count = Math.max(1, Math.ceil(most / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

/** Moves what lies too close together apart, keeping the order. */
function spreadLabels(places: readonly number[]): number[] {
  const order = places.map((_, i) => i).sort((a, b) => places[a]! - places[b]!);
  const spread = [...places];
  order.forEach((i, rank) => {
    const above = order[rank - 1];
    if (above !== undefined) spread[i] = Math.max(spread[i]!, spread[above]! + labelGap);
  });
  return spread;
}

/** `1,500` as `1.5k`, `2,000,000` as `2M`. */
export function short(value: number): string {
  for (const [size, letter] of [
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (Math.abs(value) >= size) return `${Number((value / size).toPrecision(3))}${letter}`;
  }
  return String(Number(value.toPrecision(3)));
}

const round = (value: number) => Number(value.toFixed(1));

const escapeXml = (words: string) =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

function text(x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end', name = ''): string {
  const style = name === '' ? '' : ` class="${name}"`;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${style}>${escapeXml(words)}</text>`;
}
