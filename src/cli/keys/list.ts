/** `fogrun keys list`: what is there, whose it is, and how long it lasts. */
import { styleText } from 'node:util';
import { FogrunError } from '../../contract/errors.ts';
import { daysLeft, warnDays } from '../../link/keys/certificate.ts';
import type { Held, KeyBook } from './book.ts';
import type { KeysOptions } from './keys.ts';

interface Row {
  readonly name: string;
  readonly as: Held['as'] | 'token';
  readonly state: 'valid' | 'ends soon' | 'expired' | 'not valid yet' | 'revoked';
  readonly expires: string | null;
  readonly days: number | null;
  readonly about: string;
}

export async function listKeys(book: KeyBook, options: KeysOptions): Promise<number> {
  const [held, tokens] = [await book.held(), await book.tokens()];
  if (held.length === 0 && tokens.length === 0) {
    throw new FogrunError('keys-unreadable', `${book.dir} is no keys directory`, {
      advice: '`fogrun keys init` makes one; --dir or FOGRUN_TLS says where it is.',
    });
  }
  const now = options.now();
  const rows: Row[] = [
    ...held.map((one) => certificateRow(one, now)),
    ...tokens.map(
      ({ edge, sha256, made, revoked }): Row => ({
        name: edge,
        as: 'token',
        state: revoked ? 'revoked' : 'valid',
        expires: null,
        days: null,
        about: `${sha256.slice(0, 8)}…, made ${made.slice(0, 10)}`,
      }),
    ),
  ];
  if (options.json) options.say(JSON.stringify({ dir: book.dir, keys: rows }));
  else for (const line of table(rows)) options.say(line);
  return 0;
}

function certificateRow({ as, name, facts, revoked }: Held, now: number): Row {
  const days = daysLeft(facts, now);
  let state: Row['state'] = days < warnDays ? 'ends soon' : 'valid';
  if (now < facts.fromMs) state = 'not valid yet';
  if (now > facts.toMs) state = 'expired';
  if (revoked) state = 'revoked';
  const about = as === 'server' ? facts.hosts.join(', ') : '';
  return { name, as, state, expires: new Date(facts.toMs).toISOString().slice(0, 10), days, about };
}

const tones = {
  valid: 'green',
  'ends soon': 'yellow',
  expired: 'red',
  'not valid yet': 'yellow',
  revoked: 'gray',
} as const;

function table(rows: readonly Row[]): string[] {
  const colour = process.stdout.isTTY && !process.env.NO_COLOR;
  const cells = rows.map(({ name, as, state, expires, days, about }) => [
    name,
    as,
    state,
    expires === null ? '-' : `${expires} (${days} days)`,
    about,
  ]);
  const all = [['NAME', 'WHAT', 'STATE', 'ENDS', 'ABOUT'], ...cells];
  const widths = all[0]!.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  return all.map((row, i) => {
    const line = row.map((cell, j) => {
      const padded = j === row.length - 1 ? cell : cell.padEnd(widths[j]!);
      if (!colour || i === 0 || j !== 2) return padded;
      return styleText(tones[rows[i - 1]!.state], padded, { validateStream: false });
    });
    return line.join('  ').trimEnd();
  });
}
