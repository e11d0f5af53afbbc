/** Where the state of a service is, in words, as it is another directory than the one that pipelines use here. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { printable } from '../../domain/text.ts';
import { commandWord, shellWord } from '../itself.ts';
import type { Places, Variables } from './places.ts';

export async function stateNotes(
  places: Pick<Places, 'stateDirectory' | 'stateFrom'>,
  variables: Variables,
  cwd = process.cwd(),
): Promise<string[]> {
  const { stateDirectory, stateFrom } = places;
  const named = variables.FOGRUN_STATE;
  const here = resolve(cwd, named || '.fogrun');
  const reason = stateFrom === 'variable' ? ', as FOGRUN_STATE says' : '';
  const notes = [`the service has its state in ${printable(stateDirectory, 300)}${reason}`];
  const used = await stat(here).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (here !== stateDirectory && (used || named)) {
    notes.push(
      `  not in ${printable(here, 300)}: the readings, the edge's name and the positions there stay there`,
      `  to go on with those instead, install it with --state ${shellWord(here)}`,
    );
  }
  return [...notes, `  it is asked with: ${commandWord(variables)} ps --state ${shellWord(stateDirectory)}`];
}
