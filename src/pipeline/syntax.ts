/** What the YAML parser complains about, in the words of the rest of our messages. */
import type { YAMLError } from 'yaml';

type Words = readonly [message: string, hint: string];

const misaligned: Words = [
  'the indentation does not fit the lines before it',
  'align it with its neighbours',
];

const byCode: Readonly<Partial<Record<YAMLError['code'], Words>>> = {
  BAD_INDENT: misaligned,
  BLOCK_AS_IMPLICIT_KEY: misaligned,
  TAB_AS_INDENT: ['a tab stands where indentation is expected', 'indent with spaces'],
  MULTILINE_IMPLICIT_KEY: ['a key must stand on one line and be followed by `:`', ''],
  KEY_OVER_1024_CHARS: ['a key is longer than 1024 characters', ''],
  BAD_DIRECTIVE: ['a line that starts with `%` is not understood', 'leave it out'],
};

/** Some codes of the parser stand for mistakes that people would not call the same. */
const byMessage: readonly (readonly [pattern: RegExp, words: (match: RegExpExecArray) => Words])[] = [
  [
    /must be sufficiently indented and end with a (.)/,
    ([, end]) => [
      `a \`${end === '}' ? '{' : '['}\` without its \`${end}\``,
      'close it, and indent what is in it',
    ],
  ],
  [
    /^Nested mappings/,
    () => ['a second `:` in one value', 'put the value in quotes, or align the next line with the keys'],
  ],
  [/^Missing closing (['"])/, ([, end]) => [`a quote ${end} that is not closed`, '']],
];

/** Message and hint. Neither repeats the text: nobody knows yet whether a secret stands in it. */
export function syntaxProblem(fault: YAMLError): Words {
  if (fault.code === 'TAG_RESOLVE_FAILED') {
    return ['a tag that is not known', 'leave it out, or put text that begins with `!` in quotes'];
  }
  for (const [pattern, words] of byMessage) {
    const match = pattern.exec(fault.message);
    if (match) return words(match);
  }
  // What the parser read stands behind a colon.
  const [line = ''] = fault.message.split(/: |\n/);
  return byCode[fault.code] ?? [`not valid YAML: ${line.charAt(0).toLowerCase()}${line.slice(1)}`, ''];
}
