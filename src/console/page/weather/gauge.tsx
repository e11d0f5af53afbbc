/** The value now, large, with what it is of and how old it is. */
import { clockTime, span } from '../shared/figures.ts';
import type { Curve } from './curves.ts';
import { valueAt } from './curves.ts';
import { Dial } from './dial.tsx';
import { digitsOf, type Readout, valueText } from './readout.ts';
import { isPressure, type Sensor } from './sensors.ts';

interface GaugeProps {
  readonly sensor: Sensor;
  readonly readout: Readout;
  /** What the chart shows of it. */
  readonly curve: Curve;
  readonly nowMs: number;
  readonly isStale: boolean;
}

/** A value that is older is marked: an instrument shows what is now. */
const oldMs = 60_000;
/** The second hand shows what was three hours ago, or as long ago as is known, but not what is nearly now. */
const beforeMs = 3 * 3_600_000;
const beforeLeastMs = 30 * 60_000;

export function Gauge({ sensor, readout, curve, nowMs, isStale }: GaugeProps) {
  const { now, simulated } = readout;
  if (!now) return null;
  const digits = digitsOf(sensor);
  const isOld = isStale || nowMs - now.atMs > oldMs;
  const earlier =
    sensor.means.findLast(({ timeMs }) => timeMs <= nowMs - beforeMs) ??
    sensor.means.find(({ timeMs }) => timeMs <= nowMs - beforeLeastMs);
  const values = curve.values.filter((value) => value !== null);
  // The hand may stand on a mean that is newer than the curve.
  const [lowest, highest] = [Math.min(now.value, ...values), Math.max(now.value, ...values)];
  return (
    <div class={`gauge ${isOld ? 'is-old' : ''}`}>
      {isPressure(sensor) && <Dial value={now.value} before={earlier?.mean ?? null} isStale={isOld} />}
      <p class="gauge-value">
        <span class="unseen">{sensor.sensor} </span>
        <span class="gauge-number">{valueText(now.value, digits)}</span>{' '}
        <span class="gauge-unit">{sensor.unit ?? ''}</span>
      </p>
      <p class="gauge-of">
        {sensor.sensor}
        {sensor.device !== null && (
          <>
            {' '}
            of <code>{sensor.device}</code>
          </>
        )}
        {sensor.edge !== '' && ` on ${sensor.edge}`}
      </p>
      <p class="gauge-marks">
        {simulated && <span class="tag">simulated</span>}
        <span class={isOld ? 'tag tag-old' : 'tag tag-live'}>
          {now.from === 'mean' && 'mean of a segment, '}
          {isStale ? `as of ${clockTime(now.atMs)}` : `${span(nowMs - now.atMs)} old`}
        </span>
      </p>
      {values.length > 1 && (
        <p class="gauge-range quiet">
          lowest {valueText(lowest, digits)} · highest {valueText(highest, digits)}
          {sinceText(curve, nowMs)}
        </p>
      )}
    </div>
  );
}

function sinceText(curve: Curve, nowMs: number): string {
  const first = curve.timesMs[0];
  if (first === undefined || !valueAt(curve, first, 0)) return '';
  return ` in ${span(nowMs - first)}`;
}
