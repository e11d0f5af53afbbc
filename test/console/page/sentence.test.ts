/** The overview's sentence: what is worst by name, the rest in numbers, whether there is one edge or fifty. */
import test from 'ava';
import type { Stale } from '../../../src/console/page/model/model.ts';
import { type SentencePipeline, sentenceOf } from '../../../src/console/page/overview/sentence.ts';
import { awayText } from '../../../src/console/page/shell/news.ts';
import type { ActorStatus, Waiting } from '../../../src/contract/status.ts';
import { actorStatus, pipelineStatus } from '../../helpers/fake-control.ts';

const nowMs = 1_000_000;
const cause = { code: 'link-lost', message: 'nobody answers', advice: '' } as const;
const held = (readings: number | null, bytes: number, agoMs: number | null = null): Waiting => ({
  ...{ readings, bytes, oldestMs: agoMs === null ? null : nowMs - agoMs, bytesMax: null },
});
const nothing = held(0, 0);

interface Choice {
  readonly sealed?: Waiting;
  readonly open?: Waiting;
  readonly uploader?: Partial<ActorStatus>;
  readonly rotator?: Partial<ActorStatus>;
  readonly stale?: Stale['why'];
}

const edge = (n: number, { sealed = nothing, open = nothing, ...over }: Choice = {}): SentencePipeline => ({
  ...{ name: `edge-${n}`, nowMs },
  stale: over.stale ? { asOfMs: nowMs, why: over.stale, cause: null } : null,
  status: pipelineStatus({
    pipeline: `edge-${n}`,
    actors: [
      actorStatus('rotator', { kind: 'file-rotator', waiting: open, ...over.rotator }),
      actorStatus('uploader', { waiting: sealed, ...over.uploader }),
    ],
  }),
});
const edges = (count: number, choice: (n: number) => Choice = () => ({})) =>
  Array.from({ length: count }, (_, i) => edge(i + 1, choice(i + 1)));
const away: Partial<ActorStatus> = {
  ...{ state: 'waitingToRetry', health: 'trouble', cause, attempt: 3, retryAtMs: nowMs + 2_300 },
};
const said = (pipelines: readonly SentencePipeline[]) => {
  const { title, attentions, others, data } = sentenceOf(pipelines);
  return [title, ...attentions.map(({ text }) => text), others, data].join('\n');
};

test('of one edge all is told by its name', (t) => {
  t.like(sentenceOf(edges(1)), {
    ...{ tone: 'well', title: 'All is well', attentions: [], others: '' },
    data: 'Nothing on the disk of edge-1 waits for the cloud.',
  });
  const choice = { uploader: away, sealed: held(1_204, 96 * 1_024, 252_000), open: held(1, 80) };
  const { tone, title, attentions, others, data } = sentenceOf([edge(1, choice)]);
  t.is(tone, 'trouble');
  t.is(title, '1 thing needs attention');
  t.deepEqual(
    attentions.map(({ text }) => text),
    ['edge-1/uploader is waitingToRetry: nobody answers, tries again in 2.3 s'],
  );
  t.is(others, '');
  t.is(
    data,
    '1,204 readings (96 KiB) wait on the disk of edge-1 for the cloud, the oldest for 4 m 12 s. 1 reading (80 B) is in its open segment.',
  );
});

test('three edges are told one after the other', (t) => {
  const { title, attentions, others, data } = sentenceOf(
    edges(3, (n) => ({ uploader: away, sealed: held(n, n * 100) })),
  );
  t.is(title, '3 things need attention');
  t.is(attentions.length, 3);
  t.is(others, '');
  for (const n of [1, 2, 3]) t.true(data.includes(`on the disk of edge-${n} for the cloud`));
});

test('of fifty edges the worst few are named, and the others counted by what they wait for', (t) => {
  const { title, attentions, others, data } = sentenceOf(
    edges(50, (n) => {
      if (n === 30) return { uploader: { health: 'failed', state: 'failed', cause } };
      if (n > 47) return { rotator: { health: 'paused', state: 'paused' } };
      if (n > 44) return { stale: 'silent' };
      if (n > 42) return { rotator: { ...away, state: 'waiting' }, open: held(5, 500) };
      if (n === 29) return { uploader: { ...away, health: 'well', state: 'sending', retryAtMs: null } };
      return { uploader: away, sealed: held(n, n * 100, n * 1_000) };
    }),
  );
  t.is(title, '47 things need attention');
  t.is(attentions.length, 6);
  t.is(attentions[0]!.pipeline, 'edge-30', 'the worst stands first, wherever it is');
  t.is(
    others,
    'and 35 others wait to connect, 1 is trying again, 2 wait to try again, 3 say nothing, 3 are paused',
  );
  const rest = Array.from({ length: 42 }, (_, i) => i + 1).filter((n) => n !== 30 && n !== 29 && n < 40);
  const readings = rest.reduce((all, n) => all + n);
  t.true(
    data.startsWith(
      '42 readings (4.1 KiB) wait on the disk of edge-42 for the cloud, the oldest for 42 s. 41 readings',
    ),
    data,
  );
  t.true(
    data.endsWith(
      `${readings} readings (70.4 KiB) wait on the disks of 37 others for the cloud, the oldest for 39 s. ` +
        'Nothing on the disks of 7 others waits for the cloud. 10 readings (1000 B) are in the open segments of 2 others. ' +
        'Nothing on the disks of 3 others waited for the cloud when those were last heard.',
    ),
    data,
  );
});

test('what is said of five hundred edges is as short as of fifty', (t) => {
  const all = (count: number) =>
    said(edges(count, () => ({ uploader: away, sealed: held(10, 1_000, 1_000), open: held(2, 100) })));
  t.true(all(500).length < all(50).length + 20);
  t.is(all(500).split('\n').length, all(50).split('\n').length);
});

test('fifty edges of which nothing waits are not named at all', (t) => {
  t.is(sentenceOf(edges(50)).data, 'Nothing on the disks of 50 edges waits for the cloud.');
  const one = sentenceOf(edges(50, (n) => (n === 7 ? { open: held(null, 2_048) } : {})));
  t.is(
    one.data,
    'Nothing on the disks of 50 edges waits for the cloud. 2 KiB are in the open segment of 1 edge.',
  );
});

test('where one edge does not count its readings, those of several are told by their size', (t) => {
  const { data } = sentenceOf(
    edges(6, (n) => ({ sealed: held(n === 1 ? null : 5, n === 1 ? 50 : 100 * n) })),
  );
  t.true(data.endsWith('550 B wait on the disks of 3 others for the cloud.'), data);
});

test('whatever has ended or rests is no trouble, however often', (t) => {
  const ended = sentenceOf(edges(50, () => ({ stale: 'ended' })));
  t.like(ended, { tone: 'ended', title: 'Everything has ended', others: 'and 44 others have ended' });
  const paused = edges(7, () => ({ uploader: { health: 'paused', state: 'paused' } }));
  t.like(sentenceOf(paused), { title: 'Well, with something at rest', others: 'and 1 other is paused' });
});

test('everything has ended only when nothing runs: what is well says nothing, and counts', (t) => {
  const one = edges(3, (n) => (n === 2 ? { stale: 'ended' } : {}));
  t.like(sentenceOf(one), { tone: 'ended', title: 'Well, with something at rest' });
  t.is(sentenceOf(one.slice(1, 2)).title, 'Everything has ended');
});

test('where the readings of an edge are that is not heard is told as of when it was', (t) => {
  const of = (count: number, choice: Choice) => sentenceOf(edges(count, () => choice)).data;
  const open = held(3, 210);
  t.is(
    of(1, { stale: 'pipeline', open }),
    'Nothing on the disk of edge-1 waited for the cloud when edge-1 was last heard. ' +
      '3 readings (210 B) were in its open segment then.',
  );
  t.is(
    of(1, { stale: 'silent', sealed: held(1, 80, 4_000) }),
    '1 reading (80 B) waited on the disk of edge-1 for the cloud when edge-1 was last heard, the oldest for 4 s.',
  );
  t.is(
    of(5, { stale: 'pipeline', open }),
    'Nothing on the disks of 5 edges waited for the cloud when those were last heard. ' +
      '15 readings (1 KiB) were in the open segments of 5 edges when those were last heard.',
  );
  t.is(
    of(1, { stale: 'console' }),
    'Nothing on the disk of edge-1 waits for the cloud.',
    'that is said of the page',
  );
});

test('who hears the page is told of the first few that went away, and how many others did', (t) => {
  const of = (count: number, why: Stale['why'] | undefined) =>
    Array.from({ length: count }, (_, i) => ({ name: `edge-${i + 1}`, why }));
  t.is(awayText(of(50, undefined)), '');
  t.is(awayText(of(50, 'console')), '', 'that is said of the console');
  t.is(awayText(of(1, 'silent')), 'edge-1 is not heard of');
  t.is(awayText(of(3, 'pipeline')), 'edge-1, edge-2 and edge-3 are not heard of');
  t.is(awayText(of(4, 'ended')), 'edge-1, edge-2, edge-3 and 1 other have ended');
  t.is(
    awayText([{ name: 'cloud', why: 'ended' }, ...of(50, 'silent')]),
    'edge-1, edge-2, edge-3 and 47 others are not heard of. cloud has ended',
  );
});
