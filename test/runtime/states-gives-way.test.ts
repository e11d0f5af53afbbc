/** What an edge does not tell of itself, so that its readings come to no harm. */
import test from 'ava';
import { z } from 'zod';
import { intakeFields } from '../../src/contract/intake-config.ts';
import { streamsMax } from '../../src/contract/link.ts';
import type { Plan } from '../../src/contract/plan.ts';
import type { Report } from '../../src/contract/report.ts';
import type { EdgeStore } from '../../src/contract/store.ts';
import { type StatesEnv, tellStates } from '../../src/runtime/states.ts';
import type { Board } from '../../src/runtime/status.ts';
import { createCloudStore } from '../../src/store/cloud-store.ts';
import { createEdgeStore } from '../../src/store/edge-store.ts';
import { MemoryFiles } from '../helpers/memory-files.ts';
import { MemoryKv } from '../helpers/memory-kv.ts';
import { batch, seededRandom } from '../helpers/store-fixtures.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

function told(named: readonly string[], store: Partial<EdgeStore>) {
  const clock = createVirtualClock();
  const reports: Report[] = [];
  const kinds = ['file-rotator', 'uploader', ...named.map(() => 'tcp-source')];
  const actors = kinds.map((name, i) => ({ kind: { name }, config: i < 2 ? {} : { stream: named[i - 2] } }));
  let subscribed = 0;
  const states = tellStates({
    plan: () => ({ states: 'changes', actors }) as unknown as Plan,
    store: {
      streams: () => [],
      status: () => ({ state: 'open' }),
      subscribe: () => {
        subscribed += 1;
        return () => {};
      },
      ...store,
    } as unknown as EdgeStore,
    ...{ cursor: 'uploader', clock, version: '1', trust: { doubt: () => null } as StatesEnv['trust'] },
    board: { moved: new Set(), states: () => [] } as unknown as Board,
    report: (report) => void reports.push(report),
  });
  return { clock, reports, states, begun: () => subscribed > 0 };
}

test('an edge whose readings take every stream that a cloud takes has none left to tell of itself, and says so', (t) => {
  const names = Array.from({ length: streamsMax }, (_, i) => `s${i}`);
  const [half, others] = [names.slice(0, 16), names.slice(16)];
  const full = told(half, { streams: () => others });
  t.false(full.begun());
  t.regex(JSON.stringify(full.reports), /32 streams of readings are as many as a cloud takes/);
  const almost = told(half, { streams: () => [...others.slice(1), 'states'] });
  t.true(almost.begun());
  t.deepEqual(almost.reports, []);
});

test('a store that cannot say what waits in it costs the states, and neither the pipeline nor its orderly end', async (t) => {
  const backlog = () => {
    throw new Error('no such header');
  };
  const started = told([], { backlog });
  await started.clock.advance(5_000);
  t.like(started.reports, [{ type: 'problem', message: 'Error: no such header' }]);
  await started.states.end();
  const ended = told([], { backlog });
  await ended.clock.until(ended.states.end());
  t.true(ended.begun());
});

test('readings cannot be put into the stream in which an edge tells of itself', (t) => {
  const fields = z.object(intakeFields('door'));
  t.true(fields.safeParse({ stream: 'state' }).success);
  t.regex(fields.safeParse({ stream: 'states' }).error!.message, /in which an edge tells of itself/);
});

test('the disk is asked before anything is written: what was free hours ago may be gone', async (t) => {
  let [free, appended] = [true, 0];
  const { clock, states } = told([], {
    backlog: () => ({ segments: 0, readings: 0, bytes: 0, oldestMs: null }),
    append: async () => {
      appended += 1;
    },
    policies: {
      spare: () => free,
      lookForRoom: async () => {
        free = false;
      },
    } as unknown as EdgeStore['policies'],
  });
  await clock.advance(5_000);
  await clock.until(states.end());
  t.is(appended, 0);
});

test('what an edge leaves out of its states is a gap, and no reading that was lost: neither there nor in the cloud', async (t) => {
  const options = { clock: createVirtualClock(), random: seededRandom('lost'), bytesMax: 2 ** 24 };
  const edge = await createEdgeStore(new MemoryKv(), { ...options, edge: 'e1', cursors: ['uploader'] });
  const cloud = await createCloudStore(new MemoryKv(), new MemoryFiles(), { ...options, consumers: [] });
  const missed = { gap: 'missed', count: 5, text: 'too fast' } as const;
  await edge.append([{ ...batch(1, 'states'), missed }]);
  await edge.append([{ ...batch(1), missed: { ...missed, count: 2 } }]);
  await edge.seal('states');
  await edge.discard('states', 1, 2, 'not needed');
  t.deepEqual(edge.status().lost, { missed: 2 });
  const admission = await cloud.admit('e1', edge.epoch, 0, []);
  for (const stream of ['readings', 'states']) {
    const header = edge.header(stream, 1)!;
    if (admission.admitted && header.type === 'gap') {
      await cloud.put(admission.token, header, await edge.body(header));
    }
  }
  t.deepEqual(cloud.lost('e1'), { missed: 2 });
});
