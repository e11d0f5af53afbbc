/** Variables of the environment that look like ones the pipelines name, and are not. */
import { nearest, printable, quoteList } from '../../domain/text.ts';
import { type Finding, good, warning } from './finding.ts';

/** What fogrun itself obeys. */
const obeyed = ['FOGRUN_STATE', 'FOGRUN_LOG_LEVEL', 'NO_COLOR', 'FORCE_COLOR'];
/** Those of a parent to its child, of tests and of systemd: nothing that people set. */
const internal = /^FOGRUN_(?:PARENT_|BEAT_|CHAOS_)/;
const shortest = 6;
const told = 10;

export function checkVariables(named: readonly string[], environment: readonly string[]): Finding[] {
  const known = [...new Set([...named, ...obeyed])];
  const findings = environment
    .filter((name) => !known.includes(name) && !internal.test(name))
    .flatMap((name) => {
      const close =
        name.length < shortest
          ? []
          : nearest(
              name,
              known.filter((other) => alike(name, other)),
            );
      if (close.length > 0) {
        const text = `${printable(name, 60)} is set, but nothing names it`;
        return [warning('variables', text, `Did you mean ${quoteList(close)}?`)];
      }
      if (!name.startsWith('FOGRUN_')) return [];
      const text = `${printable(name, 60)} is set, but fogrun knows no such variable`;
      return [
        warning(
          'variables',
          text,
          `It knows ${quoteList(obeyed, 'and')}, and those that pipeline files name.`,
        ),
      ];
    });
  if (findings.length > 0) return findings.slice(0, told);
  const set = known.filter((name) => environment.includes(name));
  return [
    good('variables', set.length > 0 ? `set: ${set.join(', ')}` : 'none of those that are named is set'),
  ];
}

/** One or two letters wrong, the first one right: other programs have variables too. */
function alike(name: string, other: string): boolean {
  return name[0] === other[0] && Math.abs(name.length - other.length) <= 2 && mistakes(name, other) <= 2;
}

/** Letters that are not where they should be, from both ends: enough to tell a slip from another word. */
function mistakes(a: string, b: string): number {
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return Math.max(a.length, b.length) - start - end;
}
