/** What to see of all events. */
import type { Model } from '../model/model.ts';
import { refine } from '../navigate.ts';
import { Button } from '../shared/parts.tsx';
import { type EventFilter, queryOf } from './filter.ts';

interface FiltersProps {
  readonly model: Model;
  readonly filter: EventFilter;
}

const set = (change: Partial<EventFilter>) => refine(queryOf(change));

export function Filters({ model, filter }: FiltersProps) {
  const pipelines = model.pipelines.value;
  const chosen = pipelines.filter(({ name }) => filter.pipeline === '' || filter.pipeline === name);
  const actors = [
    ...new Set(chosen.flatMap(({ actors }) => actors.value.map(({ name }) => name)).slice(0, 300)),
  ];
  const isFiltered =
    filter.pipeline + filter.actor + filter.event + filter.text !== '' || filter.failuresOnly;
  return (
    <search class="event-filters">
      <label>
        <span class="unseen">Pipeline</span>
        <select
          class="field"
          value={filter.pipeline}
          onChange={(event) => set({ pipeline: event.currentTarget.value })}
        >
          <option value="">all pipelines</option>
          {pipelines.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <Field name="actor" value={filter.actor} onType={(actor) => set({ actor })} list="event-actors" />
      <datalist id="event-actors">
        {actors.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Field name="event" value={filter.event} onType={(event) => set({ event })} />
      <Field name="text" value={filter.text} onType={(text) => set({ text })} />
      <Button pressed={filter.failuresOnly} onPress={() => set({ failuresOnly: !filter.failuresOnly })}>
        Failures only
      </Button>
      <Button pressed={filter.isGrouped} onPress={() => set({ isGrouped: !filter.isGrouped })}>
        Equal lines as one
      </Button>
      <Button
        pressed={filter.form === 'sequence'}
        onPress={() => set({ form: filter.form === 'sequence' ? 'table' : 'sequence' })}
      >
        Sequence diagram
      </Button>
      {isFiltered && (
        <Button onPress={() => set({ pipeline: '', actor: '', event: '', text: '', failuresOnly: false })}>
          Show all
        </Button>
      )}
    </search>
  );
}

interface FieldProps {
  readonly name: string;
  readonly value: string;
  readonly onType: (value: string) => void;
  readonly list?: string;
}

function Field({ name, value, onType, list }: FieldProps) {
  return (
    <input
      class="field"
      type="search"
      aria-label={`Part of the ${name}`}
      placeholder={name}
      list={list}
      value={value}
      onInput={(event) => onType(event.currentTarget.value)}
    />
  );
}
