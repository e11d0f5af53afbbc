/** Dead letters of a running pipeline, in somebody's hands. */
import type { LetterControl, Requeued } from '../contract/control.ts';
import { counted } from '../domain/text.ts';
import type { Audited, ControlEnv } from './control.ts';
import { edgeStore } from './control-segments.ts';

/** @param ready throws while nothing may be asked */
export function controlLetters(env: ControlEnv, ready: () => void, audited: Audited): LetterControl {
  const letters = () => {
    ready();
    return edgeStore(env).letters;
  };
  const change = (action: 'requeue' | 'discard'): LetterControl['requeue'] => {
    return (ids, by) =>
      audited(by, action, `${env.plan.name} ${nameLetters(ids)}`, async () => {
        const value = await letters()[action](ids);
        return { value, detail: detailOf(value) };
      });
  };
  return {
    list: async () => letters().list(),
    body: async (id) => letters().body(id),
    requeue: change('requeue'),
    discard: change('discard'),
  };
}

/** For the audit log: so many can be read, and of more how many there are. */
const namedMax = 20;

export function nameLetters(ids: readonly number[]): string {
  const more = ids.length > namedMax ? ` and ${ids.length - namedMax} more` : '';
  return `dead letters ${ids.slice(0, namedMax).join(', ')}${more}`;
}

export const detailOf = ({ letters, readings }: Requeued) =>
  `${counted(letters, 'dead letter')}, ${counted(readings, 'reading')}`;
