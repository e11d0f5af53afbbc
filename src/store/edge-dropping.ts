/** When policies drop, and how much: at the quota, and beyond what a cursor may keep. */
import type { KvWriter } from '../contract/kv.ts';
import type { Backlog, Dropped, Retention, WhenFull } from '../contract/store.ts';
import type { Changes } from './edge-changes.ts';
import { addDropped, type DropOrder, dropOldest } from './edge-drop.ts';
import type { EdgeStoreOptions } from './edge-options.ts';
import { retentionOrder } from './edge-retention.ts';
import type { Quota } from './quota.ts';

/** Beyond what is needed, this part of the quota is freed, so that it is not for each batch anew. */
const moreShare = 1 / 16;

/** One transaction. */
export type Run = <T>(work: (changes: Changes, writer: KvWriter) => T) => Promise<T>;

interface DroppingEnv {
  readonly options: EdgeStoreOptions;
  readonly quota: Quota;
  readonly run: Run;
  readonly dropped: (dropped: Dropped, text: string) => void;
}

export class Dropping {
  /** A reload may change it. */
  whenFull: WhenFull;
  readonly #env: DroppingEnv;

  constructor(env: DroppingEnv) {
    this.#env = env;
    this.whenFull = env.options.whenFull ?? 'block';
  }

  /** Whether something is to be dropped before so many bytes are appended. */
  wanted(bytes: number): boolean {
    return this.whenFull === 'drop-oldest' && this.#env.quota.shortBy(bytes) > 0;
  }

  /** Drops what is oldest until so many bytes fit, those that found no room last unless told; or nothing more may go. */
  async makeRoom(bytes = this.#env.quota.wanted): Promise<void> {
    if (!this.wanted(bytes)) return;
    const { quota } = this.#env;
    const { bytesMax } = quota.status();
    for (let short = quota.shortBy(bytes); short > 0; short = quota.shortBy(bytes)) {
      const goal = short + bytesMax * moreShare;
      const dropped = await this.#drop({
        goesOn: ({ freed }) => freed < goal,
        alsoOpen: true,
        text: 'The store was full, and the oldest are dropped then (`when-full: drop-oldest`).',
      });
      if (!dropped) return;
      await quota.checkDisk(true);
    }
  }

  /** @returns what was dropped, `null` for nothing */
  async retain(retention: Retention, backlog: () => Backlog): Promise<Dropped | null> {
    for (let all: Dropped | null = null; ; ) {
      const order = retentionOrder(retention, backlog(), this.#env.options.clock.now());
      const dropped = order && (await this.#drop(order));
      if (!dropped) return all;
      all = addDropped(all, dropped);
    }
  }

  async #drop(order: DropOrder): Promise<Dropped | null> {
    const now = this.#env.options.clock.now();
    const dropped = await this.#env.run((changes, writer) => dropOldest(changes, writer, order, now));
    if (dropped) this.#env.dropped(dropped, order.text);
    return dropped;
  }
}
