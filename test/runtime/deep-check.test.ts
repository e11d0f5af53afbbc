import test, { type ExecutionContext } from 'ava';
import { type AnyStateMachine, createMachine, fromCallback, fromPromise, setup } from 'xstate';
import { deepFindings, deepText, exitCodeOf } from '../../src/cli/check-deep.ts';
import { childMachine } from '../../src/runtime/child-machine.ts';
import { deepCheck } from '../../src/runtime/deep-check.ts';

const request = { as: 'request', does: 'Asks.' } as const;
const task = { as: 'task', does: 'Lasts.' } as const;

/** Breaks a statechart that is good otherwise. */
const build = (states: object, on: object = { STOP: '.stopped' }): AnyStateMachine =>
  setup({
    actors: { ask: fromPromise(async () => {}), last: fromCallback(() => {}) },
    guards: { maybe: () => true },
  }).createMachine({
    id: 'broken',
    initial: 'idle',
    on,
    states: {
      idle: { tags: ['rest'], on: { GO: 'busy' } },
      busy: { after: { 1000: 'idle' } },
      stopped: { type: 'final' },
      ...states,
    },
  } as never) as unknown as AnyStateMachine;

const flawsOf = (machine: AnyStateMachine) =>
  deepCheck('broken', machine, { ask: request, last: task }).flaws.map(({ rule, state, path }) => ({
    rule,
    state,
    way: path.map(({ event, to }) => `${event} > ${to}`).join(', '),
  }));

function assertFlaw(
  t: ExecutionContext,
  machine: AnyStateMachine,
  expected: { rule: string; state: string; way: string },
) {
  t.deepEqual(flawsOf(machine), [expected as never]);
}

test('every built-in kind, and what the cloud runs for each connection, passes the deep check', (t) => {
  const findings = deepFindings();
  t.true(findings.some(({ kind }) => kind === 'cloud-session'));
  t.true(findings.length > 10);
  for (const { kind, flaws, states } of findings) {
    t.deepEqual(flaws, [], kind);
    t.true(states > 2, kind);
  }
  t.is(exitCodeOf(findings), 0);
  t.regex(deepText(findings), /^uploader: every way ends well \(\d+ states, \d+ steps\)$/m);
});

test('the statechart that looks after a child process passes it too', (t) => {
  const machine = childMachine({ child: async () => {}, retryInMs: () => 1 });
  t.deepEqual(deepCheck('child', machine, { child: task }).flaws, []);
});

test('a statechart without mistakes has no flaws', (t) => {
  t.deepEqual(flawsOf(build({})), []);
});

test('a dead end that is not final is found', (t) => {
  const stuck = {
    busy: { on: { SEEN: 'stuck' }, after: { 1000: 'idle' } },
    stuck: { on: { SEEN: {}, STOP: {} } },
  };
  const flaws = flawsOf(build(stuck));
  const way = 'start > idle, GO > busy, SEEN > stuck';
  t.deepEqual(flaws, [
    { rule: 'dead-end', state: 'stuck', way },
    { rule: 'ignores-stop', state: 'stuck', way: `${way}, STOP > stuck` },
  ] as never);
});

test('a state that does not hear its stop event is found', (t) => {
  const deaf = { idle: { tags: ['rest'], on: { GO: 'busy', STOP: 'stopped' } } };
  assertFlaw(t, build(deaf, {}), { rule: 'ignores-stop', state: 'busy', way: 'start > idle, GO > busy' });
});

test('a stop that somebody else has to finish is found', (t) => {
  const machine = build(
    { stopping: { tags: ['rest'], on: { GONE: 'stopped', STOP: {} } } },
    { STOP: '.stopping' },
  );
  const flaws = flawsOf(machine);
  t.true(flaws.length > 0);
  for (const { rule } of flaws) t.is(rule, 'ignores-stop');
  t.is(flaws[0]!.way, 'start > idle, STOP > stopping');
});

test('a stop that may go round for ever is found', (t) => {
  const turning = {
    stopping: {
      after: { 10: [{ guard: 'maybe', target: 'again' }, { target: 'stopped' }] },
      on: { STOP: {} },
    },
    again: { after: { 10: 'stopping' }, on: { STOP: {} } },
  };
  t.true(flawsOf(build(turning, { STOP: '.stopping' })).every(({ rule }) => rule === 'ignores-stop'));
  t.true(flawsOf(build(turning, { STOP: '.stopping' })).length > 0);
});

test('a state that waits without a time-out and is no rest is found; an answer counts as its end', (t) => {
  assertFlaw(t, build({ busy: { on: { DONE: 'idle' } } }), {
    rule: 'waits-forever',
    state: 'busy',
    way: 'start > idle, GO > busy',
  });
  const asking = { src: 'ask', onDone: 'idle', onError: 'failed' };
  t.deepEqual(flawsOf(build({ busy: { invoke: asking }, failed: { type: 'final', tags: ['failed'] } })), []);
});

test('a failure that leads to a state like any other is found, on either branch of a guard', (t) => {
  const hidden = { busy: { invoke: { src: 'ask', onDone: 'idle', onError: 'idle' } } };
  const way = 'start > idle, GO > busy';
  assertFlaw(t, build(hidden), {
    rule: 'hidden-failure',
    state: 'busy',
    way: `${way}, error busy > idle`,
  });
  const either = {
    busy: {
      invoke: {
        id: 'ask',
        src: 'ask',
        onDone: 'idle',
        onError: [{ guard: 'maybe', target: 'idle' }, { target: 'failed' }],
      },
    },
    failed: { type: 'final', tags: ['failed'] },
  };
  assertFlaw(t, build(either), { rule: 'hidden-failure', state: 'busy', way: `${way}, error ask > idle` });
});

test('a request or a task whose failure nobody hears is found', (t) => {
  const way = 'start > idle, GO > busy';
  assertFlaw(t, build({ busy: { invoke: { src: 'ask', onDone: 'idle' } } }), {
    rule: 'unheard-failure',
    state: 'busy',
    way,
  });
  const lasting = { busy: { invoke: { src: 'last' }, after: { 1000: 'idle' }, on: { FAILED: 'failed' } } };
  assertFlaw(t, build({ ...lasting, failed: { type: 'final', tags: ['failed'] } }), {
    rule: 'unheard-failure',
    state: 'busy',
    way,
  });
});

test('tags that contradict themselves, and states that cannot be reached or explored, are found', (t) => {
  const way = 'start > idle, GO > busy';
  const both = { busy: { tags: ['rest', 'trouble'], after: { 1000: 'idle' } } };
  assertFlaw(t, build(both), { rule: 'wrong-tags', state: 'busy', way });
  const going = { busy: { tags: ['failed'], after: { 1000: 'idle' } } };
  assertFlaw(t, build(going), { rule: 'wrong-tags', state: 'busy', way });
  assertFlaw(t, build({ lonely: { after: { 1: 'idle' } } }), {
    rule: 'unreachable',
    state: 'lonely',
    way: '',
  });
  const parallel = createMachine({ id: 'p', type: 'parallel', states: { a: {}, b: {} } });
  t.true(flawsOf(parallel as never).some(({ rule }) => rule === 'not-explored'));
});

test('states that are left at once, and final states further in, are followed', (t) => {
  const machine = build({
    busy: { always: [{ guard: 'maybe', target: 'idle' }, { target: 'working' }] },
    working: {
      initial: 'first',
      onDone: 'idle',
      states: { first: { after: { 10: 'second' } }, second: { type: 'final' } },
    },
  });
  t.deepEqual(flawsOf(machine), []);
  const { states } = deepCheck('broken', machine, {});
  t.is(states, 4);
  assertFlaw(
    t,
    build({
      busy: { after: { 1000: 'working' } },
      working: {
        initial: 'first',
        states: { first: { after: { 10: 'second' } }, second: { type: 'final' } },
      },
    }),
    {
      rule: 'dead-end',
      state: 'working.second',
      way: 'start > idle, GO > busy, after 1000 ms > working.first, after 10 ms > working.second',
    },
  );
});

test('what was found is told with the way there and what to do', (t) => {
  const finding = deepCheck('broken', build({ busy: { on: { DONE: 'idle' } } }), {});
  t.is(exitCodeOf([finding]), 1);
  t.is(
    deepText([finding]),
    [
      'broken: 1 flaw (3 states, 4 steps)',
      '  busy waits for somebody else, without a time-out and without the tag `rest` (waits-forever)',
      '    way: start → idle · GO → busy',
      '    Give it an `after`; or the tag `rest`, if it may last without anything being wrong.',
      '',
    ].join('\n'),
  );
});
