import test from 'ava';
import { createActor, createMachine, fromPromise } from 'xstate';
import { eventName, statePath } from '../../src/inspect/names.ts';

test('states read as paths', (t) => {
  t.is(statePath('idle'), 'idle');
  t.is(statePath({ serving: 'listening' }), 'serving.listening');
  t.is(statePath({ a: { b: 'c' } }), 'a.b.c');
  t.is(statePath({ left: 'on', right: 'off' }), 'left.on + right.off');
});

test('events of ours keep their names', (t) => {
  for (const name of ['LOST', 'ALL_SENT', 'STOP']) t.is(eventName(name), name);
});

test('events of xstate read as what happened', async (t) => {
  const seen: string[] = [];
  const machine = createMachine({
    id: 'cloud-receiver',
    initial: 'a',
    states: {
      a: { after: { 10: 'b' } },
      b: { after: { retry: 'c' } },
      c: { invoke: { src: fromPromise(async () => {}), onDone: 'd' } },
      d: {
        invoke: { id: 'seal', src: fromPromise(async () => Promise.reject(new Error('no'))), onError: 'e' },
      },
      e: { initial: 'x', states: { x: { type: 'final' } }, onDone: 'f' },
      f: { type: 'final' },
    },
  }).provide({ delays: { retry: 5 } });
  const actor = createActor(machine, {
    inspect: (inspection) => {
      if (inspection.type === '@xstate.snapshot' && inspection.actorRef === actor) {
        seen.push(eventName(inspection.event.type));
      }
    },
  });
  const ended = new Promise<void>((resolve) => actor.subscribe({ complete: resolve }));
  actor.start();
  await ended;
  t.deepEqual(seen, ['start', 'after 10 ms', 'after retry', 'done c', 'error seal']);
  t.is(eventName('xstate.done.state.cloud-receiver.serving'), 'done serving');
});
