/** How long the event loop of this process stood still. Looked at only while somebody wants to know: a timer that runs costs an idle machine its rest. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** A timer of the runtime's own, which runs no code of ours: shorter stalls may be missed. */
const resolutionMs = 20;

export class LoopWatch {
  readonly #delays: ReturnType<typeof monitorEventLoopDelay>;
  #watchers = 0;

  constructor() {
    this.#delays = monitorEventLoopDelay({ resolution: resolutionMs });
  }

  /** @returns ends it; may be called again */
  begin(): () => void {
    this.#watchers += 1;
    if (this.#watchers === 1) {
      this.#delays.reset();
      this.#delays.enable();
    }
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#watchers -= 1;
      if (this.#watchers === 0) this.#delays.disable();
    };
  }

  /** The longest since somebody watches; `null` while nobody does. */
  get stallMsMax(): number | null {
    if (this.#watchers === 0) return null;
    // Nothing was counted yet.
    if (this.#delays.count === 0) return 0;
    return Math.max(0, this.#delays.max / 1e6 - resolutionMs);
  }
}
