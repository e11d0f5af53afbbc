import test from 'ava';
import { builtInKinds } from '../../machines/index.ts';
import { hasTag, reachable } from '../../src/runtime/walk.ts';
import { renderReport } from '../../src/sim/report.ts';
import { lanesOf } from '../../src/sim/report-lanes.ts';
import { conditionOf } from '../../src/sim/report-states.ts';
import type { SimRun, SimTransition } from '../../src/sim/run.ts';
import { badRun, goodRun } from './report-fixture.ts';

const forms = ['html', 'md'] as const;
const minute = 60_000;

/** Ten minutes of one actor. */
function runWith(...moves: readonly (readonly [atMs: number, to: string, actor?: string])[]): SimRun {
  const transitions = moves.map(([atMs, to, actor = 'uploader']): SimTransition => {
    return { atMs, process: 'edge', actor, from: '', to, event: 'X' };
  });
  return {
    ...{ ...goodRun, virtualMs: 10 * minute, faults: [], balances: [], backlog: [] },
    transitions,
  };
}

test('a report says whether all invariants held, and which did not', (t) => {
  for (const form of forms) {
    const good = renderReport(goodRun, form);
    t.regex(good, /All invariants held/);
    t.notRegex(good, /Violated|Violations/);
    const bad = renderReport(badRun, form);
    t.regex(bad, /Violated: stored-before-deleted, balance/);
    t.regex(bad, /2 violations; the first at 12:24:00 in edge-1/);
    t.regex(bad, /edge-1 misses 15 readings/);
    t.notRegex(bad, /All invariants held/);
  }
});

test('both forms have the same facts: balances, faults, what repeats it, and the trail', (t) => {
  for (const form of forms) {
    const page = renderReport(badRun, form).replaceAll('\\', '');
    for (const text of [
      ...[
        '86,325',
        '86,339',
        '2 missed, 1 corrupt',
        'The disk of cloud has 11.3MiB left.',
        '05:00:00',
        '06:30:00',
      ],
      ...[badRun.command, badRun.trail!.command, 'pipelines/cloud.yaml', '7,207', 'awaitingAck', 'partition'],
    ]) {
      t.true(page.includes(text), `${form}: ${text}`);
    }
  }
});

test('the same run gives the same page, byte for byte', (t) => {
  for (const form of forms) {
    t.is(renderReport(goodRun, form), renderReport(structuredClone(goodRun), form));
  }
});

test('the page needs nothing but itself: no script, no link, no address', (t) => {
  const page = renderReport(badRun, 'html');
  t.notRegex(page, /<script|<link|<img|<iframe|https?:|@import|url\(|\son\w+=/i);
  t.regex(page, /prefers-color-scheme: dark/);
  t.regex(page, /Content-Security-Policy" content="default-src 'none'/);
  t.true(page.length < 200_000);
});

test('foreign text cannot become markup, nor steer a terminal', (t) => {
  const evil = '<img src=x onerror=alert(1)>"\'`|\u001b[31m\u202e\n# x';
  const run: SimRun = {
    ...badRun,
    files: [evil],
    command: evil,
    faults: [{ ...badRun.faults[0]!, target: evil, text: evil }],
    balances: [{ ...badRun.balances[0]!, process: evil, gaps: { [evil]: 1 } }],
    backlog: [{ atMs: 0, process: evil, readings: 1, bytes: 1 }],
    violations: [{ ...badRun.violations[0]!, process: evil, invariant: evil, text: evil }],
    transitions: [{ atMs: 0, process: evil, actor: evil, from: evil, to: evil, event: evil }],
    trail: { ...badRun.trail!, command: evil },
  };
  const page = renderReport(run, 'html');
  t.notRegex(page, /<img/);
  // Within a fence nothing is markup.
  const text = renderReport(run, 'md').replaceAll(/```sh\n.*\n```/g, '');
  t.notRegex(text, /(?<!\\)<img|^# x/m);
  for (const form of [page, text]) t.notRegex(form, /\u001b|\u202e/);
});

test('the colour of a state is that of its tag, for every state of every kind', (t) => {
  const never = new Proxy({}, { get: () => () => {} });
  let states = 0;
  for (const kind of builtInKinds) {
    const machine = (kind.statechart as (effects: object) => Parameters<typeof reachable>[0])(never);
    for (const leaf of reachable(machine)) {
      const tagged = (['failed', 'trouble', 'rest'] as const).find((tag) => hasTag(leaf, tag));
      const expected = tagged ?? (leaf.type === 'final' ? 'off' : 'work');
      t.is(conditionOf({ to: leaf.path.join('.') }), expected, `${kind.name}: ${leaf.path.join('.')}`);
      states += 1;
    }
  }
  t.true(states > 60);
});

test('a state that nobody knows is work, or trouble when it came of a cause', (t) => {
  t.is(conditionOf({ to: 'brewing' }), 'work');
  const cause = { code: 'link-lost', message: 'x', advice: 'y' } as const;
  t.is(conditionOf({ to: 'brewing', cause }), 'trouble');
  t.is(conditionOf({ to: 'idle', cause }), 'rest');
});

test('a lane follows its actor, and shows trouble however short it was', (t) => {
  const run = runWith(
    [0, 'connecting'],
    [10, 'idle'],
    [5 * minute, 'waitingToRetry'],
    [5 * minute + 5, 'idle'],
  );
  const [{ lanes }] = lanesOf(run) as [ReturnType<typeof lanesOf>[0]];
  t.deepEqual(
    lanes[0]!.runs.map(({ condition, states }) => [condition, states[0]]),
    [
      ['rest', 'idle'],
      ['trouble', 'waitingToRetry'],
      ['rest', 'idle'],
    ],
  );
  const trouble = lanes[0]!.runs[1]!;
  t.is(trouble.to - trouble.from, 1);
  t.is(trouble.from, 360);
  t.is(lanes[0]!.times.trouble, 5);
  t.is(lanes[0]!.longestTroubleMs, 5);
});

test('trouble lasts through the attempts that fail, until the actor is well', (t) => {
  const run = runWith(
    [0, 'idle'],
    [minute, 'waitingToRetry'],
    [2 * minute, 'connecting'],
    [3 * minute, 'waitingToRetry'],
    [4 * minute, 'connecting'],
    [5 * minute, 'idle'],
  );
  const { longestTroubleMs, times, last } = lanesOf(run)[0]!.lanes[0]!;
  t.is(longestTroubleMs, 4 * minute);
  t.is(times.trouble, 2 * minute);
  t.is(last, 'idle');
});

test('what runs in a process that is gone is not running, until it says something again', (t) => {
  const run = runWith(
    [0, 'running', 'process'],
    [0, 'idle'],
    [4 * minute, 'off', 'process'],
    [6 * minute, 'running', 'process'],
    [7 * minute, 'idle'],
  );
  const uploader = lanesOf(run)[0]!.lanes.find(({ actor }) => actor === 'uploader')!;
  t.deepEqual(
    uploader.runs.map(({ condition, from, to }) => [condition, from, to]),
    [
      ['rest', 0, 288],
      ['off', 288, 504],
      ['rest', 504, 720],
    ],
  );
  t.is(uploader.times.off, 3 * minute);
});

test('readings that went with a disk are told, and each disk of an edge has its balance', (t) => {
  const [first] = goodRun.balances as [SimRun['balances'][0]];
  const run = { ...goodRun, balances: [{ ...first, stored: first.stored - 4, goneWithDisk: 4 }, first] };
  for (const form of forms) {
    const page = renderReport(run, form);
    t.regex(page, /4 gone with disks that faults took away/);
    t.regex(page, /edge-1 \(an earlier disk\)/);
    t.notRegex(page, />no<|\| no \|/);
  }
});

test('a run without faults, without edges and without anything to tell is still a page', (t) => {
  const run: SimRun = { ...runWith(), edges: 0 };
  for (const form of forms) t.regex(renderReport(run, form), /All invariants held/);
});
