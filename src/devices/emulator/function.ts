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

export function u8(...values: number[]): Buffer {
  return Buffer.from(values);
}

export function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt16LE(value, 2 * index);
  });
  return bytes;
}

export function i16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16LE(value);
  return bytes;
}

export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value, 4 * index);
  });
  return bytes;
}

export function i32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeInt32LE(value, 4 * index);
  });
  return bytes;
}
