/** Functions of an emulated device: one entry answers one function id. */

/** What a function answers when it does not take the parameters. */
export const invalid = Symbol('invalid parameter');

export interface DeviceFunction {
  /** Exact length of a request's payload; any other is an invalid parameter. */
  readonly payloadBytes: number;
  /** Payload of the answer; empty for setters. */
  answer(payload: Buffer): Uint8Array | typeof invalid;
}

/** A function without parameters. */
export function getter(answer: () => Uint8Array): DeviceFunction {
  return { payloadBytes: 0, answer };
}

/** A function without answer; `take` returns false for parameters out of range. */
export function setter(payloadBytes: number, take: (payload: Buffer) => boolean): DeviceFunction {
  return { payloadBytes, answer: (payload) => (take(payload) ? empty : invalid) };
}

const empty = new Uint8Array(0);
