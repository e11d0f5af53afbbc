/** The platform under the pipelines of a simulated world: always that of the life which its process has now. */

import { addressText } from '../contract/address.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { StorePlan } from '../contract/plan.ts';
import type { Transport } from '../contract/transport.ts';
import { zstdCompressAtOnce } from '../link/zstd.ts';
import type { OpenedStore } from '../runtime/pipeline-store.ts';
import type { Platform, StoreAbout } from '../runtime/platform.ts';
import { createCloudStore } from '../store/cloud-store.ts';
import { keys as edgeKeys, type StreamRecord } from '../store/edge-records.ts';
import { createEdgeStore } from '../store/edge-store.ts';
import { headroomBytes } from '../store/headroom.ts';
import { decodeRecord } from '../store/text.ts';
import type { SimDisk } from './disk.ts';
import type { Feeding } from './feeding.ts';
import { SimFiles } from './files.ts';
import { SimKv } from './kv.ts';
import type { Life, SimProcess } from './process.ts';
import { find } from './sorted.ts';
import type { SimSourceFiles } from './source-files.ts';
import { watchCloudStore } from './watch-cloud.ts';
import { watchEdgeStore } from './watch-edge.ts';
import type { World } from './world.ts';

/** What a simulation may see of the machine that it runs on, while it is made. */
export interface Outside {
  /** Bytes of a file; `null` when there is none. */
  readFile(path: string): Promise<Uint8Array | null>;
}

export function platformOf(process: SimProcess, world: World, feeding: Feeding): Platform {
  const life = (): Life => {
    if (!process.life) throw new Error(`${process.name} does not run`);
    return process.life;
  };
  return {
    get clock() {
      return life().clock;
    },
    get random() {
      return life().random;
    },
    transports: async () => (options) => {
      const transport = life().access.transportWith(options);
      const dial: Transport['dial'] = (target) => {
        world.storms.dialled(process.name, addressText(target.host, target.port));
        return transport.dial(target);
      };
      return { ...transport, dial };
    },
    devices: async () => ({
      connect: async (...wanted) => {
        const own = life();
        return world.measured.watch(own, await own.devices.connect(...wanted));
      },
      awaitDevice: (...wanted) => life().devices.awaitDevice(...wanted),
    }),
    emulator: async () => (options) => life().devices.startEmulator(options),
    sourceFiles: async () => feeding.files,
    readText: (file) => readText(feeding.files, file),
    http: async () => () => {
      throw new FogrunError('sim-kind-unknown', 'a simulation has no HTTP');
    },
    compress: async () => zstdCompressAtOnce,
    async openStore(plan, about) {
      const own = life();
      own.cursor = about.cursor;
      own.store = await openStore(process, own, world, plan, about);
      return own.store;
    },
  };
}

async function readText(files: SimSourceFiles, path: string): Promise<string> {
  const file = await files.open(path);
  if (!file) throw new FogrunError('file-unreadable', `${path} is not there`);
  const { size } = await file.facts();
  const bytes = new Uint8Array(size);
  await file.read(bytes, 0);
  return Buffer.from(bytes).toString('utf8');
}

async function openStore(
  process: SimProcess,
  life: Life,
  world: World,
  plan: StorePlan,
  about: StoreAbout,
): Promise<OpenedStore> {
  try {
    return await openOn(process, life, world, plan, about);
  } catch (thrown) {
    if (!(thrown instanceof FogrunError) || thrown.code !== 'store-corrupt') throw thrown;
    const { message, advice } = toProblem(thrown);
    const recovered: Problem = {
      code: 'store-corrupt',
      message: `${message}; it was moved aside, and a fresh store begins, in a new epoch`,
      advice,
    };
    process.disk.crash();
    process.disk.wipeStore();
    return { ...(await openOn(process, life, world, plan, about)), recovered };
  }
}

async function openOn(
  process: SimProcess,
  life: Life,
  world: World,
  plan: StorePlan,
  about: StoreAbout,
): Promise<OpenedStore> {
  const { disk, name } = process;
  const { clock, random } = life;
  const kv = new SimKv(disk, { clock });
  const common = { clock, random, bytesMax: plan.bytesMax, where: plan.path };
  if (plan.role === 'cloud') {
    const cloud = await createCloudStore(kv, new SimFiles(disk, clock), {
      ...common,
      consumers: about.consumers,
      headroomBytes: headroomBytes.cloud,
    });
    await cloud.resume();
    const watch = { name, telling: world.telling, ledgersOf: world.ledgersOf };
    return { edge: null, cloud: watchCloudStore(cloud, watch) };
  }
  const edge = await createEdgeStore(kv, {
    ...common,
    edge: about.edge,
    cursors: [about.cursor],
    freeBytes: async () => disk.freeBytes,
    whenFull: plan.whenFull,
    headroomBytes: headroomBytes.edge,
  });
  await edge.checkDisk();
  const { telling, isStored, pastsOf, measured } = world;
  measured.begin(process, life);
  return {
    edge: watchEdgeStore(edge, {
      ...{ name, ledger: process.ledger!, telling, isStored, pastsOf },
      lastOnDisk: (stream) => lastSeqOn(disk, stream),
      accepted: (batches) => {
        process.ledger!.lastMs = world.clock.monotonic();
        measured.accepted(life, batches);
      },
    }),
    cloud: null,
  };
}

function lastSeqOn({ store }: SimDisk, stream: string): number {
  const entry = find(store, edgeKeys.stream(stream));
  return entry ? decodeRecord<StreamRecord>(entry.value).nextSeq - 1 : 0;
}
