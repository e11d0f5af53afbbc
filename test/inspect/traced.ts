/** A statechart with a bit of everything, run with somebody who watches. */
import { assign, sendTo, setup } from 'xstate';
import { noTrouble, type Trouble, task } from '../../src/contract/kind.ts';
import { Inspection } from '../../src/inspect/inspection.ts';
import { runActor } from '../../src/runtime/actor.ts';
import { fakeTask, problem } from '../helpers/statechart.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { inspecting } from '../runtime/inspect-fixtures.ts';

export const lost = problem('link-lost', 'it ended');
export const startMs = Date.UTC(2026, 0, 1);

function machine(effect: never) {
  return setup({
    types: { context: {} as Trouble & { turns: number } },
    actors: { link: task(effect) },
    actions: {
      fall: assign({ cause: lost, attempt: 2, retryInMs: 1_500 }),
      note: assign(() => ({ cause: { ...lost } })),
      well: assign(noTrouble),
      dial: sendTo('link', { type: 'DIAL' }),
      explode: () => {
        throw new TypeError('a bug');
      },
    },
    guards: { never: () => false, isThird: ({ context }) => context.turns >= 2 },
    delays: { retry: ({ context }) => context.retryInMs ?? 0 },
  }).createMachine({
    id: 'tested',
    context: { ...noTrouble, turns: 0 },
    invoke: { id: 'link', src: 'link' },
    initial: 'well',
    on: {
      LOST: [
        { guard: 'never', target: '.failed' },
        { target: '.waiting', actions: 'fall' },
      ],
      TURN: { guard: 'never', target: '.failed' },
      BUG: { actions: 'explode' },
      NOTE: { actions: 'note' },
      END: '.stopped',
      GIVE_UP: { target: '.failed', actions: 'fall' },
    },
    states: {
      well: {
        initial: 'resting',
        on: {
          TURN: [
            { guard: 'isThird', target: 'passing' },
            { actions: assign({ turns: ({ context }) => context.turns + 1 }) },
          ],
        },
        states: {
          resting: {
            tags: ['rest'],
            on: { TURN: { guard: ({ context }) => context.turns > 9, target: 'working' } },
          },
          working: {},
        },
      },
      passing: { always: [{ guard: 'never', target: 'failed' }, { target: 'well.working' }] },
      dialling: { entry: 'dial', on: { CONNECTED: { target: 'well', actions: 'well' } } },
      waiting: { tags: ['trouble'], on: { RETRY: 'dialling' }, after: { retry: 'dialling' } },
      failed: { type: 'final', tags: ['failed'] },
      stopped: { type: 'final' },
    },
  });
}

export function start() {
  const clock = createVirtualClock({ startMs });
  const inspection = new Inspection(clock);
  const link = fakeTask<undefined, { type: string }>();
  const begin = () =>
    runActor(machine(link.effect as never), {
      clock,
      report: () => {},
      inspected: { inspection, actor: 'tried', kind: 'tested', parent: null },
    });
  const watch = () => inspecting((watcher) => inspection.watch(watcher).end);
  return { clock, inspection, link, begin, watch };
}
