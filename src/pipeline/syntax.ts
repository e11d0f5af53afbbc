/** What the YAML parser complains about, in the words of the rest of our messages. */
import type { YAMLError } from 'yaml';
import { unmask } from './mask.ts';
import { quote } from './problem.ts';

const wording: Readonly<Partial<Record<YAMLError['code'], readonly [message: string, hint: string]>>> = {
  BAD_INDENT: ['the indentation does not fit the lines before it', 'align it with its neighbours'],
  TAB_AS_INDENT: ['a tab stands where indentation is expected', 'indent with spaces'],
  MULTILINE_IMPLICIT_KEY: ['a key must stand on one line and be followed by `:`', ''],
  BLOCK_AS_IMPLICIT_KEY: ['a second `:` on one line', 'put the value in quotes'],
  KEY_OVER_1024_CHARS: ['a key is longer than 1024 characters', ''],
  BAD_DIRECTIVE: ['a line that starts with `%` is not understood', 'leave it out'],
};

/** Message and hint. */
export function syntaxProblem(fault: YAMLError, text: string): readonly [message: string, hint: string] {
  if (fault.code === 'TAG_RESOLVE_FAILED') {
    const tag = text.slice(...fault.pos);
    return [`the tag ${quote(tag)} is not known`, 'leave it out; put text in quotes'];
  }
  const own = wording[fault.code];
  if (own) return own;
  const [line = ''] = unmask(fault.message).split('\n');
  return [`not valid YAML: ${line.charAt(0).toLowerCase()}${line.slice(1)}`, ''];
}
