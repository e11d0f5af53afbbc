/** Readings in each of the last 60 s as a small curve; what it shows is said in numbers beside it. */

const [width, height] = [60, 16];

export function Sparkline({ perSecond }: { perSecond: readonly number[] }) {
  const peak = Math.max(1, ...perSecond);
  const left = width - perSecond.length;
  const points = perSecond.map(
    (value, i) => `${left + i},${(height - 1 - (value / peak) * (height - 2)).toFixed(1)}`,
  );
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <line class="sparkline-base" x1="0" x2={width} y1={height - 0.5} y2={height - 0.5} />
      {points.length > 1 && (
        <>
          <path class="sparkline-area" d={`M${left},${height}L${points.join('L')}L${width - 1},${height}Z`} />
          <polyline class="sparkline-line" points={points.join(' ')} />
        </>
      )}
    </svg>
  );
}
