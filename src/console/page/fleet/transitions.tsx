/** The transitions of an edge as a list, newest first, with when the cloud heard of each. */
import { useState } from 'preact/hooks';
import type { EdgeTransition } from '../../../contract/fleet.ts';
import { printable } from '../../../domain/text.ts';
import { clockTime, count, counted, dateTime, span } from '../shared/figures.ts';
import { Button, Pill } from '../shared/parts.tsx';
import { transitionLines } from './transition-lines.ts';

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
  const lines = transitionLines(transitions);
  const newest = lines.slice(0, shown);
  const hidden = lines.length - newest.length;
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
          {newest.map(({ transitions: some }) => {
            const key = `${some.at(-1)!.epoch}/${some.at(-1)!.seq}`;
            return some.length === 1 ? (
              <Line key={key} transition={some[0]!} />
            ) : (
              <Fold key={key} some={some} />
            );
          })}
        </tbody>
      </table>
      {(hidden > 0 || hasOlder) && (
        <p class="transitions-more">
          <Button onPress={more} offBecause={isAsking ? 'They are being asked for' : null}>
            {isAsking ? 'Asking …' : 'Show older ones'}
          </Button>
          <span class="quiet">
            {counted(newest.length, 'line')}
            {hasOlder ? ', there are more' : ` of ${count(lines.length)}`}
          </span>
        </p>
      )}
    </div>
  );
}

/** Many attempts, newest first. */
function Fold({ some }: { some: readonly EdgeTransition[] }) {
  const [isOpen, open] = useState(false);
  const [last, first] = [some[0]!, some.at(-1)!];
  const states = [...new Set(some.map(({ to }) => to))].slice(0, 3);
  return (
    <>
      <tr class="transitions-fold">
        <td class="figure">
          {dateTime(first.timeMs)} to {clockTime(last.timeMs)}
        </td>
        <td>{printable(first.actor)}</td>
        <td colSpan={3}>
          <Button
            onPress={() => open(!isOpen)}
            label={`${isOpen ? 'Hide' : 'Show'} ${some.length} transitions`}
          >
            <span aria-hidden="true">{isOpen ? '▾' : '▸'}</span> {counted(some.length, 'transition')}
          </Button>{' '}
          <span class="quiet">between {states.map((state) => printable(state)).join(', ')}</span>
        </td>
      </tr>
      {isOpen && some.map((each) => <Line key={`${each.epoch}/${each.seq}`} transition={each} />)}
    </>
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
