import test from 'ava';
import type { ActorKind } from '../../src/contract/kind.ts';
import type { ActorPlan, Plan, StorePlan } from '../../src/contract/plan.ts';
import type { PortType } from '../../src/contract/port.ts';
import { isSame, keepsPort, planChanges } from '../../src/runtime/plan-changes.ts';
import { fakeKind, planOf } from './pipeline-fixtures.ts';

const named = (name: string, accepts: PortType | null, emits: PortType | null): ActorKind => ({
  ...fakeKind({ ...(accepts ? { accepts } : {}), ...(emits ? { emits } : {}) }),
  name,
});
const poller = named('poller', null, 'readings');
const rotator = named('file-rotator', 'readings', 'segments');
const uploader = named('uploader', 'segments', 'acknowledgements');
const acks = named('ack-handler', 'acknowledgements', null);
const receiver: ActorKind = { ...named('cloud-receiver', 'messages', 'received'), acceptsOptional: true };
const forecaster = named('forecaster', 'received', 'messages');

const actor = (
  name: string,
  kind: ActorKind,
  to: string | null,
  config: object = {},
  process: string | null = null,
): ActorPlan => ({ name, kind, config, to, process });

const store: StorePlan = { role: 'edge', path: '/s', bytesMax: 2 ** 28, whenFull: 'block' };

function edge(
  over: { name?: string; edge?: string; store?: StorePlan | null; actors?: ActorPlan[] } = {},
): Plan {
  const actors = over.actors ?? edgeActors();
  return {
    ...planOf(actors, over.store === undefined ? store : over.store),
    name: 'edge',
    edge: '',
    ...over,
    actors,
  };
}

const edgeActors = () => [
  actor('sensor', poller, 'rotator', { every: 1_000, retry: { every: 1, max: 2 } }),
  actor('rotator', rotator, 'uploader'),
  actor('uploader', uploader, 'acks'),
  actor('acks', acks, null),
];

/** The edge's actors with one in another form. */
const withActor = (name: string, over: Partial<ActorPlan>) =>
  edge({ actors: edgeActors().map((one) => (one.name === name ? { ...one, ...over } : one)) });

test('a file that says the same differs in nothing, whatever objects it was read into', (t) => {
  const changes = planChanges(edge(), edge(), 'uploader');
  t.deepEqual(changes.unchanged, ['sensor', 'rotator', 'uploader', 'acks']);
  t.true(isSame(changes));
  t.deepEqual(changes.refusals, []);
});

test('an actor has changed when its kind, config, wire or process has, and the keys that differ are named', (t) => {
  const cases: [Partial<ActorPlan>, string[]][] = [
    [{ config: { every: 500, retry: { every: 1, max: 2 } } }, ['every']],
    [{ config: { every: 1_000, retry: { every: 1, max: 3 } } }, ['retry']],
    [{ config: { every: 1_000, retry: { every: 1, max: 2 }, unit: 'hPa' } }, ['unit']],
    [{ config: { every: 1_000 } }, ['retry']],
    [{ process: 'p' }, ['process']],
    [{ to: 'uploader', config: { every: 2, retry: { every: 1, max: 2 } } }, ['every', 'to']],
    [{ kind: named('csv-source', null, 'readings'), config: { path: 'x' } }, ['kind']],
  ];
  for (const [over, what] of cases) {
    const { changed, unchanged, added, removed } = planChanges(edge(), withActor('sensor', over), 'uploader');
    t.deepEqual(changed, [{ name: 'sensor', what }]);
    t.deepEqual(unchanged, ['rotator', 'uploader', 'acks']);
    t.deepEqual([added, removed], [[], []]);
  }
});

test('what is new and what is gone is told, and a new place in the file is no change', (t) => {
  const [sensor, ...rest] = edgeActors();
  const next = edge({ actors: [actor('gate', poller, 'rotator'), ...[...rest].reverse()] });
  const changes = planChanges(edge({ actors: [sensor!, ...rest] }), next, 'uploader');
  t.deepEqual(changes.added, ['gate']);
  t.deepEqual(changes.removed, ['sensor']);
  t.deepEqual(changes.unchanged, ['acks', 'uploader', 'rotator']);
  t.false(isSame(changes));
});

test('an actor that somebody feeds from now on has changed; one that nobody feeds any more runs on', (t) => {
  const fed = cloud([actor('r', receiver, 'f'), actor('f', forecaster, 'r')]);
  const unfed = cloud([actor('r', receiver, 'f'), actor('f', forecaster, null)]);
  t.deepEqual(planChanges(unfed, fed, 'uploader').changed, [
    { name: 'r', what: ['input'] },
    { name: 'f', what: ['to'] },
  ]);
  t.deepEqual(planChanges(fed, unfed, 'uploader').changed, [{ name: 'f', what: ['to'] }]);
});

const cloud = (actors: ActorPlan[]) => edge({ actors, store: { ...store, role: 'cloud' } });

test('a port outlasts a change as long as somebody of its name takes the same', (t) => {
  const [, rotatorPlan] = edgeActors();
  t.true(keepsPort(withActor('rotator', { config: { every: 1 } }), rotatorPlan!));
  t.true(keepsPort(withActor('rotator', { kind: named('other', 'readings', 'segments') }), rotatorPlan!));
  t.false(keepsPort(withActor('rotator', { kind: named('other', 'received', 'segments') }), rotatorPlan!));
  t.false(keepsPort(withActor('rotator', { name: 'keeper' }), rotatorPlan!));
});

test('what only a restart can change is refused, each in words', (t) => {
  const refused = (next: Plan, ...words: RegExp[]) => {
    const { refusals } = planChanges(edge(), next, 'uploader');
    t.is(refusals.length, words.length, refusals.join());
    for (const [i, expected] of words.entries()) t.regex(refusals[i]!, expected);
  };
  refused(edge({ name: 'other' }), /the pipeline is named other, and runs as edge/);
  refused(edge({ edge: 'e1' }), /`edge` is e1, and was not given at the start/);
  refused(edge({ store: { ...store, path: '/t' } }), /`store\.path` has changed/);
  refused(edge({ store: { ...store, role: 'cloud' } }), /`store\.role` has changed/);
  refused(edge({ store: null }), /no actor needs the store any more/);
  refused(edge({ store: { ...store, bytesMax: 2 ** 23 } }), /`store\.max` can be lowered to 16MiB/);
  const renamed = edgeActors().map((one) => (one.name === 'uploader' ? { ...one, name: 'up' } : one));
  refused(edge({ actors: renamed }), /the uploader is named up, but what was sent is kept .* under uploader/);
  refused(edge({ name: 'a', edge: 'b' }), /named a/, /`edge` is b/);
});

test('the quota of a store is no reason for a restart, and neither is an uploader that comes or goes', (t) => {
  const larger = planChanges(edge(), edge({ store: { ...store, bytesMax: 2 ** 29 } }), 'uploader');
  t.deepEqual([larger.store, larger.refusals], [['max'], []]);
  t.false(isSame(larger));
  const [sensor, rotatorPlan] = edgeActors();
  const without = edge({ actors: [sensor!, { ...rotatorPlan!, to: null }] });
  t.deepEqual(planChanges(edge(), without, 'uploader').refusals, []);
  t.deepEqual(planChanges(without, edge(), 'uploader').refusals, []);
});
