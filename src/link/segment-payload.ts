/** A segment as the payload of a frame, if this link may carry it. */
import { FogrunError } from '../contract/errors.ts';
import type { Compression, Hello, Welcome } from '../contract/link.ts';
import type { SegmentHeader } from '../domain/segment.ts';
import { encodeSegmentHead, segmentFrameLength } from './payloads.ts';
import { maySendFrame } from './zstd.ts';

/**
 * Head and body. Throws `segment-refused` when it is too long for this cloud, `internal` for what this side must not do.
 * @param where the cloud, for messages
 */
export function segmentPayload(
  { header, body, compression }: { header: SegmentHeader; body: Uint8Array; compression: Compression },
  hello: Pick<Hello, 'edge' | 'epoch'>,
  welcome: Pick<Welcome, 'frameBytesMax' | 'compression'>,
  where: string,
): readonly Uint8Array[] {
  const id = `${header.stream}/${header.sequence}`;
  const fits =
    compression === 'none' ? body.length === header.bytes : maySendFrame(body.length, header.bytes);
  if (header.edge !== hello.edge || header.epoch !== hello.epoch || !fits) {
    throw new FogrunError(
      'internal',
      `segment ${id} is not of this link's edge and epoch, or not of its length`,
    );
  }
  if (compression !== 'none' && compression !== welcome.compression) {
    throw new FogrunError('internal', `segment ${id} is compressed, which was not agreed`);
  }
  const length = segmentFrameLength(header);
  if (length > welcome.frameBytesMax) {
    throw new FogrunError(
      'segment-refused',
      `segment ${id} needs a frame of ${length} bytes, but ${where} takes ${welcome.frameBytesMax}`,
      { advice: 'Let the rotator seal smaller segments, or let the receiver take longer frames.' },
    );
  }
  try {
    return [encodeSegmentHead(header, compression), body];
  } catch (cause) {
    throw new FogrunError('internal', `segment ${id}: ${(cause as Error).message}`, { cause });
  }
}
