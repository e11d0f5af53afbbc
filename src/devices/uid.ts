/** TinkerForge UIDs: an unsigned 32-bit number, written in base58. */
import { FogrunError } from '../contract/errors.ts';
import { printable } from './text.ts';

const alphabet = '123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ';

/** Addresses every device at once. */
export const broadcastUid = 0;
/** The brick daemon itself. */
export const daemonUid = 1;

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
  const refuse = (why: string) =>
    new FogrunError('device-uid', `\`${printable(text, 20)}\` is not a TinkerForge UID: ${why}`);
  if (text === '') throw refuse('it is empty');
  if (text.length > 8) throw refuse('it is longer than 8 characters');
  let value = 0;
  for (const character of text) {
    const digit = alphabet.indexOf(character);
    if (digit < 0) throw refuse(`\`${printable(character)}\` is not a base58 character`);
    value = value * alphabet.length + digit;
  }
  if (value > 0xffff_ffff) throw refuse('it is too large; the largest is 7xwQ9g');
  if (value === broadcastUid) throw refuse('it stands for every device');
  if (value === daemonUid) throw refuse('it stands for the brick daemon');
  return value;
}

/** Base58 text of a UID. */
export function formatUid(uid: number): string {
  let text = '';
  for (let rest = uid; rest > 0 || text === ''; rest = Math.floor(rest / alphabet.length)) {
    text = alphabet[rest % alphabet.length]! + text;
  }
  return text;
}
