/**
 * Packets of the TinkerForge protocol (TCP/IP, "Low Level Protocols" of its documentation): an 8-byte
 * little-endian header and a payload of at most 72 bytes.
 */

/** Header and payload. */
export const packetBytesMax = 80;
export const headerBytes = 8;

/** Functions that belong to the protocol rather than to one device. */
export const protocolFunction = {
  getAuthenticationNonce: 1,
  authenticate: 2,
  disconnectProbe: 128,
  enumerateCallback: 253,
  enumerate: 254,
  getIdentity: 255,
} as const;

/** Bits 7-6 of the last header byte. */
export const wireError = { none: 0, invalidParameter: 1, functionNotSupported: 2 } as const;

export interface PacketHeader {
  readonly uid: number;
  /** Of the whole packet, in bytes. */
  readonly length: number;
  readonly functionId: number;
  /** 1 to 15; 0 in callbacks. */
  readonly sequence: number;
  readonly responseExpected: boolean;
  readonly error: number;
}

/** @param bytes at least 8 */
export function readHeader(bytes: Buffer): PacketHeader {
  const options = bytes[6]!;
  return {
    uid: bytes.readUInt32LE(0),
    length: bytes[4]!,
    functionId: bytes[5]!,
    sequence: options >> 4,
    responseExpected: (options & 0x08) !== 0,
    error: bytes[7]! >> 6,
  };
}

/** A whole packet; `length` comes from the payload. */
export function writePacket(header: Omit<PacketHeader, 'length'>, payload: Uint8Array): Buffer {
  const packet = Buffer.alloc(headerBytes + payload.length);
  packet.writeUInt32LE(header.uid, 0);
  packet[4] = packet.length;
  packet[5] = header.functionId;
  packet[6] = (header.sequence << 4) | (header.responseExpected ? 0x08 : 0);
  packet[7] = header.error << 6;
  packet.set(payload, headerBytes);
  return packet;
}

export interface PacketReader {
  /** Bytes of a packet that is not yet complete. */
  readonly pendingBytes: number;
  /**
   * Takes bytes as the network cut them. Whole packets go to `take` in order; when that returns false, what
   * follows is dropped. Returns false once a header was refused: from there on nothing can be read any more.
   */
  push(bytes: Buffer, take: (packet: Buffer, header: PacketHeader) => boolean): boolean;
}

/**
 * Cuts a byte stream into packets, holding at most one incomplete packet.
 * @param accepts whether a header makes sense, beyond its length; asked as soon as its 8 bytes are there
 */
export function createPacketReader(accepts: (header: PacketHeader) => boolean): PacketReader {
  let rest: Buffer = Buffer.alloc(0);
  let broken = false;
  return {
    get pendingBytes() {
      return rest.length;
    },
    push(bytes, take) {
      if (broken) return false;
      const input = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      rest = Buffer.alloc(0);
      let at = 0;
      while (input.length - at >= headerBytes) {
        const header = readHeader(input.subarray(at));
        if (header.length < headerBytes || header.length > packetBytesMax || !accepts(header)) {
          broken = true;
          return false;
        }
        if (input.length - at < header.length) break;
        if (!take(input.subarray(at, at + header.length), header)) return true;
        at += header.length;
      }
      rest = Buffer.from(input.subarray(at));
      return true;
    },
  };
}
