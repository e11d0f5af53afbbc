/** Bundles the console's page: `npm run build` runs it after the compiler. Not part of the program. */
import { copyFile, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = new URL('../../../', import.meta.url);
const page = new URL('src/console/page/', root);
const out = new URL('dist/src/console/page/', root);
const path = (url: URL) => fileURLToPath(url);

await mkdir(out, { recursive: true });
await build({
  entryPoints: [path(new URL('main.tsx', page))],
  outfile: path(new URL('page.js', out)),
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
await copyFile(new URL('node_modules/elkjs/lib/elk-worker.min.js', root), new URL('elk-worker.js', out));
await copyFile(new URL('index.html', page), new URL('index.html', out));
