/** Who sent what to whom. */
import { useModel } from '../model/context.ts';
import { count } from '../shared/figures.ts';

export function EventsView() {
  const model = useModel();
  return (
    <section class="events" aria-label="Events">
      <h1>Events</h1>
      <p>{count(model.past.value.items.length)} events</p>
    </section>
  );
}
