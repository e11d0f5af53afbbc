/** How many connections a receiver keeps: in all, of one address, and of strangers who have not greeted. */

export interface ConnectionCaps {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** Connections that were accepted and not yet welcomed. */
  readonly maxUngreeted: number;
}

export const connectionCaps: ConnectionCaps = {
  maxConnections: 8_192,
  maxConnectionsPerAddress: 2_048,
  maxUngreeted: 1_024,
};

/** One connection's place under the caps. Both calls may be repeated. */
export interface Seat {
  greeted(): void;
  leave(): void;
}

/** Which cap was reached. */
export type CapReached = keyof ConnectionCaps;

export class Seats {
  readonly #caps: ConnectionCaps;
  readonly #byAddress = new Map<string, number>();
  #taken = 0;
  #ungreeted = 0;

  constructor(caps: ConnectionCaps) {
    this.#caps = caps;
  }

  get taken(): number {
    return this.#taken;
  }

  take(address: string): Seat | CapReached {
    const before = this.#byAddress.get(address) ?? 0;
    if (this.#taken >= this.#caps.maxConnections) return 'maxConnections';
    if (before >= this.#caps.maxConnectionsPerAddress) return 'maxConnectionsPerAddress';
    if (this.#ungreeted >= this.#caps.maxUngreeted) return 'maxUngreeted';
    this.#taken += 1;
    this.#ungreeted += 1;
    this.#byAddress.set(address, before + 1);
    let stranger = true;
    let seated = true;
    const greeted = () => {
      if (stranger) this.#ungreeted -= 1;
      stranger = false;
    };
    return {
      greeted,
      leave: () => {
        if (!seated) return;
        seated = false;
        greeted();
        this.#taken -= 1;
        const left = this.#byAddress.get(address)! - 1;
        if (left > 0) this.#byAddress.set(address, left);
        else this.#byAddress.delete(address);
      },
    };
  }
}
