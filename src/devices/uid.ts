/** UIDs as errors and the emulator use them; what they are stands in src/domain/uid.ts. */
import { FogrunError } from '../contract/errors.ts';
import { readUid } from '../domain/uid.ts';
import { printable } from './text.ts';

export { broadcastUid, daemonUid, formatUid } from '../domain/uid.ts';

/**
 * UID of the emulator's master brick. Whatever hangs on it is simulated: that is how readings get marked
 * even when the emulator runs on another machine, under another program.
 */
export const EMULATOR_MASTER_UID = 'FogEm';

/**
 * The number behind the text.
 * Throws `device-uid` when it is none, or one that no device can have.
 */
export function parseUid(text: string): number {
  const uid = readUid(text);
  if (typeof uid === 'number') return uid;
  throw new FogrunError('device-uid', `\`${printable(text, 20)}\` is not a TinkerForge UID: ${uid.wrong}`);
}
