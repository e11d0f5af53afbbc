/** Greetings, segments and a running link for the tests of this folder. */

import type { Problem } from '../../src/contract/errors.ts';
import type { Hello, Refusal, Welcome } from '../../src/contract/link.ts';
import type { Acknowledgement } from '../../src/contract/port.ts';
import type { CloudMessage, ForecastMessage } from '../../src/domain/message.ts';
import {
  bodyHash,
  chainHash,
  noHash,
  type SegmentHeader,
  type SegmentType,
} from '../../src/domain/segment.ts';
import { openCloudLink } from '../../src/link/cloud-link.ts';
import { openEdgeLink } from '../../src/link/edge-link.ts';
import { encodeFrame, frameTypes, preamble } from '../../src/link/frames.ts';
import type { LinkLimits } from '../../src/link/limits.ts';
import { encodeSegmentHead } from '../../src/link/payloads.ts';
import { connectedPair, type PairOptions, rawPeer } from '../helpers/pair.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

export const zeros = '0'.repeat(64);

export const hello: Hello = {
  protocol: 1,
  edge: 'attic',
  epoch: '000102030405060708090a0b0c0d0e0f',
  token: 0,
  cloudEpoch: null,
  streams: { readings: { sealed: 1, sealedHash: zeros, acknowledged: 0, acknowledgedHash: zeros } },
  agent: 'fogrun/0.1.0',
  timeMs: 1_767_225_600_000,
  compression: [],
};

export const welcome: Welcome = {
  protocol: 1,
  cloudEpoch: 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff',
  token: 1,
  marks: {},
  windowSegments: 4,
  windowBytes: 1_048_576,
  frameBytesMax: 262_144,
  heartbeatMs: 1_000,
  agent: 'fogrun/0.1.0',
  timeMs: 1_767_225_600_000,
  compression: 'none',
};

/** A segment of the edge of `hello` with the right hashes. */
export function segment(
  sequence: number,
  options: {
    body?: Uint8Array;
    stream?: string;
    previousHash?: Uint8Array;
    type?: SegmentType;
    fromSeq?: number;
  } = {},
): { header: SegmentHeader; body: Uint8Array } {
  const body =
    options.body ??
    Buffer.from(
      `{"seq":${options.fromSeq ?? sequence},"device":"qBz","sensor":"pressure","time":"2026-01-01T00:00:00.000Z","value":1013.25,"unit":"hPa"}\n`,
    );
  const partial = {
    edge: hello.edge,
    epoch: hello.epoch,
    stream: options.stream ?? 'readings',
    sequence,
    type: options.type ?? ('readings' as const),
    fromSeq: options.fromSeq ?? sequence,
    count: 1,
    bytes: body.length,
    sealedAtMs: 1_767_225_615_000,
    bodyHash: bodyHash(body),
    previousHash: options.previousHash ?? noHash,
  };
  return { header: { ...partial, hash: chainHash(partial) }, body };
}

export function json(type: number, value: unknown): Uint8Array {
  return encodeFrame(type, Buffer.from(JSON.stringify(value)));
}

export const greetingBytes = Buffer.concat([preamble, json(frameTypes.hello, hello)]);
export const welcomeBytes = Buffer.concat([preamble, json(frameTypes.welcome, welcome)]);

export function segmentBytes({ header, body }: { header: SegmentHeader; body: Uint8Array }): Uint8Array {
  return encodeFrame(frameTypes.segment, encodeSegmentHead(header), body);
}

/** The frame of a segment with that in place of its body, marked as compressed. */
export function packedBytes(header: SegmentHeader, packed: Uint8Array): Uint8Array {
  return encodeFrame(frameTypes.segment, encodeSegmentHead(header, 'zstd'), packed);
}

/** Callbacks that write down what happens, in order. */
export function recorder() {
  const log: string[] = [];
  const record = {
    log,
    acks: [] as Acknowledgement[],
    messages: [] as CloudMessage[],
    refusals: [] as Refusal[],
    segments: [] as { header: SegmentHeader; body: Uint8Array }[],
    closes: [] as (Problem | undefined)[],
  };
  const after = (what: string) => {
    if (record.closes.length > 0) throw new Error(`${what} after closed`);
    log.push(what);
  };
  const on = {
    acknowledged(ack: Acknowledgement) {
      after(`ack ${ack.stream}/${ack.sequence}`);
      record.acks.push(ack);
    },
    message(message: CloudMessage) {
      after(`message ${message.type}`);
      record.messages.push(message);
    },
    refused(refusal: Refusal) {
      after(`refused ${refusal.code}`);
      record.refusals.push(refusal);
    },
    segment(header: SegmentHeader, body: Uint8Array) {
      after(`segment ${header.stream}/${header.sequence}`);
      record.segments.push({ header, body });
    },
    goodbye(reason: string) {
      after(`goodbye ${reason}`);
    },
    closed(problem?: Problem) {
      after(`closed ${problem?.code ?? 'in order'}`);
      record.closes.push(problem);
    },
  };
  return { ...record, on };
}

type NetworkOptions = Omit<PairOptions, 'clock'> & { limits?: Partial<LinkLimits>; hello?: Partial<Hello> };

/** Both ends of a link, not greeted yet. */
export function bothEnds(options: NetworkOptions = {}) {
  const clock = createVirtualClock();
  const pair = connectedPair({ clock, ...options });
  const limits = options.limits ?? {};
  const edgeSide = recorder();
  const cloudSide = recorder();
  const cloud = openCloudLink(pair.far, { clock, limits, on: cloudSide.on });
  const edge = openEdgeLink(pair.near, {
    clock,
    hello: { ...hello, ...options.hello },
    limits,
    on: edgeSide.on,
  });
  return { clock, pair, edge, cloud, edgeSide, cloudSide };
}

/** Both ends after the greeting. */
export async function greetedEnds(options: NetworkOptions & { welcome?: Partial<Welcome> } = {}) {
  const ends = bothEnds(options);
  await ends.clock.until(ends.cloud.hello);
  ends.cloud.welcome({ ...welcome, ...options.welcome });
  await ends.clock.until(ends.edge.greeting);
  return ends;
}

/** The cloud's end, and bytes written by hand on the other side. */
export function cloudAgainstBytes(options: NetworkOptions = {}) {
  const clock = createVirtualClock();
  const pair = connectedPair({ clock, ...options });
  const side = recorder();
  const cloud = openCloudLink(pair.far, { clock, limits: options.limits ?? {}, on: side.on });
  const peer = rawPeer(pair.near);
  return { clock, pair, cloud, side, peer };
}

/** The edge's end, and bytes written by hand on the other side. */
export function edgeAgainstBytes(options: NetworkOptions = {}) {
  const clock = createVirtualClock();
  const pair = connectedPair({ clock, ...options });
  const side = recorder();
  const edge = openEdgeLink(pair.near, { clock, hello, limits: options.limits ?? {}, on: side.on });
  const peer = rawPeer(pair.far);
  return { clock, pair, edge, side, peer };
}

/** Frames in what a raw peer received, without the preamble; heartbeats left out. */
export function framesIn(bytes: Uint8Array): { type: number; text: string }[] {
  const frames: { type: number; text: string }[] = [];
  const buffer = Buffer.from(bytes);
  let at = preamble.length;
  while (at + 4 <= buffer.length) {
    const length = buffer.readUInt32BE(at);
    const type = buffer[at + 4]!;
    if (type !== frameTypes.heartbeat) {
      frames.push({ type, text: buffer.subarray(at + 5, at + 4 + length).toString('utf8') });
    }
    at += 4 + length;
  }
  return frames;
}

/** A forecast as a cloud may send it. */
export const forecast: ForecastMessage = {
  type: 'forecast',
  stream: 'readings',
  sequence: 1,
  forecast: {
    sensor: 'pressure',
    readings: 15,
    mean: 1013.25,
    unit: 'hPa',
    tendency: -1.2,
    tendencyWord: 'falling slowly',
    spanMs: 10_800_000,
    text: 'Rain may come.',
  },
};
