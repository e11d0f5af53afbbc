/** As much of MQTT 3.1.1 as a load and an archive with QoS 1 need: building packets, and cutting a stream into them. */

export const packetType = { connack: 2, publish: 3, puback: 4, suback: 9 } as const;

/** Packet identifiers are 16 bits and never 0. */
export const packetIdMax = 65_535;

const keepAliveSeconds = 600;
/** QoS 1 in the flags of a PUBLISH. */
const qos1Flag = 0b0010;
/** A PUBLISH that the broker says it may have sent before. */
const duplicateFlag = 0b1000;

const text = (value: string) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};

function packet(firstByte: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([firstByte, ...lengthBytes(body.length)]), body]);
}

/** Seven bits a byte, the lowest first; the highest bit says that another byte follows. */
function lengthBytes(length: number): number[] {
  const bytes: number[] = [];
  for (let rest = length; ; rest >>= 7) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest & 127) | 128);
  }
}

/** @param cleanSession false: the broker keeps what comes while the client is away */
export function connectPacket(clientId: string, cleanSession: boolean): Buffer {
  const level = 4;
  const keepAlive = [keepAliveSeconds >> 8, keepAliveSeconds & 0xff];
  const fixed = Buffer.from([level, cleanSession ? 0b10 : 0, ...keepAlive]);
  return packet(0x10, Buffer.concat([text('MQTT'), fixed, text(clientId)]));
}

export function subscribePacket(topic: string): Buffer {
  return packet(0x82, Buffer.concat([Buffer.from([0, 1]), text(topic), Buffer.from([1])]));
}

/** PUBLISH packets with QoS 1, one for each line of the same length, without its newline; ids go round. */
export function publishPackets(topic: string, lines: Buffer, lineBytes: number): Buffer {
  const topicBytes = text(topic);
  const bodyBytes = topicBytes.length + 2 + lineBytes - 1;
  const head = Buffer.concat([Buffer.from([0x30 | qos1Flag, ...lengthBytes(bodyBytes)]), topicBytes]);
  const count = lines.length / lineBytes;
  const out = Buffer.allocUnsafe(count * (head.length + 2 + lineBytes - 1));
  let at = 0;
  for (let n = 0; n < count; n++) {
    at += head.copy(out, at);
    at = out.writeUInt16BE((n % packetIdMax) + 1, at);
    at += lines.copy(out, at, n * lineBytes, (n + 1) * lineBytes - 1);
  }
  return out;
}

/** Acknowledgements for these ids. */
export function pubackPackets(ids: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(ids.length * 4);
  let at = 0;
  for (const id of ids) at = out.writeUInt16BE(id, out.writeUInt16BE(0x4002, at));
  return out;
}

export interface Packet {
  readonly type: number;
  /** Of a PUBLISH: the broker may have sent it before. */
  readonly duplicate: boolean;
  readonly body: Buffer;
}

/** Cuts what a socket gives into packets; what is not complete waits for the next piece. */
export class Packets {
  #rest: Buffer = Buffer.alloc(0);

  *take(piece: Buffer): Generator<Packet> {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = 0;
    for (;;) {
      let [length, shift, from] = [0, 0, at + 1];
      let more = true;
      while (more && from < bytes.length) {
        const byte = bytes[from++]!;
        length |= (byte & 127) << shift;
        shift += 7;
        more = byte >= 128;
      }
      if (more || from + length > bytes.length) break;
      const first = bytes[at]!;
      const duplicate = (first & duplicateFlag) !== 0;
      yield { type: first >> 4, duplicate, body: bytes.subarray(from, from + length) };
      at = from + length;
    }
    this.#rest = bytes.subarray(at);
  }
}

/** Id and payload of a PUBLISH with QoS 1. */
export function publishOf({ body }: Packet): { readonly id: number; readonly payload: Buffer } {
  const idAt = 2 + body.readUInt16BE(0);
  return { id: body.readUInt16BE(idAt), payload: body.subarray(idAt + 2) };
}
