/** Bundles the console's page: `npm run build` runs it after the compiler. Not part of the program. */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = new URL('../../../', import.meta.url);
const page = new URL('src/console/page/', root);
const out = new URL('dist/src/console/page/', root);
const path = (url: URL) => fileURLToPath(url);

await mkdir(out, { recursive: true });
for (const name of await readdir(out)) if (name.startsWith('part-')) await rm(new URL(name, out));
await build({
  entryPoints: [{ in: path(new URL('main.tsx', page)), out: 'page' }],
  outdir: path(out),
  // Views that are not seen at first come in parts.
  splitting: true,
  chunkNames: 'part-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
});
await build({
  entryPoints: [path(new URL('page.css', page))],
  outfile: path(new URL('page.css', out)),
  bundle: true,
  minify: true,
});
await build({
  entryPoints: [path(new URL('elk/elk.ts', page))],
  outfile: path(new URL('elk.js', out)),
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  banner: {
    js: '/*! With parts of elkjs (EPL-2.0, https://github.com/kieler/elkjs), of which elk-worker.js is an unchanged file. */',
  },
});
await build({
  entryPoints: [path(new URL('weather/uplot.ts', page))],
  outfile: path(new URL('uplot.js', out)),
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'inline',
});
await copyFile(new URL('node_modules/elkjs/lib/elk-worker.min.js', root), new URL('elk-worker.js', out));
await build({
  entryPoints: [path(new URL('sign-in.css', page))],
  outfile: path(new URL('sign-in.css', out)),
  bundle: true,
  minify: true,
});
for (const name of ['index.html', 'sign-in.html']) await copyFile(new URL(name, page), new URL(name, out));
const signInFaults = ['wrong', 'busy'];
for (const fault of signInFaults) await writeSignInSaying(fault);
await compress();

/** The form with one of its sentences brought to light: it needs no script. */
async function writeSignInSaying(fault: string): Promise<void> {
  const form = await readFile(new URL('sign-in.html', page), 'utf8');
  const said = form.replace(`class="fault" id="${fault}"`, `class="fault is-said" id="${fault}"`);
  if (said === form) throw new Error(`sign-in.html has no sentence for ${fault}`);
  await writeFile(new URL(`sign-in-${fault}.html`, out), said);
}

/** The console serves what has a compressed form, and nothing else of that folder. */
async function compress(): Promise<void> {
  const served = [
    'index.html',
    'page.js',
    'page.css',
    'sign-in.html',
    ...signInFaults.map((fault) => `sign-in-${fault}.html`),
    'sign-in.css',
    'elk.js',
    'uplot.js',
    'elk-worker.js',
  ];
  const there = new Set(await readdir(out));
  const write = async (name: string) => {
    const bytes = await readFile(new URL(name, out));
    // The best quality takes seconds for what is large.
    const quality = bytes.length > 2 ** 19 ? 9 : 11;
    const params = { [constants.BROTLI_PARAM_QUALITY]: quality };
    await writeFile(new URL(`${name}.br`, out), brotliCompressSync(bytes, { params }));
    await writeFile(new URL(`${name}.gz`, out), gzipSync(bytes, { level: 9 }));
  };
  const parts = [...there].filter((name) => name.startsWith('part-'));
  await Promise.all([...served.filter((name) => there.has(name)), ...parts].map(write));
}
