/** `fogrun service install|status|remove`. */
import { FogrunError } from '../../contract/errors.ts';
import { nearest, printable } from '../../domain/text.ts';
import { install, type ServiceOptions } from './install.ts';
import { remove } from './remove.ts';
import { status } from './status.ts';

const actions = { install, status, remove } as const;

export async function service(words: readonly string[], options: ServiceOptions): Promise<number> {
  const [action, ...files] = words;
  const run = Object.hasOwn(actions, action ?? '') ? actions[action as keyof typeof actions] : undefined;
  if (run) return run(files, options);
  const [close] = nearest(action ?? '', Object.keys(actions));
  const hint = close ? ` (did you mean \`${close}\`?)` : '';
  throw new FogrunError(
    'usage',
    `expected install, status or remove, not \`${printable(action ?? '')}\`${hint}`,
  );
}
