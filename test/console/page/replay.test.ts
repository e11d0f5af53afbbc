import test from 'ava';
import { createModel } from '../../../src/console/page/model/model.ts';
import { createRecording } from '../../../src/console/page/model/replay.ts';
import { followNamed } from '../../../src/console/page/replay/named.ts';
import { createPlayer } from '../../../src/console/page/replay/player.ts';
import { followAddress } from '../../../src/console/page/routes.ts';
import type { ConsoleEvent } from '../../../src/console/wire.ts';
import { pipelineStatus } from '../../helpers/fake-control.ts';
import { step } from './past-items.ts';

/** The console hears of a step 80 ms after it; one a second, from second 1 on. */
const steps = Array.from({ length: 9 }, (_, i) => step({ timeMs: (i + 1) * 1_000 }));

function opened(hash: string, told = steps) {
  const listeners: (() => void)[] = [];
  const window = {
    location: { hash },
    addEventListener: (_: string, listener: () => void) => void listeners.push(listener),
  };
  followAddress(window);
  const events: ConsoleEvent[] = [
    { type: 'status', id: 1, timeMs: 0, status: pipelineStatus() },
    ...told.map((frame, i): ConsoleEvent => {
      return { type: 'frames', id: i + 2, timeMs: frame.timeMs + 80, pipeline: 'edge', frames: [frame] };
    }),
  ];
  const recording = createRecording({ recording: 1, version: '0.1.0', startedMs: 0 }, events);
  const feed = createModel(0);
  const player = createPlayer(recording, feed);
  followNamed(player);
  const go = (to: string) => {
    window.location.hash = to;
    for (const listener of listeners) listener();
  };
  const shown = () => feed.model.past.value.items.at(-1)?.frame?.id;
  return { player, feed, go, shown };
}

test.serial(
  'a recording opened by an address with a moment stands at it, with all of it and nothing after it',
  (t) => {
    const atStep = opened(`#/actor/edge/uploader?at=${steps[4]!.id}`);
    t.is(atStep.player.atMs.value, 5_080);
    t.is(atStep.shown(), steps[4]!.id);
    t.is(opened('#/events?at=3000').shown(), steps[2]!.id);
    // Between two rows.
    t.is(opened('#/events?at=3500').shown(), steps[2]!.id);
  },
);

test.serial('an address that names no moment of the recording leaves it at its beginning', (t) => {
  for (const hash of [
    '#/',
    '#/events',
    '#/actor/edge/uploader?at=4000000',
    `#/actor/edge/acks?at=${steps[4]!.id}`,
  ]) {
    const { player } = opened(hash);
    t.is(player.atMs.value, player.recording.fromMs, hash);
  }
});

test.serial(
  'a moment that is named later on is gone to, unless it was there already; who goes back stays there',
  (t) => {
    const { player, go } = opened('#/');
    go('#/events?at=6000');
    t.is(player.atMs.value, 6_080);
    go('#/events?at=2000');
    t.is(player.atMs.value, 6_080);
    player.seek(1_500);
    go('#/events?at=2000&text=a');
    t.is(player.atMs.value, 1_500);
  },
);

test.serial('what is shown already is not gone to, though it was told once more later', (t) => {
  const first = steps[0]!;
  // A moment is not before the one in front of it.
  const told = [...steps.slice(0, 3), step({ timeMs: 9_000 }), first];
  for (const hash of [`#/actor/edge/uploader?at=${first.id}`, `#/events?at=${first.timeMs}`]) {
    const { player, go } = opened('#/', told);
    player.seek(2_500);
    go(hash);
    t.is(player.atMs.value, 2_500, hash);
    t.is(opened(hash, told).player.atMs.value, 9_080, 'of what is not, the newest is meant');
  }
});
