/** `--console [HOST:]PORT`. */
import { FogrunError } from '../contract/errors.ts';
import { printable } from '../domain/text.ts';

export interface ConsoleAddress {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** @throws FogrunError `usage` */
export function consoleAddress(text: string): ConsoleAddress {
  const found = /^(?:(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+):)?(\d{1,5})$/.exec(text);
  const port = Number(found?.[2]);
  if (!found || port > 65_535) {
    throw new FogrunError(
      'usage',
      `--console takes [HOST:]PORT, such as 7800 or 127.0.0.1:7800, not \`${printable(text, 60)}\``,
    );
  }
  return { host: found[1]?.replace(/^\[|\]$/g, '') ?? '127.0.0.1', port };
}
