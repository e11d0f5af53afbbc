/** Problems on their way from a place in the text to a line that a person reads. */
import type { PipelineProblem } from '../contract/plan.ts';
import { clip, escapeControls, nearest, printable, quoteList } from '../domain/text.ts';
import type { Path } from './node.ts';

/** More are counted, not listed: nobody reads them, and hostile files could ask for a hundred thousand. */
const problemsMax = 100;
const messageLengthMax = 300;

/** One line: `file:line:column: path: problem (hint)`; an empty path or hint is left out with its punctuation. */
export function formatProblem(problem: PipelineProblem): string {
  const path = problem.path === '' ? '' : `${problem.path}: `;
  const hint = problem.hint === '' ? '' : ` (${problem.hint})`;
  const place = `${escapeControls(problem.file)}:${problem.line}:${problem.column}`;
  return `${place}: ${path}${problem.message}${hint}`;
}

/** Such as `actors.uploader.retry.every` or `actors.poller.units[2]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else {
      const word = /^[\w-]+$/.test(String(key)) ? clip(String(key), 80) : `"${printable(String(key), 80)}"`;
      text += text === '' ? word : `.${word}`;
    }
  }
  return text;
}

/** A value as it may stand in a message. */
export function quote(text: string): string {
  return `\`${printable(text, 60)}\``;
}

/** "did you mean `every`?" or, when nothing is near, "known: every, size". */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  if (near.length > 0) return `did you mean ${quoteList(near)}?`;
  return known.length === 0 ? '' : `known: ${known.map(escapeControls).join(', ')}`;
}

/** Takes what is wrong at an offset in the text. */
export type Report = (offset: number, path: Path, message: string, hint?: string) => void;

/** Gathers problems and gives them back in the order of the text, each once. */
export function collectProblems(file: string, linePos: (offset: number) => { line: number; column: number }) {
  const problems: PipelineProblem[] = [];
  let left = 0;
  const report: Report = (offset, path, message, hint = '') => {
    if (problems.length >= problemsMax) {
      left++;
      return;
    }
    problems.push({
      file,
      ...linePos(offset),
      path: formatPath(path),
      message: printable(message, messageLengthMax),
      hint: printable(hint, messageLengthMax),
    });
  };
  const sorted = (): PipelineProblem[] => {
    const seen = new Set<string>();
    const list = problems
      .filter((problem) => {
        const line = formatProblem(problem);
        return !seen.has(line) && seen.add(line);
      })
      .sort((a, b) => a.line - b.line || a.column - b.column);
    const last = list.at(-1);
    if (left > 0 && last) {
      list.push({ ...last, path: '', message: `and ${left} more problems`, hint: '' });
    }
    return list;
  };
  return { report, sorted };
}
