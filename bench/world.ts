/** Where a run takes place: a directory on the disk that is measured, free ports, processes that end with it. */
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { BarePipe } from './children/bare-pipe.ts';
import type { EdgesLoad } from './children/edges.ts';
import type { Load } from './children/load.ts';
import type { Relay } from './children/relay.ts';
import { Fogrun, type FogrunOptions, moved } from './fogrun.ts';
import { Remote } from './remote.ts';

/** Directory of package.json, upwards from this compiled file. */
export const root = (() => {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return directory;
})();

const main = join(root, 'dist/src/cli/main.js');

/** Where worlds are made. Not the system's directory for such things: that is often no disk at all. */
export const worldsDirectory = (): string => process.env.FOGRUN_BENCH_DIR ?? join(root, '.fogrun');

/** A pipeline file that ships with fogrun, or one of the benchmarks' own. */
export const shipped = (name: string): string => join(root, 'pipelines', name);
export const ownPipeline = (name: string): string => join(root, 'bench/pipelines', name);

/** Modules that run as children of the harness. */
interface Children {
  readonly load: Load;
  readonly 'bare-pipe': BarePipe;
  readonly relay: Relay;
  readonly edges: EdgesLoad;
}

/** Starts one of them. */
export function startChild<N extends keyof Children>(name: N): Remote<Children[N]> {
  return new Remote<Children[N]>(join(import.meta.dirname, 'children', `${name}.js`));
}

export interface PairOptions {
  /** Environment of both pipelines, over the world's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Edge pipeline; by default the shipped `ingest.yaml`. */
  readonly edge?: string;
  /** Further words of the command of each; by default none. */
  readonly words?: { readonly edge: readonly string[]; readonly cloud: readonly string[] };
  /** Put between edge and cloud; by default nothing is. */
  readonly relayDelayMs?: number;
  /** For both processes: what stands before `node`, such as `valgrind` and its arguments, and how long they may take to start with it. */
  readonly wrapped?: { readonly before: readonly string[]; readonly startDeadlineMs: number };
}

/** An edge that takes lines on `port`, greeted by its cloud. */
export interface Pair {
  readonly edge: Fogrun;
  readonly cloud: Fogrun;
  readonly port: number;
  readonly relay: Remote<Relay> | null;
}

const openWorlds = new Set<World>();

/** For the end of the harness in the middle of a run: no process and no file stays behind. */
export function abandonWorlds(): void {
  for (const world of openWorlds) world.abandon();
}

export class World {
  readonly directory: string;
  readonly #processes: Fogrun[] = [];
  readonly #closing: (() => Promise<void>)[] = [];
  #env: Record<string, string> = {};

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async open(): Promise<World> {
    await mkdir(worldsDirectory(), { recursive: true });
    const world = new World(await mkdtemp(join(worldsDirectory(), 'bench-')));
    openWorlds.add(world);
    world.defer(() => rm(world.directory, { recursive: true, force: true, maxRetries: 3 }));
    world.#env = {
      FOGRUN_STATE: world.directory,
      CLOUD_PORT: String(await freePort()),
      INGEST_PORT: String(await freePort()),
      TINKERFORGE_PORT: String(await freePort()),
      EDGE_ID: 'bench',
      RETRY_EVERY: '100ms',
      ROTATE_EVERY: '20ms',
      ROTATE_SIZE: '1MiB',
    };
    return world;
  }

  /** What the pipelines are told, by name. */
  get env(): Readonly<Record<string, string>> {
    return this.#env;
  }

  /** The cloud's files. */
  get data(): string {
    return join(this.directory, 'cloud', 'data');
  }

  /** Runs at the end, last one first. */
  defer(close: () => Promise<void>): void {
    this.#closing.push(close);
  }

  fogrun(words: readonly string[], options: Partial<FogrunOptions> = {}): Fogrun {
    const { PATH, HOME } = process.env;
    const fogrun = new Fogrun(main, words, {
      ...options,
      env: { ...(PATH ? { PATH } : {}), ...(HOME ? { HOME } : {}), ...this.#env, ...options.env },
    });
    this.#processes.push(fogrun);
    this.defer(() => fogrun.end('SIGKILL'));
    return fogrun;
  }

  child<N extends keyof Children>(name: N): Remote<Children[N]> {
    const child = startChild(name);
    this.defer(() => child.close());
    return child;
  }

  /** Starts cloud and edge, and waits until they have greeted each other. */
  async pair(options: PairOptions = {}): Promise<Pair> {
    const { relayDelayMs, edge: file = shipped('ingest.yaml'), env = {}, wrapped } = options;
    const before = wrapped?.before ?? [];
    const { words = { edge: [], cloud: [] } } = options;
    const cloud = this.fogrun([shipped('cloud.yaml'), ...words.cloud], { env: { ...env }, before });
    let relay: Remote<Relay> | null = null;
    let edgeEnv = env;
    if (relayDelayMs !== undefined) {
      relay = this.child('relay');
      const target = Number(this.#env.CLOUD_PORT);
      edgeEnv = { ...env, CLOUD_PORT: String(await relay.ask('open', { target, delayMs: relayDelayMs })) };
    }
    const edge = this.fogrun([file, ...words.edge], { env: edgeEnv, before });
    await edge.line(moved('uploader', 'idle'), wrapped?.startDeadlineMs);
    return { edge, cloud, relay, port: Number(this.#env.INGEST_PORT) };
  }

  async close(): Promise<void> {
    for (const close of this.#closing.splice(0).reverse()) {
      await close().catch((error) => process.stderr.write(`${error}\n`));
    }
    openWorlds.delete(this);
  }

  /** Ends everything at once, without waiting for it. Children of the harness end with it by themselves. */
  abandon(): void {
    for (const fogrun of this.#processes) fogrun.kill();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
