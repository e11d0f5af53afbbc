/**
 * What pipelines stand on: all that bindings take from the outside. Real: src/cli/system-platform.ts; simulated:
 * src/sim. What is loaded comes as a promise, so that a pipeline loads only what it uses.
 */
import type { createServer } from 'node:http';
import type { SourceFiles } from '../connectors/source-files.ts';
import type { Clock, Random } from '../contract/clock.ts';
import type { Device, DeviceTarget, DeviceWish } from '../contract/device.ts';
import type { StorePlan } from '../contract/plan.ts';
import type { Transport } from '../contract/transport.ts';
import type { StartEmulator } from '../devices/emulator/server.ts';
import type { ConnectionCaps } from '../link/caps.ts';
import type { createEdgeIdentity } from '../link/edge-identity.ts';
import type { createGate } from '../link/gate.ts';
import type { SecureDial, SecureListen } from '../link/secure.ts';
import type { Compress } from '../link/zstd.ts';
import type { OpenedStore } from './pipeline-store.ts';

/** How one actor's connections are to be. */
export interface TransportOptions {
  /** Caps of each listener. */
  readonly caps?: Partial<ConnectionCaps>;
  /** A connection was closed at once because a cap was reached, or could not be accepted: to be counted and shown. */
  readonly turnedAway?: (remote: string, why: string) => void;
  /** What connections go through, such as TLS; a simulated network has nothing to hide. */
  readonly secure?: Partial<SecureDial & SecureListen> | undefined;
}

/** Who comes in at a receiver, and who an edge is to it. */
export interface Identities {
  readonly createGate: typeof createGate;
  readonly createEdgeIdentity: typeof createEdgeIdentity;
}

/** Devices behind brick daemons. Aborting `signal` ends the attempt, and later closes the device. */
export interface DeviceClient {
  connect(target: DeviceTarget, wish: DeviceWish, env: { readonly signal: AbortSignal }): Promise<Device>;
  /** Resolves when a device that would fit is plugged in, or with `orPresent` is there. */
  awaitDevice(
    target: DeviceTarget,
    wish: { readonly type: string; readonly orPresent: boolean },
    env: { readonly signal: AbortSignal },
  ): Promise<void>;
}

/** What a store is opened for, beside its plan. */
export interface StoreAbout {
  /** Edge id from the file, or empty. */
  readonly edge: string;
  readonly cursor: string;
  readonly consumers: readonly string[];
}

export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  transports(): Promise<(options: TransportOptions) => Transport>;
  /** Absent where everybody is who they say. */
  identities?(): Promise<Identities>;
  devices(): Promise<DeviceClient>;
  emulator(): Promise<StartEmulator>;
  /** Files that sources read. */
  sourceFiles(): Promise<SourceFiles>;
  /** A whole file that a pipeline names, as text. */
  readText(file: string): Promise<string>;
  /** Makes the server of an `http-source`. */
  http(): Promise<typeof createServer>;
  /** In a simulation it works at once, so that the order of events does not depend on the machine. */
  compress(): Promise<Compress>;
  openStore(plan: StorePlan, about: StoreAbout): Promise<OpenedStore>;
}
