/** Moves about in a recording: where it is shown, whether it plays, how fast. */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { ModelFeed } from '../model/model.ts';
import { momentBeside, type Recording } from '../model/replay.ts';

export const speeds = [0.25, 1, 4, 16, 64] as const;

export interface Player {
  readonly recording: Recording;
  /** The recording's time that is shown, ms since 1970. */
  readonly atMs: ReadonlySignal<number>;
  readonly isPlaying: ReadonlySignal<boolean>;
  readonly speed: ReadonlySignal<number>;
  seek(timeMs: number): void;
  /** To the next or the previous transition; stops playing. */
  step(way: 1 | -1): void;
  /** At its end, it begins anew. */
  play(): void;
  pause(): void;
  setSpeed(speed: number): void;
  /** The page's clock has gone on; moves the recording if it plays. */
  tick(pageMs: number): void;
}

export function createPlayer(recording: Recording, feed: ModelFeed): Player {
  const { fromMs, toMs } = recording;
  const atMs = signal(fromMs);
  const isPlaying = signal(false);
  const speed = signal<number>(1);
  let lastMs: number | null = null;
  const seek = (timeMs: number) => {
    const to = Math.min(toMs, Math.max(fromMs, timeMs));
    batch(() => {
      atMs.value = to;
      feed.tick(to);
      const { world, past } = recording.at(to);
      feed.show(world, past);
    });
  };
  feed.connect({ state: 'replay', retryAtMs: null, reason: null });
  seek(fromMs);
  return {
    ...{ recording, atMs, isPlaying, speed, seek },
    step(way) {
      isPlaying.value = false;
      const moment = momentBeside(recording, atMs.peek(), way);
      seek(moment?.timeMs ?? (way === 1 ? toMs : fromMs));
    },
    play() {
      if (atMs.peek() >= toMs) seek(fromMs);
      lastMs = null;
      isPlaying.value = true;
    },
    pause() {
      isPlaying.value = false;
    },
    setSpeed(next) {
      speed.value = next;
    },
    tick(pageMs) {
      if (isPlaying.peek() && lastMs !== null) {
        seek(atMs.peek() + (pageMs - lastMs) * speed.peek());
        if (atMs.peek() >= toMs) isPlaying.value = false;
      }
      lastMs = pageMs;
    },
  };
}
