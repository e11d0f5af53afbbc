/** Two connected ends over a simulated network that can fragment, coalesce, delay and break. */
import type { Connection } from '../contract/transport.ts';
import { Hub, lost, PairEnd, type PairOptions } from './pair-end.ts';

export type { PairOptions } from './pair-end.ts';

export interface Pair {
  /** The end that dialled. */
  readonly near: Connection;
  /** The end that was dialled. */
  readonly far: Connection;
  /** Both ends lose the connection at once, as with a reset. */
  cut(): void;
  /** Bytes written from now on vanish, and nobody is told. */
  blackHole(): void;
  /** Nothing arrives any more, but nothing is lost either, until it is called with false. */
  stall(stalled: boolean): void;
  /** The end that dialled loses the connection, and the other one hears nothing of it. */
  orphan(): void;
  /** The process of one end is gone: it hears nothing more, and the other end hears of a reset or of nothing. */
  abandon(end: 'near' | 'far', how: 'reset' | 'silence'): void;
  /** The connection is cut as soon as so many more bytes have arrived at the far end. */
  cutAfter(bytes: number): void;
  /** Whether both ends still have it. */
  readonly isOpen: boolean;
  /** Bytes that arrived so far. */
  readonly arrived: { near: number; far: number };
}

export function connectedPair(options: PairOptions): Pair {
  const hub = new Hub();
  const { names = { near: 'edge.test:50000', far: 'cloud.test:7070' } } = options;
  const near = new PairEnd(names.far, options, hub);
  const far = new PairEnd(names.near, options, hub, options.seat);
  near.other = far;
  far.other = near;
  hub.near = near;
  hub.far = far;
  const ends = { near, far };
  return {
    near,
    far,
    cut: () => hub.cut(),
    blackHole() {
      hub.blackHole = true;
    },
    stall(stalled) {
      hub.stalled = stalled;
      if (!stalled) for (const end of [near, far]) end.goOn();
    },
    orphan() {
      hub.blackHole = true;
      near.close(lost('the connection was reset'));
    },
    abandon(which, how) {
      const end = ends[which];
      if (end.closed) return;
      end.mute();
      if (how === 'reset') end.resetOther();
      else hub.blackHole = true;
    },
    cutAfter(bytes) {
      hub.cutAfter = far.arrived + bytes;
    },
    get isOpen() {
      return !near.closed && !far.closed;
    },
    arrived: {
      get near() {
        return near.arrived;
      },
      get far() {
        return far.arrived;
      },
    },
  };
}
