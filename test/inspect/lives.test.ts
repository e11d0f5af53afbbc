import test from 'ava';
import type { AnyStateMachine, EventObject } from 'xstate';
import { parse } from 'yaml';
import { cloudSession } from '../../machines/cloud-session.ts';
import { builtInKinds } from '../../machines/index.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import { Inspection } from '../../src/inspect/inspection.ts';
import { statePath } from '../../src/inspect/names.ts';
import { stateId, statesOf, transitionsOf } from '../../src/inspect/transition-ids.ts';
import { runActor } from '../../src/runtime/actor.ts';
import { buildStatechart } from '../../src/runtime/effects.ts';
import { chances } from '../helpers/chance.ts';
import { fakeRequest, fakeTask, problem } from '../helpers/statechart.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { inspecting } from '../runtime/inspect-fixtures.ts';

/** Effects that do nothing unless told. */
function fakeEffects(notes: ActorKind['effects']) {
  const tasks: ReturnType<typeof fakeTask<unknown, EventObject>>[] = [];
  const requests: ReturnType<typeof fakeRequest<unknown, unknown>>[] = [];
  const effects: Record<string, unknown> = {};
  for (const [name, { as }] of Object.entries(notes) as [string, { as: string }][]) {
    if (as === 'task') {
      const fake = fakeTask<unknown, EventObject>();
      tasks.push(fake);
      effects[name] = fake.effect;
    } else if (as === 'request') {
      const fake = fakeRequest<unknown, unknown>();
      requests.push(fake);
      effects[name] = fake.effect;
    } else effects[name] = () => 250;
  }
  return { effects, tasks, requests };
}

function exampleOf(kind: ActorKind): unknown {
  const [entry] = Object.values(parse(kind.example)) as Record<string, unknown>[];
  const { kind: _, to: __, process: ___, ...config } = entry!;
  return kind.config.parse(config);
}

const cause = problem('link-lost', 'by chance');
const more = { cause, waiting: 1, backlog: 1, lasting: true, edge: 'hut', output: { waiting: 0 } };

/** Sends whatever it understands, answers what it asked, and lets time pass, by chance. */
async function liveOn(
  name: string,
  notes: ActorKind['effects'],
  build: (effects: never) => [AnyStateMachine, unknown],
) {
  const random = chances(name.length);
  const clock = createVirtualClock();
  const inspection = new Inspection(clock);
  const seen = inspecting((watcher) => inspection.watch(watcher).end);
  const known = { states: new Set<string>(), transitions: new Set<string>() };
  for (let life = 0; life < 30; life += 1) {
    const { effects, tasks, requests } = fakeEffects(notes);
    const [machine, input] = build(effects as never);
    for (const node of statesOf(machine)) {
      known.states.add(stateId(node));
      for (const { id } of transitionsOf(node)) known.transitions.add(id);
    }
    const actor = runActor(machine, {
      ...{ clock, report: () => {}, input },
      inspected: { inspection, actor: name, kind: name, parent: null },
    });
    let over = false;
    void actor.ended.then(() => {
      over = true;
    });
    const events = machine.events.filter((event) => !event.startsWith('xstate.') && event !== 'STOP');
    for (let turn = 0; turn < 40 && !over; turn += 1) {
      const event = { type: events[random(events.length)]!, ...(random(3) > 0 ? more : {}) };
      const asked = requests.filter(({ calls }) => calls.length > 0);
      const what = random(4);
      if (what === 0) await clock.advance(random(3_000));
      else if (what === 1 && asked.length > 0) {
        const { answer, fail } = asked[random(asked.length)]!;
        if (random(3) === 0) fail(new Error('by chance'));
        else answer(more);
      } else if (what === 2 && tasks[0]?.lives) tasks[0].emit(event);
      else actor.send(event);
      await clock.flush();
    }
    actor.send({ type: 'STOP' });
    await clock.advance(60_000);
    if (!over) actor.kill();
    await clock.advance(100);
  }
  seen.end();
  return { frames: seen.frames, known };
}

const lives: readonly [string, ActorKind['effects'], (effects: never) => [AnyStateMachine, unknown]][] = [
  ...builtInKinds.map((kind): (typeof lives)[number] => [
    kind.name,
    kind.effects,
    (effects) => [
      buildStatechart(kind as ActorKind, effects, new AbortController().signal),
      { config: exampleOf(kind as ActorKind) },
    ],
  ]),
  [
    'cloud-session',
    Object.fromEntries(
      ['link', 'commit', 'acknowledge', 'finish'].map((name) => [
        name,
        { as: name === 'link' ? 'task' : 'request' },
      ]),
    ) as ActorKind['effects'],
    (effects) => [cloudSession, effects],
  ],
];

for (const [name, notes, build] of lives) {
  test(`lives of ${name} can be followed from frame to frame`, async (t) => {
    const { frames, known } = await liveOn(name, notes, build);
    let state: string | null = null;
    let steps = 0;
    const taken = new Set<string>();
    for (const frame of frames) {
      t.deepEqual(JSON.parse(JSON.stringify(frame)), frame, 'it is plain JSON');
      if (frame.type === 'actor') {
        t.is(state, null, 'no life begins in another');
        state = frame.state;
      } else if (frame.type === 'end') state = null;
      else if (frame.type === 'step') {
        steps += 1;
        t.is(frame.from, state!, frame.event.type);
        t.is(statePath(frame.value), frame.to);
        for (const path of frame.to.split(' + ')) t.true(known.states.has(path), path);
        for (const id of [...frame.taken, ...frame.refused.map(({ transition }) => transition)])
          t.true(known.transitions.has(id), id);
        if (frame.from !== frame.to) t.true(frame.taken.length > 0, `${frame.event.type} led to ${frame.to}`);
        for (const id of frame.taken) {
          taken.add(id);
          t.false(frame.refused.some(({ transition }) => transition === id));
        }
        state = frame.to;
      }
    }
    t.true(steps > 40 && taken.size > 2, `${steps} steps, ${taken.size} transitions`);
  });
}
