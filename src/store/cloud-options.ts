/** What a cloud's store is opened with. */
import type { Clock, Random } from '../contract/clock.ts';

export interface CloudStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Bytes that may wait to become files. */
  readonly bytesMax: number;
  /** Who works on every stored segment of readings, such as a forecaster. */
  readonly consumers: readonly string[];
  /** Bytes of the disk that are left alone. */
  readonly headroomBytes?: number;
  /** What messages call this store. */
  readonly where?: string;
}
