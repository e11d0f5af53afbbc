/** A network between simulated hosts: it can be cut, swallow everything, stall, delay, and refuse. */
import { addressText, listenError } from '../contract/address.ts';
import type { Clock } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { Connection, Transport } from '../contract/transport.ts';
import { type ConnectionCaps, connectionCaps, Seats } from '../link/caps.ts';
import { connectedPair, type Pair, type PairOptions } from './pair.ts';

/** How it is between two hosts. */
type Way = 'open' | 'refused' | 'blackHole' | 'stalled';

/** Two hosts; without them, all there are. */
type Between = readonly [string, string];

export interface SimNetwork {
  /**
   * One process's access to it.
   * @param host where it runs: what listens there is found first by who runs there too, then by all others
   */
  join(host?: string): Access;
  /** Connections are reset; new ones can be made. */
  cut(between?: Between): void;
  /** The newest connection is reset as soon as the host that was dialled has got so many more bytes. */
  cutAfter(bytes: number, between: Between): void;
  /** The hosts that dialled lose their connections, and those that were dialled hear nothing of it. */
  orphan(between?: Between): void;
  /** What is written to any connection vanishes, and dialling gets no answer, until `heal`. */
  blackHole(between?: Between): void;
  /** Nothing arrives and dialling gets no answer, until `heal`; then what was written arrives. */
  stall(between?: Between): void;
  /** Dialling is refused until `heal`. */
  refuse(between?: Between): void;
  /** New connections work again, and stalled ones go on; those in a black hole stay there. */
  heal(between?: Between): void;
  /** Connections made so far, oldest first. */
  readonly pairs: readonly Pair[];
  /** How long the next bytes are under way, ms. */
  latencyMs: () => number;
  /** What changes bytes that are written from now on, in place; `null` for nothing. */
  damage: ((bytes: Uint8Array) => void) | null;
}

export interface TransportOptions {
  readonly caps?: Partial<ConnectionCaps>;
  readonly turnedAway?: (remote: string, why: string) => void;
}

export interface Access {
  readonly transport: Transport;
  /** One whose listeners keep to caps. */
  transportWith(options: TransportOptions): Transport;
  /** The process is gone: its peers see a reset or, when the power went, nothing. */
  die(how: 'reset' | 'silence'): void;
}

interface Served {
  readonly host: string;
  readonly port: number;
  readonly take: (connection: Connection) => void;
  readonly owner: Process;
  readonly seats: Seats;
  readonly options: TransportOptions;
}

/** Whose connections and listeners they are. */
interface Process {
  readonly host: string;
  alive: boolean;
  readonly ends: Set<readonly [pair: Pair, end: 'near' | 'far', isLocal: boolean]>;
}

interface Made {
  readonly pair: Pair;
  readonly hosts: Between;
}

const everywhere = '*';
const wayOf = ([a, b]: Between) => (a < b ? `${a} ${b}` : `${b} ${a}`);
const firstPort = 50_000;

/** @param options for every connection */
export function createSimNetwork(clock: Clock, options: Partial<PairOptions> = {}): SimNetwork {
  const served = new Set<Served>();
  /** Names of hosts that there are. */
  const known = new Set<string>();
  const made: Made[] = [];
  const ways = new Map<string, Way>();
  let nextPort = firstPort;

  const among = (between?: Between) =>
    made.flatMap(({ pair, hosts }) => (!between || wayOf(hosts) === wayOf(between) ? [pair] : []));
  const wayBetween = (between: Between): Way => ways.get(wayOf(between)) ?? ways.get(everywhere) ?? 'open';
  const set = (way: Way, between?: Between) => {
    if (between) ways.set(wayOf(between), way);
    else {
      ways.clear();
      ways.set(everywhere, way);
    }
  };

  const network: SimNetwork = {
    get pairs() {
      return made.map(({ pair }) => pair);
    },
    latencyMs: () =>
      typeof options.latencyMs === 'function' ? options.latencyMs() : (options.latencyMs ?? 1),
    damage: null,
    join: (host = 'test') => join(host),
    cut(between) {
      for (const pair of among(between)) pair.cut();
    },
    cutAfter(bytes, between) {
      among(between)
        .filter(({ isOpen }) => isOpen)
        .at(-1)
        ?.cutAfter(bytes);
    },
    orphan(between) {
      for (const pair of among(between)) pair.orphan();
    },
    blackHole(between) {
      set('blackHole', between);
      for (const pair of among(between)) pair.blackHole();
    },
    stall(between) {
      set('stalled', between);
      for (const pair of among(between)) pair.stall(true);
    },
    refuse: (between) => set('refused', between),
    heal(between) {
      set('open', between);
      for (const pair of among(between)) pair.stall(false);
    },
  };
  return network;

  /** Who answers there: on the same host first, then a host of that name, then whoever was first. */
  function serverFor(from: string, host: string, port: number): Served | undefined {
    const there = [...served].filter((one) => one.port === port);
    const named = there.find((one) => one.host === host);
    // Whoever names a host means that one.
    if (named || known.has(host)) return named;
    return there.find((one) => one.host === from) ?? there[0];
  }

  function join(host: string): Access {
    const process: Process = { host, alive: true, ends: new Set() };
    known.add(host);
    const transportWith = (how: TransportOptions): Transport => ({
      dial: (target) => dial(process, target),
      listen: (at, take) => listen(process, how, at, take),
    });
    return {
      transport: transportWith({}),
      transportWith,
      die(how) {
        process.alive = false;
        for (const server of served) if (server.owner === process) served.delete(server);
        // What ran on the same machine lost its power as well, and begins anew.
        for (const [pair, end, isLocal] of process.ends) pair.abandon(end, isLocal ? 'reset' : how);
        process.ends.clear();
      },
    };
  }

  async function listen(
    process: Process,
    how: TransportOptions,
    at: { host: string; port: number },
    take: (connection: Connection) => void,
  ) {
    if (!process.alive) return new Promise<never>(() => {});
    const port = at.port || nextPort++;
    if ([...served].some((one) => one.host === process.host && one.port === port)) {
      throw listenError(at, Object.assign(new Error('in use'), { code: 'EADDRINUSE' }));
    }
    const seats = new Seats({ ...connectionCaps, ...how.caps });
    const server = { host: process.host, port, take, owner: process, seats, options: how };
    served.add(server);
    const close = async () => {
      served.delete(server);
    };
    return { host: at.host, port, close };
  }

  function dial(
    process: Process,
    { host, port, timeoutMs, signal }: Parameters<Transport['dial']>[0],
  ): Promise<Connection> {
    const address = addressText(host, port);
    const unreachable = (why: string) =>
      new FogrunError('link-unreachable', `${address} cannot be reached: ${why}`);
    if (signal.aborted) return Promise.reject(unreachable('given up before the attempt'));
    return new Promise((resolve, reject) => {
      const end = () => {
        clock.clearTimeout(answer);
        clock.clearTimeout(late);
        signal.removeEventListener('abort', giveUp);
      };
      const fail = (why: string) => {
        end();
        if (process.alive) reject(unreachable(why));
      };
      const giveUp = () => fail('given up');
      const answer = clock.setTimeout(() => {
        const server = serverFor(process.host, host, port);
        const way = wayBetween([process.host, server?.host ?? host]);
        if (!process.alive || way === 'blackHole' || way === 'stalled') return;
        if (way === 'refused' || !server) return fail('nothing listens there (ECONNREFUSED)');
        end();
        const near = connect(process, server, address);
        if (near) resolve(near);
        else reject(unreachable('the connection was reset (ECONNRESET)'));
      }, network.latencyMs());
      const late = clock.setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** `null` when there is no place left. */
  function connect(process: Process, server: Served, address: string): Connection | null {
    const seat = server.seats.take(process.host);
    // The tests' anonymous host has one name for all its connections.
    const near = process.host === 'test' ? 'edge.test:50000' : addressText(process.host, nextPort++);
    if (typeof seat === 'string') {
      server.options.turnedAway?.(near, `${seat} is reached`);
      return null;
    }
    const far = process.host === 'test' ? 'cloud.test:7070' : address;
    const latencyMs = () => network.latencyMs();
    const damage = (bytes: Uint8Array) => network.damage?.(bytes);
    const pair = connectedPair({ ...options, clock, latencyMs, damage, seat, names: { near, far } });
    made.push({ pair, hosts: [process.host, server.host] });
    const isLocal = process.host === server.host;
    process.ends.add([pair, 'near', isLocal]);
    server.owner.ends.add([pair, 'far', isLocal]);
    server.take(pair.far);
    return pair.near;
  }
}
