/**
 * What both ends of a control socket agree on. Each end greets with the version it speaks. The client then asks
 * `{ id, ask, … }`; the server answers `{ id, answer }` or `{ id, problem }`, and tells watchers `{ id, watch, value }`.
 * A message too long for one frame comes as texts of its JSON, `{ part, more }`, one after the other.
 */
import { errorCodes, FogrunError, type Problem } from '../contract/errors.ts';
import { clip } from '../domain/text.ts';
import { type IpcMessage, isIpcMessage, messageBytesMax } from './ipc-wire.ts';

/** Version of the protocol; another one is another language. */
export const controlVersion = 1;

/** Bytes that may wait for a client that does not read; beyond them it is dropped. */
export const controlPendingBytesMax = 4 * 2 ** 20;
/** Longest text that is put together from parts, in UTF-16 code units. */
const joinedLengthMax = 8 * 2 ** 20;
/** In UTF-16 code units; each is at most three bytes of a frame, or six in rare halves of pairs at the ends. */
const partLength = 20_000;
/** Bytes of a segment's body in one answer: with base64 and what stands around it less than a frame. */
export const sliceBytes = 48_000;
/** Segments in one answer. */
export const segmentsPage = 1_000;

/** What a client says first. */
export interface ClientGreeting {
  readonly control: number;
  readonly agent: string;
  readonly pid: number | null;
}

/** What the server says to that. */
export interface ServerGreeting {
  readonly control: number;
  readonly agent: string;
  readonly pipeline: string;
  readonly pid: number;
}

/** The client's greeting, or `null` for what is none. */
export function readClientGreeting(data: unknown): ClientGreeting | null {
  if (!isIpcMessage(data) || !Number.isSafeInteger(data.control)) return null;
  const { control, agent, pid } = data;
  return {
    control: control as number,
    agent: clip(String(agent), 80),
    pid: Number.isSafeInteger(pid) && (pid as number) > 0 ? (pid as number) : null,
  };
}

/** The server's greeting, or `null` for what is none. */
export function readServerGreeting(data: unknown): ServerGreeting | null {
  if (!isIpcMessage(data)) return null;
  const { control, agent, pipeline, pid } = data;
  if (!Number.isSafeInteger(control) || !Number.isSafeInteger(pid)) return null;
  if (typeof agent !== 'string' || typeof pipeline !== 'string') return null;
  return { control: control as number, agent: clip(agent, 80), pipeline, pid: pid as number };
}

/** The frames of a message: itself if it fits into one. */
export function toFrames(message: IpcMessage): readonly IpcMessage[] {
  const text = JSON.stringify(message);
  if (text.length <= partLength || Buffer.byteLength(text) <= messageBytesMax) return [message];
  const frames: IpcMessage[] = [];
  for (let at = 0; at < text.length; at += partLength) {
    frames.push({ part: text.slice(at, at + partLength), more: at + partLength < text.length });
  }
  return frames;
}

/** Puts frames together again. Takes one; gives a message once it is whole, and `null` before. */
export function createJoiner(): (frame: IpcMessage) => IpcMessage | null {
  let parts: string[] = [];
  let length = 0;
  return (frame) => {
    if (typeof frame.part !== 'string') {
      if (parts.length > 0) throw new RangeError('a message broke off');
      return frame;
    }
    length += frame.part.length;
    if (length > joinedLengthMax) throw new RangeError('a message is too long');
    parts.push(frame.part);
    if (frame.more === true) return null;
    const text = parts.join('');
    parts = [];
    length = 0;
    const message: unknown = JSON.parse(text);
    if (!isIpcMessage(message)) throw new RangeError('a message is no object');
    return message;
  };
}

/** What the other side named as a problem; a code that this version does not know becomes `control-refused`. */
export function readProblem(data: unknown): Problem {
  const { code, message, advice } = isIpcMessage(data) ? data : ({} as IpcMessage);
  const known = typeof code === 'string' && Object.hasOwn(errorCodes, code);
  const text = typeof message === 'string' ? message : 'it did not say why';
  const to = (known ? code : 'control-refused') as Problem['code'];
  return {
    code: to,
    message: clip(known || code === undefined ? text : `${text} (${code})`, 4_000),
    advice: typeof advice === 'string' ? clip(advice, 4_000) : errorCodes[to].advice,
  };
}

/** As an error to throw. */
export const toError = ({ code, message, advice }: Problem): FogrunError =>
  new FogrunError(code, message, { advice });
