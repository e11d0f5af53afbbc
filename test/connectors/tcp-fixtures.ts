/** A tcp-source that runs on real sockets. */
import type { ExecutionContext } from 'ava';
import { tcpSource } from '../../machines/tcp-source.ts';
import { tcpSourceEffects } from '../../src/connectors/tcp-source-effects.ts';
import { createTcpTransport } from '../../src/link/tcp.ts';
import type { VirtualClock } from '../helpers/virtual-clock.ts';
import { type FakeStore, fakeStore, runSource } from './fixtures.ts';

export function run(t: ExecutionContext, config: object = {}, store: FakeStore = fakeStore()) {
  const parsed = tcpSource.config.parse({ port: 0, ...config });
  const { max, 'per-address': perAddress } = parsed.connections;
  const caps = { maxConnections: max, maxConnectionsPerAddress: perAddress };
  return runSource(
    t,
    parsed,
    (env) =>
      tcpSourceEffects({
        ...env,
        transport: (turnedAway) => createTcpTransport({ clock: env.clock, caps, turnedAway }),
      }),
    store,
  );
}

/** Long enough for what is on its way over loopback to arrive, if it was sent too early. */
export async function someTurns(clock: VirtualClock): Promise<void> {
  for (let i = 0; i < 50; i++) await clock.flush();
}
