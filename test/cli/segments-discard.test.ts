import test from 'ava';
import { discardSegments } from '../../src/cli/segments-discard.ts';
import type { Holder } from '../../src/cli/segments-holder.ts';
import type { SegmentInfo, SegmentRange } from '../../src/contract/control.ts';

const segment = (sequence: number, more: Partial<SegmentInfo> = {}): SegmentInfo => ({
  stream: 'readings',
  sequence,
  type: 'readings',
  fromSeq: 10 * sequence + 1,
  count: 10,
  bytes: 1_000,
  sealedAtMs: 0,
  discarded: false,
  ...more,
});

/** Asks for segments 2 to 5, and gives what was asked of the store. */
async function asked(segments: readonly SegmentInfo[]): Promise<SegmentRange[]> {
  const ranges: SegmentRange[] = [];
  const holder: Omit<Holder, 'letters'> = {
    pipeline: 'edge',
    isRunning: true,
    segments: async () => segments,
    body: async () => new Uint8Array(),
    discard: async (range) => {
      ranges.push(range);
      return { segments: 0, readings: 0, bytes: 0 };
    },
    close: async () => {},
  };
  await discardSegments(holder as Holder, { state: '', from: '2', to: '5', yes: true });
  return ranges;
}

test('the store is told which readings are meant, and not only which segments', async (t) => {
  const held = [1, 2, 3, 4, 5, 6].map((sequence) => segment(sequence));
  t.deepEqual(await asked(held), [{ stream: 'readings', from: 2, to: 5, seqs: { from: 21, to: 60 } }]);
  const some = [segment(2, { type: 'gap' }), segment(3), segment(4), segment(5, { discarded: true })];
  t.deepEqual(await asked(some), [{ stream: 'readings', from: 2, to: 5, seqs: { from: 31, to: 50 } }]);
});

test('a segment that is still open is not among those that are given up', async (t) => {
  t.deepEqual(await asked([segment(2), segment(3, { open: true })]), [
    { stream: 'readings', from: 2, to: 5, seqs: { from: 21, to: 30 } },
  ]);
});

test('where nothing was there to be confirmed, nothing may be given up', async (t) => {
  t.deepEqual(await asked([segment(1)]), [{ stream: 'readings', from: 2, to: 5, seqs: { from: 1, to: 0 } }]);
});
