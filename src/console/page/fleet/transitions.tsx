/** The transitions of an edge as a list, newest first, with when the cloud heard of each. */
import { useState } from 'preact/hooks';
import type { EdgeTransition } from '../../../contract/fleet.ts';
import { printable } from '../../../domain/text.ts';
import { count, dateTime, span } from '../shared/figures.ts';
import { Button, Pill } from '../shared/parts.tsx';

interface TransitionsProps {
  /** Oldest first. */
  readonly transitions: readonly EdgeTransition[];
  readonly hasOlder: boolean;
  readonly isAsking: boolean;
  readonly onOlder: () => void;
}

const step = 100;
/** News that come later than that came after an outage. */
const lateMs = 10_000;

export function Transitions({ transitions, hasOlder, isAsking, onOlder }: TransitionsProps) {
  const [shown, show] = useState(step);
  const newest = transitions.slice(-shown).reverse();
  const hidden = transitions.length - newest.length;
  const more = () => {
    show(shown + step);
    if (hidden < step && hasOlder) onOlder();
  };
  return (
    <div class="transitions">
      <table>
        <caption class="unseen">Transitions, newest first, on the clock of the edge</caption>
        <thead>
          <tr>
            <th scope="col">On its clock</th>
            <th scope="col">Actor</th>
            <th scope="col">Went</th>
            <th scope="col">Because of</th>
            <th scope="col">Cloud heard</th>
          </tr>
        </thead>
        <tbody>
          {newest.map((each) => (
            <Line key={`${each.epoch}/${each.seq}`} transition={each} />
          ))}
        </tbody>
      </table>
      {(hidden > 0 || hasOlder) && (
        <p class="transitions-more">
          <Button onPress={more} offBecause={isAsking ? 'They are being asked for' : null}>
            {isAsking ? 'Asking …' : 'Show older ones'}
          </Button>
          <span class="quiet">
            {count(newest.length)} shown{hasOlder ? ', there are more' : ` of ${count(transitions.length)}`}
          </span>
        </p>
      )}
    </div>
  );
}

function Line({ transition }: { transition: EdgeTransition }) {
  const { timeMs, actor, from, to, event, health, cause, attempt, retryInMs, storedMs } = transition;
  const delayMs = storedMs - timeMs;
  return (
    <tr>
      <td class="figure">{dateTime(timeMs)}</td>
      <td>{printable(actor)}</td>
      <td class="transitions-went">
        <span class="quiet">{printable(from)} →</span> <Pill tone={health}>{printable(to)}</Pill>
      </td>
      <td>
        <code>{printable(event)}</code>
        {cause && <span class="transitions-cause"> {printable(cause, 200)}</span>}
        {attempt !== null && attempt > 0 && <span class="quiet"> · attempt {attempt}</span>}
        {retryInMs !== null && <span class="quiet"> · again in {span(retryInMs)}</span>}
      </td>
      <td class="figure" title={dateTime(storedMs)}>
        {delayMs > lateMs ? `${span(delayMs)} later` : <span class="quiet">at once</span>}
      </td>
    </tr>
  );
}
