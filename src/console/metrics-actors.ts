/** Metrics of single actors, and of what is on its way between them. */
import type { ActorStatus, Health, PipelineStatus, WireStatus } from '../contract/status.ts';
import { ageSeconds, counter, each, gauge, isDeclared, type Metric, type Values } from './metric.ts';

const ofActors = (value: (actor: ActorStatus, status: PipelineStatus) => number | null | undefined) =>
  each(({ status }) =>
    status.actors.filter(isDeclared).map((actor) => ({
      labels: { actor: actor.name, kind: actor.kind },
      value: value(actor, status),
    })),
  );
const ofWires = (value: (wire: WireStatus) => number | null) =>
  each(({ status }) =>
    (status.wires ?? []).map((wire) => ({
      labels: { from: wire.from, to: wire.to, carries: wire.type },
      value: value(wire),
    })),
  );

const healths: readonly Health[] = ['well', 'paused', 'trouble', 'failed', 'ended'];

/** How many of an actor's sessions are in which state. */
function sessionsOf({ actors, actorsLeftOut }: PipelineStatus): Values {
  const counts = new Map<string, number>();
  for (const { name, state } of actors) {
    if (!name.includes('/')) continue;
    const key = JSON.stringify([name.slice(0, name.indexOf('/')), state]);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const some = [...counts].map(([key, value]) => {
    const [actor, state] = JSON.parse(key) as [string, string];
    return { labels: { actor, state }, value };
  });
  return actorsLeftOut > 0 ? [...some, { labels: { actor: '', state: '' }, value: actorsLeftOut }] : some;
}

const actor = ['pipeline', 'actor', 'kind'];
const wire = ['pipeline', 'from', 'to', 'carries'];

export const actorMetrics: readonly Metric[] = [
  gauge(
    'actor_state',
    'Always 1; tells in which state the actor is, and how it is.',
    [...actor, 'state', 'health'],
    each(({ status }) =>
      status.actors.filter(isDeclared).map(({ name, kind, state, health }) => ({
        labels: { actor: name, kind, state, health },
        value: 1,
      })),
    ),
  ),
  gauge(
    'actor_health',
    'How the actor is: 0 well, 1 paused, 2 in trouble, 3 failed, 4 ended.',
    actor,
    ofActors(({ health }) => healths.indexOf(health)),
  ),
  counter(
    'actor_transitions_total',
    'State changes.',
    actor,
    ofActors(({ transitions }) => transitions),
  ),
  counter(
    'actor_retries_total',
    'Attempts after the first.',
    actor,
    ofActors(({ retries }) => retries),
  ),
  counter(
    'actor_restarts_total',
    'Lives after the first.',
    actor,
    ofActors(({ restarts }) => restarts),
  ),
  counter(
    'actor_readings_total',
    'Readings that the actor passed on, or dealt with where it passes none on.',
    actor,
    ofActors(({ readings }) => readings),
  ),
  gauge(
    'actor_held_back',
    '1 while whoever takes from the actor has no credit left.',
    actor,
    ofActors(({ heldBack }) => (heldBack === undefined ? null : Number(heldBack))),
  ),
  gauge(
    'actor_waiting_readings',
    'Readings that wait for the actor.',
    actor,
    ofActors(({ waiting }) => waiting?.readings),
  ),
  gauge(
    'actor_waiting_bytes',
    'Bytes that wait for the actor; where only items are counted, each stands for one.',
    actor,
    ofActors(({ waiting }) => waiting?.bytes),
  ),
  gauge(
    'actor_waiting_oldest_age_seconds',
    'How long the oldest of what waits for the actor has waited; 0 when nothing does.',
    actor,
    ofActors(
      ({ waiting }, { nowMs }) =>
        waiting && (waiting.oldestMs === null ? 0 : ageSeconds(waiting.oldestMs, nowMs)),
    ),
  ),
  gauge(
    'sessions',
    'Actors that belong to another, by state; those that the pipeline does not list have neither.',
    ['pipeline', 'actor', 'state'],
    each(({ status }) => sessionsOf(status)),
  ),
  gauge(
    'wire_waiting_items',
    'Items on their way between two actors.',
    wire,
    ofWires(({ items }) => items),
  ),
  gauge(
    'wire_waiting_bytes',
    'Bytes on their way between two actors; where only items are counted, each stands for one.',
    wire,
    ofWires(({ bytes }) => bytes),
  ),
  gauge(
    'wire_bytes_max',
    'The most that the receiving end may hold, of all who send to it.',
    wire,
    ofWires(({ bytesMax }) => bytesMax),
  ),
  gauge(
    'wire_blocked',
    '1 while the sender waits for credit.',
    wire,
    ofWires(({ blocked }) => Number(blocked)),
  ),
  counter(
    'wire_items_total',
    'Items that the receiver has dealt with.',
    wire,
    ofWires(({ itemsTotal }) => itemsTotal),
  ),
  counter(
    'wire_readings_total',
    'Readings that the receiver has dealt with, where items say how many they hold.',
    wire,
    ofWires(({ readingsTotal }) => readingsTotal),
  ),
];
