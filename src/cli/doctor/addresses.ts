/** Checks of addresses that pipelines listen on or connect to. */
import net from 'node:net';
import { addressText, listenError } from '../../contract/address.ts';
import type { Plan } from '../../contract/plan.ts';
import { type Check, type Finding, failure, good, warning } from './finding.ts';

interface Address {
  readonly host: string;
  readonly port: number;
  /** `pipeline/actor`. */
  readonly who: string;
  readonly pipeline: string;
  readonly kind: string;
}

/** Whoever listens has host and port of its own; whoever connects says where in `cloud` or `device`. */
function listeners(plans: readonly Plan[]): Address[] {
  return each(plans, (config) => config);
}
function targets(plans: readonly Plan[]): Address[] {
  return each(plans, ({ cloud, device }) => cloud ?? device);
}

/** Ten sensors at one daemon are one address. */
function together(addresses: readonly Address[]): Address[] {
  const found = new Map<string, Address>();
  for (const address of addresses) {
    const key = `${address.kind} ${addressText(address.host, address.port)}`;
    const before = found.get(key);
    found.set(key, before ? { ...before, who: `${before.who}, ${address.who}` } : address);
  }
  return [...found.values()];
}

type Config = Readonly<Record<string, unknown>>;

function each(plans: readonly Plan[], pick: (config: Config) => unknown): Address[] {
  return plans.flatMap(({ name: pipeline, actors }) =>
    actors.flatMap(({ name, kind, config }) => {
      const found = pick(config as Config) as { host?: unknown; port?: unknown } | undefined;
      const { host, port } = found ?? {};
      if (typeof host !== 'string' || typeof port !== 'number') return [];
      return [{ host, port, who: `${pipeline}/${name}`, pipeline, kind: kind.name }];
    }),
  );
}

const everywhere = ['0.0.0.0', '::'];
const home = ['localhost', '127.0.0.1', '::1', ...everywhere];
const meet = (a: Address, b: { host: string; port: number }) =>
  a.port === b.port && (a.host === b.host || everywhere.includes(a.host) || everywhere.includes(b.host));
const serves = (listener: Address, target: Address) =>
  listener.port === target.port &&
  (listener.host === target.host || (home.includes(listener.host) && home.includes(target.host)));

/** @param running pid of the process that runs a pipeline now, if any */
export function addressChecks(
  plans: readonly Plan[],
  running: (pipeline: string) => Promise<number | null>,
): Check[] {
  const all = listeners(plans).filter(({ port }) => port !== 0);
  const twice = all.flatMap((one, i) =>
    all
      .slice(i + 1)
      .flatMap((other) =>
        meet(one, other)
          ? [
              failure(
                'ports',
                `${one.who} and ${other.who} both listen on port ${one.port}`,
                'Give one of them another port.',
              ),
            ]
          : [],
      ),
  );
  const own = new Set(
    twice.length > 0 ? all.filter((one) => all.some((other) => one !== other && meet(one, other))) : [],
  );
  return [
    ...(twice.length > 0 ? [{ about: 'ports', run: async () => twice }] : []),
    ...all
      .filter((address) => !own.has(address))
      .map((address): Check => ({ about: 'ports', run: () => checkListener(address, running) })),
    ...together(targets(plans))
      .filter((target) => !all.some((listener) => serves(listener, target)))
      .map(
        (target): Check => ({
          about: target.kind === 'uploader' ? 'cloud' : 'devices',
          run: () => checkTarget(target),
        }),
      ),
  ];
}

async function checkListener(
  address: Address,
  running: (pipeline: string) => Promise<number | null>,
): Promise<Finding> {
  const { host, port, who, pipeline } = address;
  const where = addressText(host, port);
  const error = await tryListen(host, port);
  if (error === null) return good('ports', `${where} is free for ${who}`);
  const pid = error.code === 'EADDRINUSE' ? await running(pipeline) : null;
  if (pid !== null) return good('ports', `${where} is in use; ${pipeline} runs already, as process ${pid}`);
  const { message, advice } = listenError({ host, port }, error);
  return failure('ports', `${who}: ${message}`, advice);
}

function tryListen(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

const connectTimeoutMs = 3_000;

async function checkTarget({ host, port, who, kind }: Address): Promise<Finding> {
  const where = addressText(host, port);
  const about = kind === 'uploader' ? 'cloud' : 'devices';
  const wrong = await tryConnect(host, port);
  if (wrong === null) return good(about, `${where} takes connections, for ${who}`);
  const advice =
    kind === 'uploader'
      ? 'Start the cloud there, or check host, port and firewall; until then readings wait in the store.'
      : 'Start the brick daemon there, or check host and port; until then the time is told as a gap.';
  return warning(about, `${where} cannot be reached for ${who}: ${wrong}`, advice);
}

function tryConnect(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const end = (outcome: string | null) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(connectTimeoutMs, () => end(`no answer within ${connectTimeoutMs / 1_000}s`));
    socket.once('connect', () => end(null));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
