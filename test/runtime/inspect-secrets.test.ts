import test from 'ava';
import { parse } from 'yaml';
import { kinds } from '../../machines/index.ts';
import type { ActorPlan } from '../../src/contract/plan.ts';
import { Inspection } from '../../src/inspect/inspection.ts';
import { runActor } from '../../src/runtime/actor.ts';
import { buildStatechart } from '../../src/runtime/effects.ts';
import { secretsOf } from '../../src/runtime/secrets.ts';
import { fakeTask, problem } from '../helpers/statechart.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';
import { inspecting } from './inspect-fixtures.ts';

const planned = (name: string, yaml: string): ActorPlan => {
  const { kind: kindName, to, ...config } = parse(yaml) as { kind: string; to?: string };
  const kind = kinds.get(kindName)!;
  return { name, kind, config: kind.config.parse(config), to: to ?? null, process: null };
};

const plans = [
  planned(
    'uploader',
    'kind: uploader\ntoken: tok3n-of-the-edge\ninsecure: true\ncloud: { host: cloud.example }',
  ),
  planned(
    'barometer',
    'kind: sensor-poller\nto: x\ndevice: { host: 192.168.1.20, uid: bAr, secret: br1ckd-secret }',
  ),
];

test('secrets of a config are found where its schema says that they are secret', (t) => {
  t.deepEqual(secretsOf({ actors: plans }), ['tok3n-of-the-edge', 'br1ckd-secret']);
});

test('no secret of any actor comes into a frame: not from a config, an event, a cause or an exception', async (t) => {
  const clock = createVirtualClock();
  const inspection = new Inspection(clock);
  inspection.redactor.hide(secretsOf({ actors: plans }));
  const [plan] = plans;
  const link = fakeTask<unknown, { type: string }>();
  const effects = { link: link.effect, fork: async () => {}, retryInMs: () => 1_000 };
  const actor = runActor(buildStatechart(plan!.kind, effects, new AbortController().signal), {
    ...{ clock, report: () => {}, input: { config: plan!.config } },
    inspected: { inspection, actor: 'uploader', kind: 'uploader', parent: null },
  });
  const seen = inspecting((watcher) => inspection.watch(watcher).end);
  const words = 'refused tok3n-of-the-edge and br1ckd-secret';
  const emit = (event: object) => link.emit(event as { type: string });
  emit({ type: 'CONNECTED', remote: words });
  emit({ type: 'REFUSED', lasting: false, cause: problem('link-lost', words), deep: [{ er: words }] });
  actor.send({ type: 'RETRY', headers: { authorization: 'x' } } as never);
  emit({ type: 'FAILED', cause: problem('internal', words) });
  await clock.advance(200);
  const text = JSON.stringify(seen.frames);
  t.notRegex(text, /tok3n|br1ckd/);
  t.regex(text, /refused \*\*\* and \*\*\*/);
  t.like(seen.actors()[0]!.context, { config: { token: '***', cloud: { host: 'cloud.example' } } });
  t.like(seen.ends()[0], { how: 'failed', cause: { message: 'refused *** and ***' } });
});
