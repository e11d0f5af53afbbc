/** Those who listen to a store. */
import type { StoreEvent } from '../contract/store.ts';

export class Listeners {
  readonly #all = new Set<(event: StoreEvent) => void>();

  subscribe(listener: (event: StoreEvent) => void): () => void {
    const own = (event: StoreEvent) => listener(event);
    this.#all.add(own);
    return () => this.#all.delete(own);
  }

  /** A listener that throws does not reach the store: it surfaces as an uncaught exception of its own. */
  emit(event: StoreEvent): void {
    for (const listener of [...this.#all]) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
