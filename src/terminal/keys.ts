/** From what a terminal in raw mode sends to the names of keys. */

/** `up`, `down`, `pageUp`, `tab`, `escape`, `ctrl-c` and so on; a printable character stands for itself. */
export type Key = string;

const sequences: Readonly<Record<string, Key>> = {
  '[A': 'up',
  OA: 'up',
  '[B': 'down',
  OB: 'down',
  '[5~': 'pageUp',
  '[6~': 'pageDown',
  '[H': 'home',
  OH: 'home',
  '[1~': 'home',
  '[F': 'end',
  OF: 'end',
  '[4~': 'end',
  '[Z': 'backTab',
};
const single: Readonly<Record<string, Key>> = {
  '\u0003': 'ctrl-c',
  '\u000c': 'ctrl-l',
  '\u001a': 'ctrl-z',
  '\t': 'tab',
  '\r': 'enter',
  '\n': 'enter',
};
/** One whole control sequence, without the escape before it. */
const whole = /^(?:\[[0-?]*[ -/]*[@-~]|O[@-~])/;
/** The beginning of one that the terminal has not sent to its end. */
const begun = /^(?:\[[0-?]*[ -/]*|O)$/;
/** A sequence this long is no key. */
const begunMax = 32;

/** Remembers a sequence that came in two pieces. An escape that comes alone is the key of that name. */
export function createKeyReader(): (text: string) => Key[] {
  let rest = '';
  return (text) => {
    let left = rest + text;
    rest = '';
    const keys: Key[] = [];
    while (left !== '') {
      const first = String.fromCodePoint(left.codePointAt(0)!);
      if (first !== '\u001b') {
        left = left.slice(first.length);
        const key = single[first] ?? (/[\p{L}\p{N}\p{P}\p{S} ]/u.test(first) ? first : null);
        if (key !== null) keys.push(key);
        continue;
      }
      const after = left.slice(1);
      const found = whole.exec(after)?.[0];
      if (found !== undefined) {
        const key = sequences[found];
        if (key) keys.push(key);
        left = after.slice(found.length);
      } else if (begun.test(after) && after.length < begunMax) {
        rest = left;
        left = '';
      } else {
        keys.push('escape');
        left = after;
      }
    }
    return keys;
  };
}
