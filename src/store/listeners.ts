/** Those who listen to a store. */
import type { StoreEvent } from '../contract/store.ts';

export class Listeners {
  readonly #all = new Set<(event: StoreEvent) => void>();
  #kept: StoreEvent[] = [];

  subscribe(listener: (event: StoreEvent) => void): () => void {
    const own = (event: StoreEvent) => listener(event);
    this.#all.add(own);
    for (const event of this.#kept.splice(0)) this.emit(event);
    return () => this.#all.delete(own);
  }

  /** As `emit`; what nobody listens for yet, such as on the way of opening, waits for the first who does. */
  tell(event: StoreEvent): void {
    if (this.#all.size > 0) this.emit(event);
    else this.#kept.push(event);
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
