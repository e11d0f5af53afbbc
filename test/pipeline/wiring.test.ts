// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pipeline files have variables of their own
import test from 'ava';
import { check } from './fixtures.ts';

/** Actors from line 4 on, with or without a store at line 3. */
const file = (actors: string, store = 'store: { path: s }') =>
  `fogrun: 1\npipeline: p\n${store}\nactors:\n${actors}`;
const uplink = '  u: { kind: uploader, cloud: { host: h, port: 1 }, to: k }\n  k: { kind: ack-handler }\n';

const table: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'a target that does not exist',
    file(`  a: { kind: poller, to: rotatr }\n  rotator: { kind: file-rotator, to: u }\n${uplink}`),
    ['5:26: actors.a.to: no actor is named `rotatr` (did you mean `rotator`?)'],
  ],
  [
    'a target of another type',
    file(
      `  a: { kind: poller, to: u }\n  b: { kind: poller, to: r }\n  r: { kind: file-rotator, to: u }\n${uplink}`,
    ),
    ['5:26: actors.a.to: a poller emits readings, but `u` accepts segments (readings can go to `r`)'],
  ],
  [
    'a target that accepts nothing',
    file('  a: { kind: poller, to: e }\n  e: { kind: emulator }\n', ''),
    ['5:26: actors.a.to: a poller emits readings, but `e` accepts nothing'],
  ],
  [
    'a process for a kind that works in the store',
    file(
      `  a: { kind: poller, to: r, process: p }\n  r: { kind: file-rotator, to: u, process: p }\n${uplink}`,
    ),
    [
      "6:35: actors.r.process: the kind file-rotator cannot be placed in a process of its own: it works in the edge's store (only these can: poller)",
    ],
  ],
  [
    'a process that is no name',
    file(
      `  a: { kind: poller, to: r, process: 'x/y' }\n  r: { kind: file-rotator, to: u }\n  b: { kind: poller, to: r, process: 4 }\n${uplink}`,
    ),
    [
      '5:38: actors.a.process: `x/y` is not a name: 1 to 64 letters, digits, `.`, `_` or `-`, the first and last a letter or digit',
      '7:38: actors.b.process: expected the name of a process, got a number',
    ],
  ],
  [
    'no target',
    file(`  a: { kind: poller }\n  r: { kind: file-rotator, to: u }\n${uplink}`),
    ['5:6: actors.a.to: is missing; a poller emits readings (known: r)'],
  ],
  [
    'a target for an actor that emits nothing',
    file('  e: { kind: emulator, to: e }\n', ''),
    ['5:24: actors.e.to: an emulator emits nothing (leave `to` out)'],
  ],
  [
    'a target that is no text',
    file(`  a: { kind: poller, to: [r] }\n  r: { kind: file-rotator, to: u }\n${uplink}`),
    ['5:26: actors.a.to: expected the name of an actor, got a list'],
  ],
  [
    'an actor that nobody feeds',
    file(`  r: { kind: file-rotator, to: u }\n${uplink}`),
    ['5:6: actors.r: nothing feeds it readings (expected an actor that emits readings, with `to: r`)'],
  ],
  [
    'two stores in one pipeline',
    file(
      `  a: { kind: poller, to: r }\n  r: { kind: file-rotator, to: u }\n${uplink}  c: { kind: cloud-receiver }\n`,
    ),
    ['9:14: actors.c.kind: needs a store of the cloud, but `r` one of the edge (make two pipelines of them)'],
  ],
  [
    'a store that is missing',
    file('  c: { kind: cloud-receiver }\n', ''),
    ['1:1: store: is missing; `c` needs one (such as store: { path: .fogrun/edge })'],
  ],
  [
    'a store that nobody uses',
    file('  e: { kind: emulator }\n'),
    ['3:1: store: no actor of this pipeline uses a store (leave `store` out)'],
  ],
  [
    'a second actor of a kind that stands alone',
    file('  c: { kind: cloud-receiver }\n  d: { kind: cloud-receiver }\n'),
    ['6:14: actors.d.kind: a second cloud-receiver; a pipeline has at most one (the other is `c`)'],
  ],
  [
    'a loop of readings',
    file('  a: { kind: smoother, to: b }\n  b: { kind: smoother, to: a }\n', ''),
    ['6:28: actors.b.to: a loop: a -> b -> a'],
  ],
  [
    'an actor that feeds itself',
    file('  a: { kind: smoother, to: a }\n', ''),
    [
      '5:6: actors.a: nothing feeds it readings (expected an actor that emits readings, with `to: a`)',
      '5:28: actors.a.to: a loop: a -> a',
    ],
  ],
];

for (const [what, text, lines] of table) {
  test(`${what} is told`, (t) => {
    const { plan, lines: got } = check(text);
    t.deepEqual(
      got,
      lines.map((line) => `a.yaml:${line}`),
    );
    t.is(plan, null);
  });
}

test('messages may come back to where they began', (t) => {
  const { plan, lines } = check(
    file('  f: { kind: forecaster, to: c }\n  c: { kind: cloud-receiver, to: f }\n'),
  );
  t.deepEqual(lines, []);
  t.deepEqual(
    plan?.actors.map(({ name }) => name),
    ['c', 'f'],
  );
  t.is(plan?.store?.role, 'cloud');
});

test('a receiver also works with nothing wired to it', (t) => {
  t.deepEqual(check(file('  c: { kind: cloud-receiver }\n')).lines, []);
});

const withUnless = file(
  `  e: { kind: emulator, unless: "\${HOST:-}" }\n  a: { kind: poller, to: r, unless: "\${QUIET:-}" }\n  r: { kind: file-rotator, to: u }\n${uplink}`,
);

test('an actor is left out when its `unless` is not empty', (t) => {
  t.is(check(withUnless).plan?.actors.length, 5);
  const { plan, lines } = check(withUnless, { HOST: 'brick.local' });
  t.deepEqual(lines, []);
  t.false(plan?.actors.some(({ name }) => name === 'e'));
});

test('whoever is no longer fed names the one that is left out', (t) => {
  t.deepEqual(check(withUnless, { QUIET: '1' }).lines, [
    'a.yaml:7:6: actors.r: nothing feeds it readings (`a` left out by `unless`)',
  ]);
});

test('a target that is left out is told with the variable that did it', (t) => {
  const text = file(
    `  a: { kind: poller, to: s }\n  s: { kind: smoother, unless: "\${RAW:-}", to: r }\n  r: { kind: file-rotator, to: u }\n${uplink}`,
  );
  t.deepEqual(check(text).lines, []);
  t.is(
    check(text, { RAW: '1' }).lines[0],
    'a.yaml:5:26: actors.a.to: `s` is left out, because its `unless` is not empty (the value came from the variable `RAW`)',
  );
});

test('an actor that is left out need not have its variables, but its keys are checked', (t) => {
  const text = file(
    '  e: { kind: emulator }\n  a: { kind: guarded, unless: x, token: "${TOKEN}", tokn: 1 }\n',
    '',
  );
  t.deepEqual(check(text).lines, ['a.yaml:6:53: actors.a.tokn: unknown key (did you mean `token`?)']);
});

test('a pipeline of which every actor is left out is told', (t) => {
  t.deepEqual(check(file('  e: { kind: emulator, unless: x }\n', '')).lines, [
    'a.yaml:4:1: actors: every actor is left out by its `unless`; a pipeline needs at least one',
  ]);
});
