/** What comes to a simulated machine from outside of it: files that its sources read, and programs that send lines. */
import type { Plan } from '../contract/plan.ts';
import { type LineFeeder, startLineFeeder, startLogFeeder } from './feeders.ts';
import type { SimNetwork } from './network.ts';
import { seededRandom } from './random.ts';
import { SimSourceFiles } from './source-files.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Pace of what is sent and written, ms. */
const everyMs = 1_000;
/** A log is rotated after so many lines. */
const rotateAfter = 1_000;
const sensor = 'value';

export interface Feeding {
  readonly files: SimSourceFiles;
  /** Once. */
  start(): void;
  stop(): void;
  /** Readings that sources said to be accepted. */
  readonly acknowledged: number;
}

export interface FeedingOptions {
  /** Name of the process. */
  readonly name: string;
  readonly plan: Plan;
  readonly seed: number;
  /** Of the world. */
  readonly clock: VirtualClock;
  readonly network: SimNetwork;
  /** Bytes of a file of the machine that the simulation runs on; `null` when there is none. */
  readonly readFile: (path: string) => Promise<Uint8Array | null>;
}

/** Files that are read once are taken from the real machine, as they are now; others grow in the virtual world. */
export async function feedingOf(options: FeedingOptions): Promise<Feeding> {
  const { name, plan, seed, clock, network } = options;
  const files = new SimSourceFiles(clock);
  const stopping = new AbortController();
  const { signal } = stopping;
  const senders: LineFeeder[] = [];
  const starts: (() => void)[] = [];
  for (const { name: device, kind, config } of plan.actors) {
    const { path, mode, port, acks } = config as {
      path: string;
      mode?: string;
      port: number;
      acks: boolean;
    };
    for (const file of shapeFiles(config)) {
      const bytes = await options.readFile(file);
      if (bytes) files.put(file, bytes);
    }
    const common = { clock, device, sensor, everyMs, signal };
    if (kind.name === 'csv-source' || (kind.name === 'file-source' && mode === 'once')) {
      const bytes = await options.readFile(path);
      if (bytes) files.put(path, bytes);
    } else if (kind.name === 'file-source') {
      starts.push(() => startLogFeeder({ ...common, files, path, rotateAfter }));
    } else if (kind.name === 'tcp-source') {
      const random = seededRandom(seed, `sender ${name} ${device}`);
      const { transport } = network.join(name);
      // By its name, so that nobody else is fed while it is down.
      const sender = { ...common, transport, host: name, port, random, acks };
      starts.push(() => senders.push(startLineFeeder(sender)));
    }
  }
  return {
    files,
    start() {
      for (const start of starts.splice(0)) start();
    },
    stop: () => stopping.abort(),
    get acknowledged() {
      return senders.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
    },
  };
}

/** Files that the devices of an emulator take their values from. */
function shapeFiles(config: unknown): string[] {
  if (typeof config !== 'object' || config === null) return [];
  const { shape, file } = config as { shape?: unknown; file?: unknown };
  if (shape === 'csv' && typeof file === 'string') return [file];
  return Object.values(config).flatMap(shapeFiles);
}
