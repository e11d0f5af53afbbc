/** Dead letters over a control socket: what the server is asked, and how the client asks. */
import type { Asker, LetterControl, Requeued } from '../contract/control.ts';
import { readBody, readLetters } from './ipc-control-answers.ts';
import { whole, wrong } from './ipc-control-checks.ts';
import type { Asks } from './ipc-control-session.ts';
import { type IpcMessage, isIpcMessage } from './ipc-wire.ts';

/** Letters in one question. */
const idsMax = 1_000;

interface Serving {
  readonly letters: () => LetterControl;
  page(key: string, from: unknown, get: () => Promise<readonly unknown[]>): Promise<unknown>;
  slice(key: string, from: unknown, get: () => Promise<Uint8Array>): Promise<unknown>;
  asker(by: unknown): Asker;
}

export function letterAsks({ letters, page, slice, asker }: Serving): Asks {
  return {
    letters: ({ from }) => page('letters', from, () => letters().list()),
    letter: ({ letter, from }) => {
      const id = whole(letter, 'letter');
      return slice(`letter ${id}`, from, () => letters().body(id));
    },
    requeue: ({ letters: ids, by }) => letters().requeue(wholes(ids), asker(by)),
    'discard-letters': ({ letters: ids, by }) => letters().discard(wholes(ids), asker(by)),
  };
}

function wholes(value: unknown): readonly number[] {
  if (!Array.isArray(value) || value.length > idsMax)
    throw wrong(`\`letters\` should be up to ${idsMax} numbers`);
  return value.map((each) => whole(each, 'letters'));
}

export function remoteLetters(ask: (ask: IpcMessage) => Promise<unknown>): LetterControl {
  const change = async (name: string, ids: readonly number[], by: Asker): Promise<Requeued> => {
    const sum = { letters: 0, readings: 0 };
    for (let from = 0; from < ids.length; from += idsMax) {
      const answer = await ask({ ask: name, letters: ids.slice(from, from + idsMax), by });
      const { letters, readings } = isIpcMessage(answer) ? answer : ({} as IpcMessage);
      sum.letters += Number(letters);
      sum.readings += Number(readings);
    }
    return sum;
  };
  return {
    async list() {
      const all = [];
      for (;;) {
        const { total, list } = readLetters(await ask({ ask: 'letters', from: all.length }));
        all.push(...list);
        if (all.length >= total || list.length === 0) return all;
      }
    },
    body: (id) => readBody((from) => ask({ ask: 'letter', letter: id, from })),
    requeue: (ids, by) => change('requeue', ids, by),
    discard: (ids, by) => change('discard-letters', ids, by),
  };
}
