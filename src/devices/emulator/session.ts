/** One client of the emulator: cuts its bytes into requests and answers them as a real brick daemon does. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Random } from '../../contract/clock.ts';
import {
  createPacketReader,
  headerBytes,
  type PacketHeader,
  protocolFunction,
  wireError,
  writePacket,
} from '../packet.ts';
import { broadcastUid, daemonUid } from '../uid.ts';
import { type EmulatedDevice, writeIdentity } from './device.ts';
import { invalid } from './function.ts';

/** A client that leaves more than this unread is dropped: one that sleeps must not eat the memory of all. */
const unsentBytesMax = 256 * 1024;
const nonceBytes = 4;
const digestBytes = 20;

/** What a session needs of the emulator. */
export interface Stack {
  /** Empty: authentication is off. */
  readonly secret: string;
  readonly random: Random;
  device(uid: number): EmulatedDevice | undefined;
  /** Has every device name itself to every client. */
  enumerate(): void;
}

export interface Session {
  /** Sends a callback, if the client may see any. */
  callback(packet: Buffer): void;
  destroy(): void;
}

/** @param onClose called once */
export function openSession(socket: Socket, stack: Stack, onClose: () => void): Session {
  let authenticated = stack.secret === '';
  let nonce: Uint8Array | undefined;
  const reader = createPacketReader((header) => header.sequence !== 0 && header.functionId !== 0);

  const send = (packet: Buffer) => {
    if (socket.destroyed) return;
    socket.write(packet);
    if (socket.writableLength > unsentBytesMax) socket.destroy();
  };
  const answer = (header: PacketHeader, payload: Uint8Array, error: number = wireError.none) => {
    if (header.responseExpected) send(writePacket({ ...header, error }, payload));
  };
  const refuse = (header: PacketHeader, error: number) => answer(header, Buffer.alloc(0), error);

  const handleDaemon = (header: PacketHeader, payload: Buffer) => {
    const { getAuthenticationNonce, authenticate } = protocolFunction;
    if (header.functionId !== getAuthenticationNonce && header.functionId !== authenticate) {
      return refuse(header, wireError.functionNotSupported);
    }
    if (stack.secret === '') return socket.destroy();
    const isNonce = header.functionId === getAuthenticationNonce;
    if (payload.length !== (isNonce ? 0 : nonceBytes + digestBytes)) {
      return refuse(header, wireError.invalidParameter);
    }
    if (isNonce) {
      nonce = stack.random.bytes(nonceBytes);
      return answer(header, nonce);
    }
    if (!nonce || !isDigest(stack.secret, nonce, payload)) return socket.destroy();
    // Each nonce counts once.
    nonce = undefined;
    authenticated = true;
    answer(header, Buffer.alloc(0));
  };
  const handle = (packet: Buffer, header: PacketHeader) => {
    const payload = packet.subarray(headerBytes);
    if (header.functionId === protocolFunction.disconnectProbe) return;
    if (header.uid === daemonUid) return handleDaemon(header, payload);
    if (!authenticated) return;
    if (header.uid === broadcastUid) {
      if (header.functionId === protocolFunction.enumerate) stack.enumerate();
      return;
    }
    const device = stack.device(header.uid);
    if (!device) return;
    if (header.functionId === protocolFunction.getIdentity) {
      return payload.length === 0
        ? answer(header, writeIdentity(device.identity))
        : refuse(header, wireError.invalidParameter);
    }
    const called = device.functions.get(header.functionId);
    if (!called) return refuse(header, wireError.functionNotSupported);
    const result = payload.length === called.payloadBytes ? called.answer(payload) : invalid;
    if (result === invalid) return refuse(header, wireError.invalidParameter);
    answer(header, result);
  };

  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  socket.on('data', (bytes) => {
    // One write for all that these bytes ask for.
    socket.cork();
    const readable = reader.push(bytes, (packet, header) => {
      handle(packet, header);
      return !socket.destroyed;
    });
    socket.uncork();
    if (!readable) socket.destroy();
  });
  // `close` follows, and tells all there is to know.
  socket.on('error', () => {});
  socket.once('close', onClose);
  return {
    callback(packet) {
      if (authenticated) send(packet);
    },
    destroy: () => socket.destroy(),
  };
}

/** @param payload client nonce, then HMAC-SHA1 over server and client nonce, keyed by the secret */
function isDigest(secret: string, serverNonce: Uint8Array, payload: Buffer): boolean {
  const wanted = createHmac('sha1', Buffer.from(secret, 'ascii'))
    .update(serverNonce)
    .update(payload.subarray(0, nonceBytes))
    .digest();
  return timingSafeEqual(wanted, payload.subarray(nonceBytes));
}
