/** Follows the pipelines that other processes run, over their control sockets, as they come and go. */
import { systemClock } from '../runtime/clock.ts';
import { connectControl, controlSocketPath, type RemoteControl } from '../runtime/ipc-control.ts';
import { type AttachOptions, keepAttached } from './attach.ts';
import { agent } from './version.ts';

export interface FollowOptions extends Omit<AttachOptions, 'connect' | 'clock'> {
  /** Directory of states, absolute. */
  readonly state: string;
}

export interface Following {
  /** How many are connected now. */
  readonly connected: number;
  /** Resolves once the signal aborts. */
  readonly ended: Promise<void>;
  /** Lets go of all of them; waits for the signal. */
  close(): Promise<void>;
}

export function follow({ state, ...options }: FollowOptions): Following {
  const remotes = new Set<RemoteControl>();
  const ended = keepAttached({
    ...options,
    clock: systemClock,
    async connect(name) {
      const remote = await connectControl(controlSocketPath(state, name), { clock: systemClock, agent });
      if (options.signal.aborted) await remote.close();
      else {
        remotes.add(remote);
        void remote.gone.then(() => remotes.delete(remote));
      }
      return remote;
    },
  });
  return {
    get connected() {
      return remotes.size;
    },
    ended,
    async close() {
      await ended;
      await Promise.all([...remotes].map((remote) => remote.close()));
    },
  };
}
