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
  /** Who has not greeted, of each address, oldest first; with what turns him out. */
  readonly #strangers = new Map<string, Map<Seat, (() => void) | undefined>>();
  #taken = 0;
  #ungreeted = 0;

  constructor(caps: ConnectionCaps) {
    this.#caps = caps;
  }

  get taken(): number {
    return this.#taken;
  }

  /**
   * A free place, or the one that has been on offer longest, or that of a stranger from an address that has more of them.
   * @param turnOut closes the connection while it is a stranger's; without it, it stays
   */
  take(address: string, turnOut?: () => void): Seat | CapReached {
    const reached = this.#capReached(address);
    if (reached && !this.#makeRoom(reached, address)) return reached;
    return this.#seat(address, turnOut);
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
    return reached === 'connections.ungreeted' && this.#turnOutStranger(address);
  }

  /** So that no single address can keep all others out. */
  #turnOutStranger(address: string): boolean {
    // One more than the newcomer's address would have: otherwise two would only change places.
    let most = (this.#strangers.get(address)?.size ?? 0) + 1;
    let yielding: Map<Seat, (() => void) | undefined> | undefined;
    for (const seats of this.#strangers.values()) {
      if (seats.size > most) [most, yielding] = [seats.size, seats];
    }
    for (const [seat, turnOut] of yielding ?? []) {
      if (!turnOut) continue;
      seat.leave();
      turnOut();
      return this.#capReached(address) === null;
    }
    return false;
  }

  #seat(address: string, turnOut: (() => void) | undefined): Seat {
    this.#taken += 1;
    this.#ungreeted += 1;
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    let stranger = true;
    let seated = true;
    const greeted = () => {
      if (!stranger) return;
      stranger = false;
      this.#ungreeted -= 1;
      const strangers = this.#strangers.get(address);
      strangers?.delete(seat);
      if (strangers?.size === 0) this.#strangers.delete(address);
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
    const strangers = this.#strangers.get(address) ?? new Map();
    this.#strangers.set(address, strangers.set(seat, turnOut));
    return seat;
  }
}
