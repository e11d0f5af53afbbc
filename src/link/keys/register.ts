/** Who may come: tokens by their hash, and what was revoked. As files of a keys directory. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { FogrunError } from '../../contract/errors.ts';
import { namePattern } from '../../domain/segment.ts';

const name = z.string().regex(namePattern);
const time = z.iso.datetime();

const revokedFile = z.strictObject({
  revoked: z.array(z.strictObject({ serial: z.string().regex(/^[0-9A-F]{1,64}$/), name, at: time })),
});
const tokensFile = z.strictObject({
  tokens: z.array(
    z.strictObject({
      edge: name,
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      made: time,
      revoked: time.optional(),
    }),
  ),
});
const issuedFile = z.strictObject({
  issued: z.array(
    z.strictObject({
      serial: z.string().regex(/^[0-9A-F]{1,64}$/),
      name,
      as: z.enum(['server', 'device']),
      made: time,
      expires: time,
    }),
  ),
});

/** A certificate that counts no longer. */
export type Revoked = z.output<typeof revokedFile>['revoked'][number];
/** A token, known by its hash only. */
export type TokenEntry = z.output<typeof tokensFile>['tokens'][number];
/** A certificate that was made here, so that all of a name can be revoked. */
export type Issued = z.output<typeof issuedFile>['issued'][number];

/** All three take the text of a file, `null` for one that is not there, and throw `keys-unreadable`. */
export const parseRevoked = (text: string | null, file: string) =>
  parse(revokedFile, text, file)?.revoked ?? [];
export const parseTokens = (text: string | null, file: string) => parse(tokensFile, text, file)?.tokens ?? [];
export const parseIssued = (text: string | null, file: string) => parse(issuedFile, text, file)?.issued ?? [];

function parse<Schema extends z.ZodType>(
  schema: Schema,
  text: string | null,
  file: string,
): z.output<Schema> | null {
  if (text === null) return null;
  let why: string;
  try {
    const result = schema.safeParse(JSON.parse(text));
    if (result.success) return result.data;
    why = result.error.issues[0]!.path.join('.') || 'it has other keys than it should';
  } catch {
    why = 'it is not JSON';
  }
  throw new FogrunError('keys-unreadable', `${file} is not as \`fogrun keys\` writes it: ${why}`, {
    advice: 'Restore it from a backup. Nobody comes in on a list that cannot be read.',
  });
}

/** Longest token, in characters: what HELLO may carry. */
export const tokenLengthMax = 256;

/** What is kept of a token. A token is 256 random bits, so a plain hash tells nothing of it. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

/** The entry of a token; every entry is compared, each in constant time. */
export function findToken(tokens: readonly TokenEntry[], token: string): TokenEntry | null {
  const hash = Buffer.from(hashOfToken(token), 'hex');
  let found: TokenEntry | null = null;
  for (const entry of tokens) {
    if (timingSafeEqual(hash, Buffer.from(entry.sha256, 'hex'))) found = entry;
  }
  return found;
}
