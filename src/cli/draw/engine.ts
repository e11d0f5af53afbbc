/** The layout engine outside of a browser: what the build made for the page. */
import { readFile } from 'node:fs/promises';
import { compileFunction } from 'node:vm';
import { FogrunError } from '../../contract/errors.ts';
import type { LayoutEngine } from '../../inspect/drawing/layout.ts';

const page = new URL('../../console/page/', import.meta.url);

interface BuiltEngine {
  engineOn(worker: unknown): LayoutEngine;
}

/** Rejects with `internal` when the build left it out. */
export async function layoutEngine(): Promise<LayoutEngine> {
  try {
    const [text, { engineOn }] = await Promise.all([
      readFile(new URL('elk-worker.js', page), 'utf8'),
      import(new URL('elk.js', page).href) as Promise<BuiltEngine>,
    ]);
    // A script for web workers, or else for CommonJS, which a file of this package cannot be.
    const module = { exports: {} as { Worker: new () => unknown } };
    compileFunction(text, ['module', 'exports', 'self', 'document'])(module, module.exports);
    return engineOn(new module.exports.Worker());
  } catch (cause) {
    throw new FogrunError('internal', 'the layout engine was not built: `npm run build` does it', { cause });
  }
}
