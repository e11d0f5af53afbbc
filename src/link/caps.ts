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

/** One connection's place under the caps. All calls may be repeated. */
export interface Seat {
  greeted(): void;
  /** Offers the place to whoever comes when there is none left: `turnOut` has to `leave` it. Null takes the offer back. */
  mayYield(turnOut: (() => void) | null): void;
  leave(): void;
}

/** Which cap was reached, as the config of a listening kind names it. */
export type CapReached = 'connections.max' | 'connections.per-address' | 'connections.ungreeted';

export class Seats {
  readonly #caps: ConnectionCaps;
  readonly #byAddress = new Map<string, number>();
  /** Seats on offer, longest first. */
  readonly #offers = new Map<Seat, { readonly address: string; readonly turnOut: () => void }>();
  #taken = 0;
  #ungreeted = 0;

  constructor(caps: ConnectionCaps) {
    this.#caps = caps;
  }

  get taken(): number {
    return this.#taken;
  }

  /** A free place, or the one that has been on offer longest. */
  take(address: string): Seat | CapReached {
    const reached = this.#capReached(address);
    if (reached && !this.#makeRoom(reached, address)) return reached;
    return this.#seat(address);
  }

  /** That of the address first: a place that is freed for it is free among all. */
  #capReached(address: string): CapReached | null {
    const { maxConnections, maxConnectionsPerAddress, maxUngreeted } = this.#caps;
    if ((this.#byAddress.get(address) ?? 0) >= maxConnectionsPerAddress) return 'connections.per-address';
    if (this.#taken >= maxConnections) return 'connections.max';
    if (this.#ungreeted >= maxUngreeted) return 'connections.ungreeted';
    return null;
  }

  #makeRoom(reached: CapReached, address: string): boolean {
    for (const offer of this.#offers.values()) {
      if (reached === 'connections.per-address' && offer.address !== address) continue;
      offer.turnOut();
      return this.#capReached(address) === null;
    }
    return false;
  }

  #seat(address: string): Seat {
    this.#taken += 1;
    this.#ungreeted += 1;
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    let stranger = true;
    let seated = true;
    const greeted = () => {
      if (stranger) this.#ungreeted -= 1;
      stranger = false;
    };
    const seat: Seat = {
      greeted,
      mayYield: (turnOut) => {
        if (!seated || !turnOut) this.#offers.delete(seat);
        else if (!this.#offers.has(seat)) this.#offers.set(seat, { address, turnOut });
      },
      leave: () => {
        if (!seated) return;
        seated = false;
        greeted();
        this.#offers.delete(seat);
        this.#taken -= 1;
        const left = this.#byAddress.get(address)! - 1;
        if (left > 0) this.#byAddress.set(address, left);
        else this.#byAddress.delete(address);
      },
    };
    return seat;
  }
}
