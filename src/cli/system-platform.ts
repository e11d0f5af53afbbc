/** The platform that is there: the machine's clock, chance, sockets, devices, files and disk. */
import { readFile } from 'node:fs/promises';
import { systemClock, systemRandom } from '../runtime/clock.ts';
import type { Platform } from '../runtime/platform.ts';

const world = { clock: systemClock, random: systemRandom };

export const systemPlatform: Platform = {
  ...world,
  async transports() {
    const { createTcpTransport } = await import('../link/tcp.ts');
    return (options) => createTcpTransport({ clock: systemClock, ...options });
  },
  async identities() {
    const [{ createGate }, { createEdgeIdentity }] = await Promise.all([
      import('../link/gate.ts'),
      import('../link/edge-identity.ts'),
    ]);
    return { createGate, createEdgeIdentity };
  },
  async devices() {
    const { awaitDevice, connectDevice } = await import('../devices/client.ts');
    const env = ({ signal }: { readonly signal: AbortSignal }) => ({ clock: systemClock, signal });
    return {
      connect: (target, wish, options) => connectDevice(target, wish, env(options)),
      awaitDevice: (target, wish, options) => awaitDevice(target, wish, env(options)),
    };
  },
  async emulator() {
    return (await import('../devices/emulator/server.ts')).startEmulator;
  },
  async sourceFiles() {
    return (await import('../connectors/source-files.ts')).nodeSourceFiles;
  },
  readText: (file) => readFile(file, 'utf8'),
  async http() {
    return (await import('node:http')).createServer;
  },
  async compress() {
    return (await import('../link/zstd.ts')).zstdCompress;
  },
  async openStore(plan, { edge: name, cursor, consumers }) {
    const common = { dir: plan.path, bytesMax: plan.bytesMax, ...world };
    if (plan.role === 'edge') {
      const { openEdgeStore } = await import('../store/open-edge-store.ts');
      const { whenFull } = plan;
      const edge = await openEdgeStore({ ...common, edge: name, cursors: [cursor], whenFull });
      return { edge, cloud: null, recovered: edge.recovered };
    }
    const { openCloudStore } = await import('../store/open-cloud-store.ts');
    const cloud = await openCloudStore({ ...common, consumers });
    return { edge: null, cloud, recovered: cloud.recovered };
  },
};
