import test from 'ava';
import { setup } from 'xstate';
import { z } from 'zod';
import {
  type ActorKind,
  defineKind,
  type Effect,
  request,
  type Task,
  task,
} from '../../src/contract/kind.ts';
import { runActor } from '../../src/runtime/actor.ts';
import { buildStatechart } from '../../src/runtime/effects.ts';
import { fakeRequest, fakeTask } from '../helpers/statechart.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

interface Effects {
  link: Task<string, never>;
  ask: Effect<string, number>;
  chance: () => number;
}

let built: Effects | undefined;

const kind = defineKind<'tested', z.ZodObject, Effects>({
  name: 'tested',
  purpose: 'Is tested.',
  config: z.strictObject({}),
  accepts: null,
  emits: null,
  store: null,
  placeable: false,
  onFailed: 'stay',
  example: 'tested: { kind: tested }',
  effects: {
    link: { as: 'task', does: 'Lasts.' },
    ask: { as: 'request', does: 'Answers.' },
    chance: { as: 'instant', does: 'Knows.' },
  },
  statechart: (effects) => {
    built = effects;
    return setup({
      actors: { link: task(effects.link), ask: request(effects.ask) },
      actions: {
        explode: () => {
          throw new TypeError('a bug');
        },
      },
    }).createMachine({
      invoke: [
        { src: 'link', input: 'to the task' },
        { src: 'ask', input: 'to the request' },
      ],
      on: { BUG: { actions: 'explode' } },
    });
  },
}) as ActorKind;

function effects() {
  const link = fakeTask<string, never>();
  const ask = fakeRequest<string, number>();
  const chance = () => 0.5;
  return { link, ask, bound: { link: link.effect, ask: ask.effect, chance, other: () => 1 } };
}

test('a statechart gets its effects, and no others', (t) => {
  const { bound, link, ask } = effects();
  const machine = buildStatechart(kind, bound, new AbortController().signal);
  t.deepEqual(Object.keys(built!), ['link', 'ask', 'chance']);
  t.is(built!.chance(), 0.5);
  const actor = runActor(machine, { clock: createVirtualClock(), report: () => {} });
  t.is(link.io(0).input, 'to the task');
  t.is(ask.calls[0]!.input, 'to the request');
  actor.kill();
  t.true(link.io(0).signal.aborted);
  t.true(ask.calls[0]!.signal.aborted);
});

test('effects that are missing are named, all of them', (t) => {
  const { bound } = effects();
  const signal = new AbortController().signal;
  const one = t.throws(() => buildStatechart(kind, { ...bound, ask: undefined }, signal));
  t.like(one, { code: 'effect-missing', message: 'the kind tested lacks the effect ask' });
  const more = t.throws(() => buildStatechart(kind, { chance: 'not a function' }, signal));
  t.regex(more!.message, /link, ask, chance/);
});

test('effects end with the life of their actor, also when an exception leaves them running', async (t) => {
  const { bound, link, ask } = effects();
  const life = new AbortController();
  const actor = runActor(buildStatechart(kind, bound, life.signal), {
    clock: createVirtualClock(),
    report: () => {},
  });
  actor.send({ type: 'BUG' });
  t.is((await actor.ended).how, 'threw');
  life.abort();
  t.true(link.io(0).signal.aborted);
  t.true(ask.calls[0]!.signal.aborted);
});
