/** Air pressure and what it means. */
import { useModel } from '../model/context.ts';
import { count } from '../shared/figures.ts';

export function WeatherView() {
  const model = useModel();
  return (
    <section class="weather" aria-label="Weather">
      <h1>Weather</h1>
      <p>{count(model.past.value.samples.length)} samples</p>
    </section>
  );
}
