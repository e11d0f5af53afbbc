/** Bodies of requests, within bounds. */
import type { IncomingMessage } from 'node:http';
import { Refused } from './answer.ts';

const bodyBytesMax = 65_536;

/** Rejects with `console-request` when it is too long or breaks off. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const tooLong = () =>
    new Refused(413, 'console-request', `a body has at most ${bodyBytesMax / 1_024} KiB here`);
  if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) throw tooLong();
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    // Not by `for await`: it would destroy the connection with its answer when the body is too long.
    await new Promise<void>((resolve, reject) => {
      request.on('data', (piece: Buffer) => {
        length += piece.length;
        if (length > bodyBytesMax) reject(tooLong());
        else pieces.push(piece);
      });
      request.once('end', resolve);
      request.once('error', reject);
      request.once('close', () => reject(new Error('closed')));
    });
  } catch (thrown) {
    request.pause();
    if (thrown instanceof Refused) throw thrown;
    throw new Refused(400, 'console-request', 'the body broke off');
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Rejects with `console-request` unless it is JSON, and says so. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new Refused(415, 'console-request', 'the body is to be `application/json`');
  }
  const text = await readBody(request);
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(400, 'console-request', 'the body is no JSON');
  }
}
