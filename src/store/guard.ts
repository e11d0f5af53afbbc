/** Notices that a store's directory was removed or replaced under its owner: LMDB would write on into a file without a name. */
import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Clock, Timer } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import { safeText } from './text.ts';

export interface GuardOptions {
  readonly clock: Clock;
  readonly dir: string;
  /** LMDB's data file. */
  readonly file: string;
  /** Whether `<dir>/owner.json` is still ours. */
  readonly isHeld: () => Promise<boolean>;
  /** Called once, when the directory is no longer ours. */
  readonly lost: (error: FogrunError) => void;
  /** Called after each look that found everything in place. */
  readonly well: () => void;
}

const everyMs = 1_000;
/** What `stat` says of something removed; anything else does not tell. */
const goneCodes = ['ENOENT', 'ENOTDIR', 'ESTALE'];

/** Looks about once a second until `stop`. */
export class Guard {
  readonly #options: GuardOptions;
  readonly #file: BigIntStats;
  #timer: Timer;
  #stopped = false;

  private constructor(options: GuardOptions, file: BigIntStats) {
    this.#options = options;
    this.#file = file;
    this.#arm();
  }

  /** To be called while the data file is the one LMDB has open. */
  static async start(options: GuardOptions): Promise<Guard> {
    return new Guard(options, await stat(options.file, { bigint: true }));
  }

  stop(): void {
    this.#stopped = true;
    this.#options.clock.clearTimeout(this.#timer);
  }

  #arm(): void {
    this.#timer = this.#options.clock.setTimeout(() => void this.#look(), everyMs);
  }

  /** One look at a time: a disk that does not answer is not asked again. */
  async #look(): Promise<void> {
    const { dir, lost, well } = this.#options;
    const what = await this.#complaint();
    if (this.#stopped) return;
    if (what === null) {
      well();
      this.#arm();
      return;
    }
    this.stop();
    lost(
      new FogrunError(
        'store-failed',
        `the store in ${safeText(dir)} was removed or replaced while it was open: ${what}`,
        {
          advice:
            'Find out what removes the directory and stop that; then start again. What was accepted and not yet acknowledged is only in what was removed.',
        },
      ),
    );
  }

  async #complaint(): Promise<string | null> {
    const { file, dir, isHeld } = this.#options;
    const now = await stat(file, { bigint: true }).catch((error: NodeJS.ErrnoException) => error.code ?? '');
    if (typeof now === 'string') {
      if (goneCodes.includes(now)) return `${safeText(file)} is gone`;
    } else if (now.ino !== this.#file.ino || now.dev !== this.#file.dev) {
      return `${safeText(file)} is another file`;
    }
    // What cannot be read does not tell.
    const held = await isHeld().catch(() => true);
    return held ? null : `${safeText(dir)}/owner.json is not that of this process`;
  }
}
