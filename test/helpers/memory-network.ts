/** A network in memory between processes: it can be cut, swallow everything, delay, and refuse. */
import type { Clock } from '../../src/contract/clock.ts';
import { FogrunError } from '../../src/contract/errors.ts';
import type { Connection, Transport } from '../../src/contract/transport.ts';
import { connectedPair, type Pair, type PairOptions } from './pair.ts';

export interface MemoryNetwork {
  /** One process's access to it. */
  join(): Access;
  /** Every connection is reset. */
  cut(): void;
  /** What is written to any connection vanishes, and dialling gets no answer, until `heal`. */
  blackHole(): void;
  /** Dialling is refused until `heal`. */
  refuse(): void;
  /** New connections work again; those in a black hole stay there. */
  heal(): void;
  /** Connections made so far, oldest first. */
  readonly pairs: readonly Pair[];
  latencyMs: () => number;
}

export interface Access {
  readonly transport: Transport;
  /** The process is gone: its peers see a reset or, when the power went, nothing. */
  die(how: 'reset' | 'silence'): void;
}

interface Served {
  readonly take: (connection: Connection) => void;
  readonly pairs: Set<Pair>;
}

/** @param options for every connection */
export function createNetwork(clock: Clock, options: Partial<PairOptions> = {}): MemoryNetwork {
  const served = new Map<number, Served>();
  const pairs: Pair[] = [];
  let mode: 'open' | 'refused' | 'blackHole' = 'open';
  let nextPort = 50_000;

  const network: MemoryNetwork = {
    pairs,
    latencyMs: () => options.latencyMs ?? 1,
    join,
    cut: () => each((pair) => pair.cut()),
    blackHole() {
      mode = 'blackHole';
      each((pair) => pair.blackHole());
    },
    refuse() {
      mode = 'refused';
    },
    heal() {
      mode = 'open';
    },
  };
  return network;

  function each(act: (pair: Pair) => void): void {
    for (const pair of pairs) act(pair);
  }

  function join(): Access {
    const own = new Set<Pair>();
    const ports = new Set<number>();
    let alive = true;
    const transport: Transport = {
      dial: ({ host, port, timeoutMs, signal }) =>
        new Promise((resolve, reject) => {
          const fail = (why: string) =>
            reject(new FogrunError('link-unreachable', `${host}:${port} cannot be reached: ${why}`));
          const answer = clock.setTimeout(() => {
            if (mode === 'blackHole' || !alive) return;
            end();
            const server = served.get(port);
            if (mode === 'refused' || !server) return fail('refused');
            const pair = connectedPair({ ...options, clock, latencyMs: network.latencyMs() });
            for (const list of [own, server.pairs]) list.add(pair);
            pairs.push(pair);
            server.take(pair.far);
            resolve(pair.near);
          }, network.latencyMs());
          const late = clock.setTimeout(() => {
            end();
            fail(`no answer within ${timeoutMs} ms`);
          }, timeoutMs);
          const end = () => {
            clock.clearTimeout(answer);
            clock.clearTimeout(late);
            signal.removeEventListener('abort', giveUp);
          };
          const giveUp = () => {
            end();
            fail('given up');
          };
          signal.addEventListener('abort', giveUp, { once: true });
        }),
      async listen({ host, port: wanted }, take) {
        const port = wanted || nextPort++;
        if (served.has(port)) throw new FogrunError('address-in-use', `${host}:${port} is taken`);
        served.set(port, { take, pairs: own });
        ports.add(port);
        const close = async () => {
          ports.delete(port);
          served.delete(port);
        };
        return { host, port, close };
      },
    };
    return {
      transport,
      die(how) {
        alive = false;
        for (const port of ports) served.delete(port);
        for (const pair of own) how === 'reset' ? pair.cut() : pair.blackHole();
      },
    };
  }
}
