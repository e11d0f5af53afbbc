/** A question that must be answered before something is done that cannot be undone. */
import { createInterface } from 'node:readline/promises';
import { FogrunError } from '../contract/errors.ts';

/** Asks on the terminal; anything but yes is no. Throws `usage` when there is none to ask on. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new FogrunError('usage', `${question} There is nobody to ask here.`, {
      advice: 'Add --yes if you are sure.',
    });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new AbortController();
  lines.once('close', () => ended.abort());
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: ended.signal });
    return /^\s*y(es)?\s*$/i.test(answer);
  } catch {
    // Ctrl-C and Ctrl-D answer too.
    process.stderr.write('\n');
    return false;
  } finally {
    lines.close();
  }
}
