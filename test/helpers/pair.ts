/** The simulated network's pairs of ends, and a way to write to one by hand. */
import type { Problem } from '../../src/contract/errors.ts';
import type { Connection } from '../../src/contract/transport.ts';

export { connectedPair, type Pair, type PairOptions } from '../../src/sim/pair.ts';

/** Writes by hand to one end of a pair, and keeps what comes back. */
export function rawPeer(connection: Connection) {
  const received: Uint8Array[] = [];
  const peer = {
    closed: false,
    problem: undefined as Problem | undefined,
    write: (bytes: Uint8Array) => connection.write(bytes),
    end: () => connection.end(),
    destroy: () => connection.destroy(),
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    received: () => Buffer.concat(received),
  };
  connection.listen({
    onData: (bytes) => received.push(bytes),
    onDrain: () => {},
    onClose(problem) {
      peer.closed = true;
      peer.problem = problem;
    },
  });
  return peer;
}
