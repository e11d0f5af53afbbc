/** The page's files: those that the build put there and compressed, read once and kept. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { type Answer, Refused } from './answer.ts';

export interface Assets {
  /** `null` when there is no such file. @param name such as `page.js` */
  answer(name: string, request: IncomingMessage): Promise<Answer | null>;
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
};
const codings = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
] as const;

interface Asset {
  readonly etag: string;
  readonly bytes: (suffix: string) => Promise<Buffer>;
}

/** @param folder where the build put the page; ends with a slash */
export function createAssets(folder: URL): Assets {
  const known = new Map<string, Promise<Asset>>();
  let names: Promise<ReadonlySet<string>> | null = null;
  const list = async () => {
    // What has no compressed form is not part of the page.
    const files = await readdir(folder).catch(() => [] as string[]);
    return new Set(files.filter((file) => file.endsWith('.br')).map((file) => file.slice(0, -3)));
  };
  const load = async (name: string): Promise<Asset> => {
    const kept = new Map<string, Promise<Buffer>>();
    const bytes = (suffix: string) => {
      const found = kept.get(suffix) ?? readFile(new URL(`${name}${suffix}`, folder));
      kept.set(suffix, found);
      return found;
    };
    const hash = createHash('sha256')
      .update(await bytes(''))
      .digest('base64url');
    return { etag: hash.slice(0, 22), bytes };
  };
  return {
    async answer(name, request) {
      names ??= list();
      const all = await names;
      if (all.size === 0) {
        names = null;
        throw new Refused(503, 'internal', 'the page of the console was not built: `npm run build` does it');
      }
      if (!all.has(name)) return null;
      const asset = await (known.get(name) ?? known.set(name, load(name)).get(name)!);
      const accepted = String(request.headers['accept-encoding'] ?? '');
      const coding = codings.find((one) => new RegExp(`\\b${one.name}\\b(?!;q=0)`).test(accepted));
      const etag = `"${asset.etag}${coding ? `-${coding.name}` : ''}"`;
      const headers = {
        'content-type': types[name.split('.').at(-1)!] ?? 'application/octet-stream',
        'cache-control': 'no-cache',
        vary: 'accept-encoding',
        etag,
        ...(coding && { 'content-encoding': coding.name }),
      };
      if (request.headers['if-none-match'] === etag) return { status: 304, body: '', headers };
      return { status: 200, body: await asset.bytes(coding?.suffix ?? ''), headers };
    },
  };
}
