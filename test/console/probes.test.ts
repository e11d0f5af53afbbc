import test from 'ava';
import { createHub } from '../../src/console/hub.ts';
import { type Probe, probes } from '../../src/console/probes.ts';
import { serveConsole } from '../../src/console/server.ts';
import type { EdgeSummary } from '../../src/contract/fleet.ts';
import { actorStatus, FakeControl, pipelineStatus } from '../helpers/fake-control.ts';
import { problem } from '../helpers/statechart.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { readExposition } from './exposition.ts';

function setup() {
  const clock = createVirtualClock();
  const hub = createHub(clock);
  const all = probes({ hub, clock, version: '1.2.3' });
  const probe = (path: string): Probe => all.find((each) => each.path === path)!;
  const ask = async (path: string, signedIn = true) => {
    const { status, body } = await probe(path).answer({ signedIn });
    return { code: status, ...(JSON.parse(body) as { wrong: unknown }) };
  };
  const ups = async () => {
    const { body } = await probe('/metrics').answer({ signedIn: true });
    const { series } = readExposition(body).get('fogrun_up')!;
    return Object.fromEntries(series.map(({ labels, value }) => [labels.pipeline, value]));
  };
  return { clock, hub, all, ask, ups, probe };
}

test('it is ready once every pipeline is attached, its store is open and no actor has failed', async (t) => {
  const { hub, ask } = setup();
  t.like(await ask('/readyz'), {
    code: 503,
    status: 'not ready',
    wrong: [{ what: 'no pipeline is known' }],
  });
  hub.expect('edge', []);
  hub.expect('cloud', []);
  const edge = new FakeControl('edge');
  hub.attach(edge);
  t.deepEqual((await ask('/readyz')).wrong, [{ pipeline: 'cloud', what: 'cannot be reached: not attached' }]);
  const cloud = new FakeControl('cloud');
  hub.attach(cloud);
  t.like(await ask('/readyz'), { code: 200, status: 'ready', wrong: [] });
  const store = {
    ...pipelineStatus().store!,
    state: 'full',
    cause: problem('store-full', 'no room'),
  } as const;
  edge.current = pipelineStatus({
    store,
    actors: [
      actorStatus('uploader', { health: 'failed', cause: problem('link-lost', 'gone') }),
      actorStatus('poller', { health: 'trouble' }),
      actorStatus('receiver/192.0.2.1:9', { health: 'failed' }),
    ],
  });
  cloud.current = pipelineStatus({ pipeline: 'cloud', ending: true });
  t.deepEqual((await ask('/readyz')).wrong, [
    { pipeline: 'edge', what: 'its store is full: store-full: no room' },
    { pipeline: 'edge', actor: 'uploader', what: 'failed: link-lost: gone' },
    { pipeline: 'cloud', what: 'it is ending' },
  ]);
  t.is((await ask('/readyz')).code, 503);
});

test('it lives whatever the pipelines do, and says what is wrong with them', async (t) => {
  const { hub, clock, probe } = setup();
  const edge = new FakeControl('edge');
  edge.current = pipelineStatus({
    actors: [actorStatus('uploader', { health: 'trouble', state: 'waitingToRetry', alarm: 'plain TCP' })],
  });
  hub.attach(edge);
  await clock.advance(5_000);
  const { status, body } = await probe('/healthz').answer({ signedIn: true });
  t.is(status, 200);
  t.deepEqual(JSON.parse(body), {
    ...{ status: 'alive', version: '1.2.3', upSeconds: 5, pipelines: 1 },
    wrong: [
      { pipeline: 'edge', actor: 'uploader', what: 'waitingToRetry' },
      { pipeline: 'edge', actor: 'uploader', what: 'plain TCP' },
    ],
  });
});

test('who did not sign in hears how many things are wrong, and no names', async (t) => {
  const { hub, all, ask, probe } = setup();
  hub.expect('edge', []);
  t.deepEqual(
    all.filter(({ open }) => !open).map(({ path }) => path),
    ['/metrics'],
  );
  for (const path of ['/healthz', '/readyz']) {
    t.is((await ask(path, false)).wrong, 1);
    const { body } = await probe(path).answer({ signedIn: false });
    t.false(/edge|1\.2\.3/.test(body), body);
  }
});

test('a pipeline that does not answer in time is down, and keeps the others waiting no longer than that', async (t) => {
  const { hub, clock, ask, ups } = setup();
  const mute = new FakeControl('mute');
  mute.status = () => new Promise(() => {});
  const broken = new FakeControl('broken');
  broken.status = () => Promise.reject(new Error('the connection\nended'));
  for (const control of [new FakeControl('edge'), mute, broken]) hub.attach(control);
  t.deepEqual(await clock.until(ups()), { edge: 1, mute: 0, broken: 0 });
  t.deepEqual((await clock.until(ask('/readyz'))).wrong, [
    { pipeline: 'mute', what: 'cannot be reached: no answer within 2 s' },
    { pipeline: 'broken', what: 'cannot be reached: the connection\\nended' },
  ]);
  t.is(clock.pending, 0, 'no timer is left');
});

test('whoever asks while others do gets their answer: pipelines are asked once', async (t) => {
  const { hub, ups, ask } = setup();
  const edge = new FakeControl('edge');
  let asked = 0;
  edge.status = async () => {
    asked += 1;
    return edge.current;
  };
  hub.attach(edge);
  await Promise.all([ups(), ups(), ask('/healthz'), ask('/readyz')]);
  t.is(asked, 1);
  await ups();
  t.is(asked, 2, 'nothing old is told');
});

test("a cloud's edges are counted, and a fleet that cannot be had costs the other figures nothing", async (t) => {
  const { hub, probe } = setup();
  const cloud = new FakeControl('cloud');
  const store = { ...pipelineStatus().store!, role: 'cloud' } as const;
  cloud.current = pipelineStatus({ pipeline: 'cloud', store });
  const edge = (name: string, session: string | null) => ({ edge: name, session }) as EdgeSummary;
  cloud.summaries = [edge('a', 'receiver/192.0.2.1:9'), edge('b', null)];
  hub.attach(cloud);
  const figure = async (name: string) =>
    readExposition((await probe('/metrics').answer({ signedIn: true })).body).get(name)?.series[0]?.value;
  t.is(await figure('fogrun_fleet_edges'), 2);
  t.is(await figure('fogrun_fleet_edges_connected'), 1);
  cloud.fleet.edges = () => Promise.reject(new Error('no'));
  t.is(await figure('fogrun_fleet_edges'), undefined);
  t.is(await figure('fogrun_up'), 1);
});

test('a console answers over HTTP in the type that Prometheus asks for', async (t) => {
  const { hub, all } = setup();
  hub.attach(new FakeControl('edge'));
  const server = await serveConsole({
    ...{ hub, host: '127.0.0.1', port: 0, version: '1.2.3', life: 'x', now: Date.now },
    probes: all,
  });
  t.teardown(() => server.close());
  const answer = await fetch(`${server.url}metrics`);
  t.is(answer.status, 200);
  t.is(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  t.is(readExposition(await answer.text()).get('fogrun_up')!.series[0]!.value, 1);
  t.is((await fetch(`${server.url}healthz`)).status, 200);
  t.is((await fetch(`${server.url}readyz`)).status, 200);
});
