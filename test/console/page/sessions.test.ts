/** Those that belong to an actor, on its card and where one goes to an actor: who has ended is not taken for living. */
import test from 'ava';
import { createModel } from '../../../src/console/page/model/model.ts';
import { sessionsText } from '../../../src/console/page/overview/sessions.ts';
import { foundActors } from '../../../src/console/page/shell/found.ts';
import type { ConsoleEvent } from '../../../src/console/wire.ts';
import type { ActorFrame, EndFrame } from '../../../src/contract/inspect.ts';
import { actorStatus, pipelineStatus } from '../../helpers/fake-control.ts';

const nameOf = (n: number) => `receiver/127.0.0.1:${n}`;
const began = (n: number): ActorFrame => ({
  ...{ type: 'actor', id: n, timeMs: 1_000, actor: nameOf(n), kind: 'cloud-session', parent: null },
  ...{ state: 'greeting', value: 'greeting', context: {}, timers: [], known: false },
});
const ended = (n: number): EndFrame => ({
  ...{ type: 'end', id: 100 + n, timeMs: 2_000, actor: nameOf(n), how: 'stopped', cause: null },
});

/** `living` sessions that the status names, behind as many dead ones, and one that it does not name yet. */
function cloud(dead: number, living: number) {
  const feed = createModel(0);
  const all = Array.from({ length: dead + living }, (_, i) => i + 1);
  const actors = [
    actorStatus('forecaster', { kind: 'forecaster' }),
    actorStatus('receiver', { kind: 'cloud-receiver' }),
  ];
  const own = all.slice(dead).map((n) => actorStatus(nameOf(n), { kind: 'session', state: 'receiving' }));
  const frames = [...all.map(began), ...all.slice(0, dead).map(ended)];
  const events: ConsoleEvent[] = [
    { type: 'frames', pipeline: 'cloud', frames, id: 1, timeMs: 2_000 },
    {
      type: 'status',
      status: pipelineStatus({ pipeline: 'cloud', actors: [...actors, ...own] }),
      id: 2,
      timeMs: 3_000,
    },
  ];
  feed.connect({ state: 'live', retryAtMs: null, reason: null });
  feed.take(events);
  return { feed, pipeline: feed.model.pipeline('cloud')! };
}

test('the card of a receiver counts the sessions that live, not those that have ended', (t) => {
  const { feed, pipeline } = cloud(25, 2);
  t.is(pipeline.actors.value.length, 29, 'they are still known');
  t.is(sessionsText(pipeline.actor('receiver')!), '2 sessions: 2 receiving');
  t.is(sessionsText(pipeline.actor(nameOf(26))!), '');
  t.is(sessionsText(pipeline.actor('forecaster')!), '');
  feed.take([{ type: 'frames', pipeline: 'cloud', frames: [began(50)], id: 3, timeMs: 4_000 }]);
  t.is(sessionsText(pipeline.actor('receiver')!), '3 sessions: 2 receiving, 1 greeting');
  feed.take([
    { type: 'frames', pipeline: 'cloud', frames: [ended(26), ended(27), ended(50)], id: 4, timeMs: 5_000 },
  ]);
  t.is(sessionsText(pipeline.actor('receiver')!), '');
});

test('who looks for an actor finds those of the file first, then sessions that live, and ended ones last', (t) => {
  const all = cloud(3, 2).pipeline.actors.value;
  const names = (text: string) => foundActors([...all].reverse(), text).map(({ name }) => name);
  t.deepEqual(names(''), ['receiver', 'forecaster', ...[5, 4, 3, 2, 1].map(nameOf)]);
  t.deepEqual(names('RECEIVER :2'), [nameOf(2)]);
  t.deepEqual(names('nobody'), []);
});
