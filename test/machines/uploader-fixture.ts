/** An uploader played by hand, and ways into each of its states. */
import {
  type UploadCommand,
  type UploadEvent,
  type UploaderConfig,
  uploader,
} from '../../machines/uploader.ts';
import type { Problem } from '../../src/contract/errors.ts';
import type { ActorKind } from '../../src/contract/kind.ts';
import { fakeRequest, fakeTask, play, problem } from '../helpers/statechart.ts';

export const away = problem('link-unreachable', 'nobody there');
export const gone = problem('link-lost', 'it ended');
export const forked = problem('edge-forked', 'another history');
export const denied = problem('link-refused', 'go away');

export const lost: UploadEvent = { type: 'LOST', cause: gone };
export const connected: UploadEvent = { type: 'CONNECTED', remote: '192.0.2.1:7070' };
export const greeted = (backlog: number): UploadEvent => ({ type: 'GREETED', backlog });
export const refused = (lasting: boolean, retryAfterMs?: number): UploadEvent => ({
  type: 'REFUSED',
  cause: denied,
  lasting,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});
export const fork: UploadEvent = { type: 'FORKED', cause: forked };
export const allSent = (waiting: number): UploadEvent => ({ type: 'ALL_SENT', waiting });
export const acknowledged = (waiting: number): UploadEvent => ({ type: 'ACKNOWLEDGED', waiting });

/** The longest wait of the fake policy. */
export const longestWaitMs = 300_000;

export function start(config: object = {}) {
  const link = fakeTask<UploaderConfig, UploadEvent, UploadCommand>();
  const forking = fakeRequest<{ cause: Problem }, void>();
  const attempts: number[] = [];
  const retryInMs = (attempt: number) => {
    attempts.push(attempt);
    return Math.min(longestWaitMs, 1_000 * 2 ** (attempt - 1));
  };
  const effects = { link: link.effect, fork: forking.effect, retryInMs };
  const played = play(uploader as ActorKind, effects, config);
  const tell = async (...events: UploadEvent[]) => {
    for (const event of events) {
      link.emit(event);
      await played.clock.flush();
    }
  };
  return { ...played, link, forking, attempts, tell };
}

/** Ways into every state that is not final. */
export const ways: Record<string, readonly (UploadEvent | 'PAUSE' | 'STOP')[]> = {
  connecting: [],
  greeting: [connected],
  idle: [connected, greeted(0)],
  sending: [connected, greeted(3)],
  awaitingAck: [connected, greeted(3), allSent(3)],
  waitingToRetry: [lost],
  refused: [connected, refused(true)],
  forked: [connected, fork],
  paused: ['PAUSE'],
  finishing: [connected, greeted(3), allSent(3), 'STOP'],
  stopping: ['STOP'],
};

export async function startIn(state: string, config: object = {}) {
  const started = start(config);
  for (const step of ways[state]!) {
    if (typeof step === 'string') await started.send(step);
    else await started.tell(step);
  }
  return started;
}
