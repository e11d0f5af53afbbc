/** What a client of a control socket asks with, checked. Throws `control-refused`. */
import { FogrunError } from '../contract/errors.ts';

export const wrong = (message: string) => new FogrunError('control-refused', message);

export function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw wrong(`\`${name}\` should be a text`);
  return value;
}

export function whole(value: unknown, name: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw wrong(`\`${name}\` should be a whole number`);
  return value as number;
}
