import test from 'ava';
import { check, edge } from './fixtures.ts';

test('a valid edge becomes a plan with its config parsed and its defaults filled in', (t) => {
  const { plan, problems, warnings } = check(edge('every: 250ms'));
  t.deepEqual([problems, warnings], [[], []]);
  t.is(plan?.name, 'edge');
  t.is(plan?.edge, '');
  t.is(plan?.file, 'a.yaml');
  t.deepEqual(plan?.store, {
    role: 'edge',
    path: '/srv/state/edge',
    bytesMax: 256 * 2 ** 20,
    whenFull: 'block',
  });
  const barometer = plan?.actors.find(({ name }) => name === 'barometer');
  t.is(barometer?.to, 'rotator');
  t.like(barometer?.config, { every: 250, port: 4223, retry: { every: 1_000, factor: 1.5 } });
  t.deepEqual(plan?.wires, [
    { from: 'barometer', to: 'rotator', type: 'readings' },
    { from: 'rotator', to: 'uploader', type: 'segments' },
    { from: 'uploader', to: 'acks', type: 'acknowledgements' },
  ]);
});

test('actors come sources first, whatever their order in the file', (t) => {
  const { plan } = check(`fogrun: 1
pipeline: p
store: { path: /var/lib/p }
actors:
  acks: { kind: ack-handler }
  uploader: { kind: uploader, cloud: { host: c, port: 1 }, to: acks }
  rotator: { kind: file-rotator, to: uploader }
  b: { kind: poller, to: rotator }
  a: { kind: poller, to: rotator }
`);
  t.deepEqual(
    plan?.actors.map(({ name }) => name),
    ['b', 'a', 'rotator', 'uploader', 'acks'],
  );
  t.is(plan?.store?.path, '/var/lib/p');
});

test('actors keep the process that they are placed in, also one that a variable names', (t) => {
  const { plan, problems } = check(`fogrun: 1
pipeline: p
store: { path: /var/lib/p }
actors:
  a: { kind: poller, to: rotator, process: "\${WHERE:-sensors}" }
  b: { kind: poller, to: rotator, process: sensors }
  c: { kind: poller, to: rotator, process: "\${NOWHERE:-}" }
  rotator: { kind: file-rotator, to: uploader }
  uploader: { kind: uploader, cloud: { host: c, port: 1 }, to: acks }
  acks: { kind: ack-handler }
`);
  t.deepEqual(problems, []);
  t.deepEqual(
    plan?.actors.map(({ process }) => process),
    ['sensors', 'sensors', null, null, null, null],
  );
});

test('block and flow style, anchors and aliases mean the same', (t) => {
  const { plan, lines } = check(`fogrun: 1
pipeline: p
store:
  path: s
  max: 4MiB
actors:
  a:
    kind: poller
    retry: &patient
      every: 2s
      max: 1h
    to: r
  b: { kind: poller, retry: *patient, to: r }
  r: { kind: file-rotator, to: u }
  u: { kind: uploader, cloud: { host: h, port: 1 }, to: k }
  k: { kind: ack-handler }
`);
  t.deepEqual(lines, []);
  const [a, b] = plan!.actors;
  t.deepEqual(a?.config, b?.config);
  t.is(plan?.store?.bytesMax, 4 * 2 ** 20);
});

test('a pipeline without need of a store has none', (t) => {
  const { plan } = check('fogrun: 1\npipeline: p\nactors: { e: { kind: emulator } }\n');
  t.is(plan?.store, null);
});
