import test from 'ava';
import type { EdgeAnswer } from '../../src/cli/where.ts';
import { whereText } from '../../src/cli/where-text.ts';
import type { CloudPlace } from '../../src/store/cloud-where.ts';

const atMs = Date.UTC(2026, 0, 1);
const segment = { sequence: 3, fromSeq: 21, toSeq: 30, bytes: 900, sealedAtMs: atMs, hash: 'ab12' };

const atEdge = (over: Partial<EdgeAnswer>) =>
  whereText({
    edge: 'shed',
    stream: 'readings',
    seq: 25,
    edges: [
      {
        pipeline: 'edge',
        running: true,
        edge: 'shed',
        epoch: 'e',
        stream: 'readings',
        seq: 25,
        nextSeq: 40,
        state: 'sealed',
        segment,
        gap: null,
        sent: null,
        acknowledgedMs: null,
        ...over,
      },
    ],
    clouds: [],
  })
    .trimEnd()
    .split('\n')
    .slice(2)
    .map((line) => line.trim());

test('at the edge each state is told in words, with when and how often it was sent', (t) => {
  const sent = { times: 3, firstMs: atMs, lastMs: atMs + 1_000 };
  t.deepEqual(atEdge({ sent }), [
    'waits in segment 3 (seq 21 to 30), sealed 2026-01-01T00:00:00.000Z, hash ab12',
    'sent 3 times, first 2026-01-01T00:00:00.000Z, last 2026-01-01T00:00:01.000Z, not acknowledged yet',
  ]);
  t.is(atEdge({})[1], 'not sent since this start');
  t.is(atEdge({ running: false })[1], 'nobody runs that could send it');
  t.regex(atEdge({ state: 'open' })[0]!, /^accepted, in the open segment 3 \(seq 21 to 30\) since 2026/);
  t.regex(atEdge({ state: 'discarded' })[0]!, /^discarded with segment 3/);
  t.deepEqual(atEdge({ state: 'never', segment: null }), [
    'not measured yet: the next reading will be seq 40',
  ]);
  t.deepEqual(atEdge({ state: 'acknowledged', segment: null, acknowledgedMs: atMs }), [
    'acknowledged 2026-01-01T00:00:00.000Z, and deleted here',
  ]);
  t.deepEqual(atEdge({ state: 'acknowledged', segment: null }), [
    'acknowledged before this start, or long ago, and deleted here',
  ]);
});

test('a gap says why, and where its readings may still be; what comes from elsewhere cannot steer a terminal', (t) => {
  const gap = { gap: 'refused' as const, count: 10, text: 'no \u001b[2J' };
  t.deepEqual(atEdge({ state: 'gap', gap }).slice(0, 2), [
    'gap (refused) in segment 3 (seq 21 to 30): no \\u001b[2J',
    'it may be among the dead letters: see `fogrun dead-letters list`',
  ]);
  t.is(atEdge({ state: 'gap', gap: { ...gap, gap: 'discarded' } }).length, 2);
});

test('in the cloud file, line and bytes are told, and what is on its way or damaged', (t) => {
  const inCloud = (over: Partial<CloudPlace>) => {
    const stored: CloudPlace = {
      epoch: 'e',
      state: 'stored',
      segment,
      storedAtMs: atMs,
      file: 'data/shed/e/1.ndjson',
      isFiled: true,
      line: 5,
      offset: 400,
      bytes: 100,
      text: '{"seq":25}',
      gap: null,
    };
    const cloud = {
      pipeline: 'cloud',
      edge: 'shed',
      stream: 'readings',
      seq: 25,
      lastSeq: 30,
      places: [{ ...stored, ...over }],
    };
    return whereText({ edge: 'shed', stream: 'readings', seq: 25, edges: [], clouds: [cloud] })
      .split('\n')[2]!
      .trim();
  };
  t.is(inCloud({}), 'stored 2026-01-01T00:00:00.000Z in data/shed/e/1.ndjson, line 5, bytes 400 to 499');
  t.regex(inCloud({ isFiled: false }), /in the store, on the way into data\/shed\/e\/1\.ndjson, line 5/);
  t.regex(inCloud({ state: 'damaged' }), /which is gone or does not match its hash: see `fogrun verify`$/);
  t.is(
    inCloud({ state: 'gap', gap: { gap: 'discarded', count: 10, text: 'too hot' } }),
    'gap (discarded): too hot',
  );
});
