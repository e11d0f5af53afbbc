/** Where the weather goes: the arrow, the word for it, the forecast and what it rests on. */
import { useModel } from '../model/context.ts';
import { span } from '../shared/figures.ts';
import { Ago } from '../shared/parts.tsx';
import { arrowDegrees, outlookOf, type Readout, signed, stationNote, valueText } from './readout.ts';
import { isPressure, type Sensor } from './sensors.ts';

interface TendencyProps {
  readonly sensor: Sensor;
  readonly readout: Readout;
  readonly nowMs: number;
}

export function Tendency({ sensor, readout, nowMs }: TendencyProps) {
  const { per3h, word, forecast } = readout;
  const unit = sensor.unit ?? '';
  return (
    <div class="tendency">
      <h2>Tendency</h2>
      <div class="tendency-now">
        <Arrow per3h={per3h} />
        <p>
          <strong class="tendency-word">
            {word ?? (per3h === null ? 'not known yet' : directionOf(per3h))}
          </strong>
          <span class="figure">
            {per3h === null ? (forecast ? '' : 'it takes 30 min of data') : `${signed(per3h)} ${unit} in 3 h`}
          </span>
        </p>
      </div>
      {forecast?.forecast.characteristic && (
        <p class="quiet">Last 3 h: {forecast.forecast.characteristic.text}</p>
      )}
      {isPressure(sensor) && <Outlook readout={readout} nowMs={nowMs} />}
    </div>
  );
}

/** `3 h` for `3 h 00 m`, and whole minutes, rounded down as in the words of the forecast beside it. */
const short = (ms: number) =>
  span(ms < 60_000 ? ms : Math.floor(ms / 60_000) * 60_000).replace(/ 00? [ms]$/, '');

function directionOf(per3h: number): string {
  if (Math.abs(per3h) < 0.05) return 'steady';
  return per3h > 0 ? 'rising' : 'falling';
}

function Arrow({ per3h }: { per3h: number | null }) {
  if (per3h === null) return <span class="tendency-arrow tendency-arrow-none" aria-hidden="true" />;
  const turn = -arrowDegrees(per3h);
  return (
    <svg class="tendency-arrow" viewBox="-32 -32 64 64" aria-hidden="true">
      <circle class="tendency-arrow-rim" r="30" />
      <g transform={`rotate(${turn})`}>
        <path class="tendency-arrow-shaft" d="M-18 0H14" />
        <path class="tendency-arrow-tip" d="M22 0L8 -8V8Z" />
      </g>
    </svg>
  );
}

function Outlook({ readout: { forecast }, nowMs }: { readout: Readout; nowMs: number }) {
  const isReplay = useModel().isReplay.value;
  if (!forecast && isReplay) {
    return (
      <div class="outlook">
        <p class="quiet">
          No forecast was told by then: a recording has those that came to the edges that were recorded.
        </p>
      </div>
    );
  }
  if (!forecast) {
    return (
      <div class="outlook">
        <p class="quiet">
          No forecast yet: a <code>forecaster</code> in the cloud makes one from each segment it stores.
        </p>
      </div>
    );
  }
  const { letter, sentence, share, hasMs, needsMs } = outlookOf(forecast.forecast);
  return (
    <div class="outlook">
      <h2>Forecast</h2>
      <p class="outlook-line">
        {letter && (
          <span class="outlook-letter">
            <span class="unseen">Zambretti </span>
            {letter}
          </span>
        )}
        <span class={letter ? 'outlook-sentence' : 'quiet'}>{sentence}</span>
      </p>
      {share !== null && (
        <div class="confidence">
          <progress value={share} max={1} aria-label="Data that the forecast rests on" />
          <span>
            rests on {short(hasMs)}
            {share < 0.99 ? ` of ${short(needsMs)}: uncertain` : ' of data'}
          </span>
        </div>
      )}
      <SeaLevel readout={forecast.forecast} />
      <p class="quiet">
        Made <Ago atMs={forecast.atMs} nowMs={nowMs} />, from {forecast.forecast.readings} readings
        {letter && ', after Zambretti'}.
      </p>
    </div>
  );
}

function SeaLevel({ readout }: { readout: NonNullable<Readout['forecast']>['forecast'] }) {
  const { seaLevel, altitude, mean, unit } = readout;
  if (seaLevel === undefined) return <p class="quiet">{stationNote(readout)}</p>;
  return (
    <p class="levels">
      <span>
        <span class="quiet">at sea level</span> {valueText(seaLevel, 1)} {unit}
      </span>
      <span>
        <span class="quiet">at the station, {altitude} m</span> {mean === null ? '–' : valueText(mean, 1)}{' '}
        {unit}
      </span>
    </p>
  );
}
