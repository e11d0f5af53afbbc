/** Air pressure and what it means; also whatever else sensors measure. */
import { useModel } from '../model/context.ts';
import type { PipelineModel } from '../model/model.ts';
import { refine } from '../navigate.ts';
import { place } from '../routes.ts';
import { clockTime } from '../shared/figures.ts';
import { Empty, Stale } from '../shared/parts.tsx';
import { Chart } from './chart.tsx';
import { type Curve, curveOf, rowsOf } from './curves.ts';
import { gapSpansOf } from './gap-spans.ts';
import { Gauge } from './gauge.tsx';
import { marksOf, turnsOf } from './marks.ts';
import { axisOf, rangeNamed, ranges } from './ranges.ts';
import { digitsOf, readoutOf, valueText } from './readout.ts';
import { choose, type Sensor } from './sensors.ts';
import { Tendency } from './tendency.tsx';
import { useWeather } from './use-weather.ts';

export function WeatherView() {
  const model = useModel();
  const pipelines = model.pipelines.value;
  const { query } = place.value;
  const chosen = pipelines.find(({ name }) => name === query.get('pipeline')) ?? firstOf(pipelines);
  if (!chosen) {
    return (
      <section class="weather" aria-label="Weather">
        <h1>Weather</h1>
        <Empty title="No pipeline is known yet">
          <p>As soon as one runs, what its sensors measure shows here.</p>
        </Empty>
      </section>
    );
  }
  return <WeatherOf key={chosen.name} pipeline={chosen} pipelines={pipelines} />;
}

/** An edge measures itself: what it says is newer than what a cloud hears of it. */
function firstOf(pipelines: readonly PipelineModel[]): PipelineModel | undefined {
  const live = pipelines.filter((pipeline) => pipeline.known.value.attached);
  return live.find(({ status }) => status.value?.edge) ?? live[0] ?? pipelines[0];
}

interface WeatherOfProps {
  readonly pipeline: PipelineModel;
  readonly pipelines: readonly PipelineModel[];
}

function WeatherOf({ pipeline, pipelines }: WeatherOfProps) {
  const model = useModel();
  const { query } = place.value;
  const range = rangeNamed(query.get('range'));
  const facts = useWeather(pipeline, range, query.get('sensor'));
  const sensor = choose(facts.sensors, query.get('sensor'));
  const stale = pipeline.stale.value;
  return (
    <section class="weather" aria-label="Weather">
      <header class="weather-head">
        <h1>Weather</h1>
        <Choices pipelines={pipelines} pipeline={pipeline} sensors={facts.sensors} sensor={sensor} />
      </header>
      <Stale stale={stale} nowMs={model.clockMs.value} />
      {facts.asked.error && !stale && (
        <p class="stale-note" role="status">
          Means and gaps of before cannot be had: {facts.asked.error.message}. {facts.asked.error.advice}
        </p>
      )}
      {sensor ? (
        <Instrument
          {...{ sensor, facts, range, isStale: stale !== null, isCloud: !pipeline.status.value?.edge }}
        />
      ) : (
        <Nothing pipeline={pipeline} />
      )}
    </section>
  );
}

interface ChoicesProps extends WeatherOfProps {
  readonly sensors: readonly Sensor[];
  readonly sensor: Sensor | null;
}

function Choices({ pipelines, pipeline, sensors, sensor }: ChoicesProps) {
  return (
    <div class="weather-choices">
      {pipelines.length > 1 && (
        <label>
          <span>Pipeline</span>
          <select
            class="field"
            value={pipeline.name}
            onChange={(event) => refine({ pipeline: event.currentTarget.value, sensor: null })}
          >
            {pipelines.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      {sensor && sensors.length > 1 && (
        <label>
          <span>Sensor</span>
          <select
            class="field"
            value={sensor.key}
            onChange={(event) => refine({ sensor: event.currentTarget.value })}
          >
            {sensors.map(({ key, edge, sensor, device }) => (
              <option key={key} value={key}>
                {[edge, sensor, device].filter(Boolean).join(' · ')}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}

interface InstrumentProps {
  readonly sensor: Sensor;
  readonly facts: ReturnType<typeof useWeather>;
  readonly range: ReturnType<typeof rangeNamed>;
  readonly isStale: boolean;
  readonly isCloud: boolean;
}

const pointsMax = 1_500;

function Instrument({ sensor, facts, range, isStale, isCloud }: InstrumentProps) {
  const isReplay = useModel().isReplay.value;
  const { nowMs } = facts;
  const readout = readoutOf(sensor, facts.forecasts);
  const firstMs = Math.min(sensor.samples[0]?.readingTimeMs ?? nowMs, sensor.means[0]?.timeMs ?? nowMs);
  const axis = axisOf(range, nowMs, firstMs);
  const live = curveOf(sensor.samples, ({ readingTimeMs, value }) => ({ timeMs: readingTimeMs, value }), {
    ...axis,
    pointsMax,
  });
  const gaps = gapSpansOf(facts.gaps, sensor.edge, axis);
  const marks = marksOf(turnsOf(facts.items, isCloud ? sensor.edge : null)).filter(
    ({ timeMs }) => timeMs >= axis.fromMs && timeMs <= axis.toMs,
  );
  const table = live.timesMs.length > 0 ? live : meansCurve(sensor, axis);
  return (
    <>
      <div class={`weather-top ${isStale ? 'is-stale' : ''}`}>
        <div class="card weather-gauge">
          <Gauge sensor={sensor} readout={readout} curve={table} nowMs={nowMs} isStale={isStale} />
        </div>
        <div class="card weather-tendency">
          <Tendency sensor={sensor} readout={readout} nowMs={nowMs} />
        </div>
      </div>
      <div class={`card weather-chart ${isStale ? 'is-stale' : ''}`}>
        <div class="weather-chart-head">
          <h2>{sensor.sensor} over time</h2>
          <fieldset class="ranges">
            <legend class="unseen">Range</legend>
            {ranges.map(({ id, label }) => (
              <button
                key={id}
                type="button"
                class="button"
                aria-pressed={id === range.id}
                onClick={() => refine({ range: id })}
              >
                {label}
              </button>
            ))}
          </fieldset>
        </div>
        <Chart {...{ sensor, live, figures: facts.figures, gaps, marks, axis }} />
        {isReplay && (
          <p class="quiet">
            A recording holds no gaps, and of means only those that a log told with its forecasts: a console
            that runs shows all.
          </p>
        )}
        <Rows sensor={sensor} curve={table} />
      </div>
    </>
  );
}

const meansCurve = (sensor: Sensor, axis: { fromMs: number; toMs: number }): Curve =>
  curveOf(sensor.means, ({ timeMs, mean }) => ({ timeMs, value: mean }), { ...axis, pointsMax });

/** The chart for those who do not see it. */
function Rows({ sensor, curve }: { sensor: Sensor; curve: Curve }) {
  const digits = digitsOf(sensor);
  return (
    <details class="weather-rows">
      <summary>The same as a table</summary>
      <table>
        <caption class="unseen">
          {sensor.sensor} in {sensor.unit}, newest first
        </caption>
        <thead>
          <tr>
            {['From', 'To', 'Mean', 'Lowest', 'Highest'].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rowsOf(curve, 24).map(({ fromMs, toMs, mean, low, high }) => (
            <tr key={fromMs}>
              <td>{clockTime(fromMs)}</td>
              <td>{clockTime(toMs)}</td>
              {[mean, low, high].map((value, i) => (
                <td key={String(i)}>{valueText(value, digits)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function Nothing({ pipeline }: { pipeline: PipelineModel }) {
  const { known, status, name } = pipeline;
  const isReplay = useModel().isReplay.value;
  if (!known.value.attached) {
    return (
      <Empty title={isReplay ? `${name} did not run at this moment` : `${name} does not run`}>
        <p>What it measured shows here once it is reached{isReplay && ' in the recording'}.</p>
      </Empty>
    );
  }
  const isEdge = status.value?.edge !== null;
  return (
    <Empty title="No pressure yet">
      <p>
        {isEdge
          ? 'Each reading shows here as it comes in, within a second or two. The first mean and forecast come with the first segment, usually after 15 s.'
          : 'It shows here with the first segment that an edge sends, usually 15 s after it connected.'}
      </p>
    </Empty>
  );
}
